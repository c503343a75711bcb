"""The pictures of stories as they are shown: which there are, and whether their files are here."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.api.views_review import PictureView
from central.review.pictures import BlobState
from central.store.stories import BlobRow, Picture


async def pictures_of(
    session: AsyncSession, story: str, names: Sequence[str], open_names: Collection[str]
) -> dict[str, list[PictureView]]:
    """Return the pictures of the stories called ``names``; personal ones only of open stories."""
    query = (
        select(Picture, BlobRow.state)
        .outerjoin(BlobRow, BlobRow.sha256 == Picture.sha256)
        .where(Picture.story == story, Picture.story_id.in_(names))
        .order_by(Picture.position)
    )
    found: dict[str, list[PictureView]] = {}
    for picture, state in await session.execute(query):
        here = state == BlobState.WHOLE
        available = here and (not picture.personal or picture.story_id in open_names)
        found.setdefault(picture.story_id, []).append(_picture(picture, available))
    return found


def _picture(row: Picture, available: bool) -> PictureView:
    return PictureView(
        kind=row.kind,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        bits=row.bits,
        available=available,
    )
