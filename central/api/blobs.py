"""Where the lanes put their pictures.

A cut upload goes on where it stopped. Whoever looks on a story is told when its picture is here.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.requests import ClientDisconnect

from central.api.guard import Shared
from central.api.problems import Problem
from central.blobs import seal
from central.blobs.seal import Offer
from central.blobs.upload import Answer
from central.core import Core
from central.review import pictures
from contract.signing import SealError

router = APIRouter(tags=["blobs"])

Digest = Annotated[str, Path(alias="hash", pattern=r"^[0-9a-f]{64}$")]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0)]
Sealed = Annotated[str, Header(alias="Authorization", max_length=2048)]

_TOPICS: Final = {"passage": "referral", "inspection": "review", "look": "review"}

_PROBLEMS: Final = {
    Answer.WRONG_HASH: (422, "wrong-hash", "the bytes are not those of the hash; send them anew"),
    Answer.TOO_LARGE: (413, "too-large", "the picture is larger than was said or than is taken"),
    Answer.WRONG_OFFSET: (409, "wrong-offset", "ask with HEAD how much is here and go on there"),
    Answer.BUSY: (503, "busy", "another upload of this picture is going on; try again in a while"),
}


@router.head("/blobs/sha256/{hash}", status_code=204, summary="How much of a picture is here")
async def blob_offset(core: Shared, sha256: Digest, authorization: Sealed = "") -> Response:
    """Return 204 and Upload-Offset, or 200 and Upload-Complete: ?1 when all of it is here."""
    offer = await _offer(core, sha256, authorization)
    if not core.uploads.fits(offer):
        raise _problem(Answer.TOO_LARGE, 0)
    held = await core.uploads.offset(offer)
    if held is None:
        return Response(status_code=200, headers={"Upload-Complete": "?1"})
    return Response(status_code=204, headers={"Upload-Offset": str(held)})


@router.put("/blobs/sha256/{hash}", status_code=201, summary="Put a picture, or the rest of one")
async def put_blob(
    request: Request, core: Shared, sha256: Digest, offset: Offset = 0, authorization: Sealed = ""
) -> Response:
    """Append at Upload-Offset: 201 once it is whole, checked and on disk; 202 while it is not."""
    offer = await _offer(core, sha256, authorization)
    try:
        answer = await core.uploads.take(offer, offset, aiter(request.stream()))
    except (ClientDisconnect, TimeoutError):
        answer = Answer.PARTIAL  # nobody may be there to read this; what came is kept
    if answer is Answer.WHOLE:
        await _tell(core, sha256)
        return Response(status_code=201, headers={"Upload-Complete": "?1"})
    held = await core.uploads.offset(offer) or 0
    if answer is Answer.PARTIAL:
        return Response(status_code=202, headers={"Upload-Offset": str(held)})
    raise _problem(answer, held)


async def _tell(core: Core, sha256: str) -> None:
    if len(core.hub):
        async with core.database.reading() as session:
            stories = await pictures.shown_by(session, sha256)
        core.notices.note(((_TOPICS[story], name) for story, name in stories), urgent=True)


def _problem(answer: Answer, held: int) -> Problem:
    status, code, message = _PROBLEMS[answer]
    return Problem(status, code, message, {"Upload-Offset": str(held)})


async def _offer(core: Core, sha256: str, header: str) -> Offer:
    try:
        async with core.database.reading() as session:
            return await seal.verified(session, header, sha256)
    except SealError as error:
        raise Problem(401, "bad-seal", f"{error}; is the unit enrolled with this key?") from error
