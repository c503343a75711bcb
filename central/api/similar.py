"""Beside a held item: earlier items, declared of the same HS chapter, that look most alike."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from central.api.guard import Shared
from central.api.problems import Problem
from central.api.show_pictures import pictures_of
from central.api.views import View
from central.api.views_review import PictureView
from central.core import Core
from central.review import decide
from central.store.stories import Inspection
from contract.names import Identifier
from models.xray.similar import Floats, SimilarError, unpacked
from models.xray.similar_index import Similar

router = APIRouter(tags=["review"])

Top = Annotated[int, Query(ge=1, le=20, description="items at most")]


class SimilarItemView(View):
    """An earlier item, and how alike it is: 1 the same, near 0 nothing in common."""

    inspection: str
    item: str
    likeness: float
    at: datetime
    pictures: list[PictureView]


class SimilarView(View):
    """Earlier items of the same HS chapter, the most alike first; ``reason``: why there is none."""

    items: list[SimilarItemView]
    reason: str | None


@router.get("/api/review/{id}/similar", summary="Cargo declared alike")
async def similar(core: Shared, id: Identifier, top: Top = 5) -> SimilarView:
    """Return released items of the same HS chapter, the most alike first; if none, why.

    404 where no such item waits or waited, 503 where the index of earlier cargo cannot be used.
    """
    try:
        async with core.database.reading() as session:
            row = await decide.waiting(session, Inspection, id)
    except decide.Unknown as error:
        raise Problem(404, "not-waiting", str(error)) from error
    try:
        chapter, descriptor = _declared(row), _looks(row)
    except _Incomparable as reason:
        return SimilarView(items=[], reason=str(reason))
    items = await _shown(core, await _found(core, chapter, descriptor, top, id))
    none = f"no earlier item of chapter {chapter} has been released here"
    return SimilarView(items=items, reason=None if items else none)


class _Incomparable(Exception):
    """There is nothing to compare by; the text says what is missing."""


def _declared(row: Inspection) -> str:
    chapter = (row.identity or {}).get("chapter")
    if chapter is None:
        raise _Incomparable("no HS chapter is declared for this item")
    return str(chapter)


def _looks(row: Inspection) -> Floats:
    if row.descriptor is None:
        raise _Incomparable("the lane has not told what this picture looks like")
    try:
        return unpacked(row.descriptor)
    except SimilarError as error:
        raise _Incomparable(f"what the lane told of this picture is {error}") from error


async def _found(
    core: Core, chapter: str, descriptor: Floats, top: int, without: str
) -> tuple[Similar, ...]:
    try:
        return await core.similar.search(chapter, descriptor, top, without)
    except SimilarError as error:
        raise Problem(503, "no-index", str(error)) from error


async def _shown(core: Core, hits: Sequence[Similar]) -> list[SimilarItemView]:
    """Return ``hits`` with their pictures; without those whose record is gone."""
    async with core.database.reading() as session:
        named = Inspection.id.in_([hit.picture for hit in hits])
        rows = {row.id: row for row in await session.scalars(select(Inspection).where(named))}
        pictures = await pictures_of(session, "inspection", list(rows), ())
    return [
        SimilarItemView(
            inspection=hit.picture,
            item=rows[hit.picture].item,
            likeness=round(hit.likeness, 3),
            at=datetime.fromtimestamp(hit.at, UTC),
            pictures=pictures.get(hit.picture, []),
        )
        for hit in hits
        if hit.picture in rows
    ]
