"""Other makers' recognisers beside our own: each looks at the item, and all are one verdict.

Ours has looked already, line by line while the item moved; its word is one report among the others
(models/xray/aggregate.py). The verdict alarms when any of them does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contract.inspection import Check, Finding, Region
from edge.scanner.examinations import Item, stretched
from models.xray import segmenter
from models.xray.aggregate import Agreed, Report, Verdict, aggregate
from models.xray.recognisers import Recogniser

NAME, OURS = "recognisers", "own"


@dataclass(frozen=True)
class SecondOpinion:
    """The verdict of our own recogniser, which is the analysis', and of ``others``."""

    others: Sequence[Recogniser]

    def __call__(self, item: Item) -> Check:
        """Return what all recognisers together say of ``item``. Raises BadPicture."""
        verdict = aggregate([self._ours(item), *(self._report(one, item) for one in self.others)])
        return Check(
            name=NAME,
            finding=Finding.SUSPECT if verdict.alarm else Finding.CLEAR,
            detail=_told(verdict, len(self.others) + 1),
            score=verdict.score,
            regions=[_region(thing) for thing in verdict.regions],
        )

    @staticmethod
    def _ours(item: Item) -> Report:
        regions = tuple(_box(region, "") for region in item.analysis.regions)
        return Report(OURS, item.analysis.threshold, item.analysis.score, regions)

    @staticmethod
    def _report(one: Recogniser, item: Item) -> Report:
        found = one.inspect(item.analysis.overview, item.analysis.overview_pitch)
        small = [Region(x=r.x, y=r.y, w=r.w, h=r.h, score=r.score) for r in found.regions]
        kinds = [region.kind for region in found.regions]
        whole = stretched(small, item.scale, item.size)
        regions = tuple(_box(region, kind) for region, kind in zip(whole, kinds, strict=True))
        return Report(one.card.name, one.card.threshold, found.score, regions)


def _box(region: Region, kind: str) -> segmenter.Region:
    return segmenter.Region(region.x, region.y, region.w, region.h, region.score, kind)


def _region(thing: Agreed) -> Region:
    return Region(x=thing.x, y=thing.y, w=thing.w, h=thing.h, score=thing.score)


def _told(verdict: Verdict, count: int) -> str:
    seen_by = sorted({name for thing in verdict.regions for name in thing.by})
    seen = f"; something was marked by {', '.join(seen_by)}" if seen_by else ""
    return f"{count} recognisers{seen}"[:300]
