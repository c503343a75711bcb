"""Pictures, as a browser can show them. A traveller's are for officers, and only while referred."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import select

from central.api.guard import Caller, Shared, Who
from central.api.permissions import PERSONAL_PICTURES
from central.api.problems import Problem
from central.audit import trail
from central.blobs.images import Shown, Undecodable, show
from central.core import Core
from central.review.pictures import BlobState, shown_openly
from central.store.stories import BlobRow, Picture

router = APIRouter(tags=["images"])

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.get("/api/images/{sha256}", summary="One picture", response_class=Response)
async def image(request: Request, core: Shared, who: Who, sha256: Digest) -> Response:
    """Return JPEG or PNG as it is, or raw rows with X-Width, X-Height and X-Bits."""
    async with core.database.reading() as session:
        row = await session.get(BlobRow, sha256)
        query = select(Picture).where(Picture.sha256 == sha256)
        pictures = (await session.scalars(query)).all()
    if row is None or row.state != BlobState.WHOLE:
        raise _absent(sha256)
    personal = row.personal or any(picture.personal for picture in pictures)
    if personal:
        await _may_see(core, who, pictures, sha256)
    headers = _caching(sha256, personal)
    if not personal and request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    shown = await _show(core, row, max((picture.bits for picture in pictures), default=16))
    return Response(shown.body, media_type=shown.media_type, headers=headers | _size(shown))


async def _may_see(core: Core, who: Caller, pictures: Sequence[Picture], sha256: str) -> None:
    if not who.roles & PERSONAL_PICTURES:
        raise Problem(403, "forbidden", "a traveller's pictures are for the officer in charge")
    async with core.database.writing() as session:
        if not await shown_openly(session, sha256):
            raise _absent(sha256)
        story = pictures[0].story_id
        await trail.append(session, core.now(), who.name, "picture.seen", story, sha256=sha256)


async def _show(core: Core, row: BlobRow, bits: int) -> Shown:
    try:
        async with core.decoders:
            return await asyncio.to_thread(show, core.folder.path(row.sha256), row.media_type, bits)
    except FileNotFoundError as error:
        raise _absent(row.sha256) from error
    except Undecodable as error:
        raise Problem(422, "undecodable", f"picture {row.sha256[:12]}… {error}") from error


def _absent(sha256: str) -> Problem:
    return Problem(404, "no-picture", f"picture {sha256[:12]}… is not here or has been erased")


def _caching(sha256: str, personal: bool) -> dict[str, str]:
    keep = "no-store" if personal else "private, max-age=31536000, immutable"
    return {"ETag": f'"{sha256}"', "Cache-Control": keep}


def _size(shown: Shown) -> dict[str, str]:
    if shown.width is None:
        return {}
    return {"X-Width": str(shown.width), "X-Height": str(shown.height), "X-Bits": str(shown.bits)}
