"""The examinations of a container: does it let the beam through, is it empty, do the papers fit.

1. Each looks at the item in small (edge/scanner/pictures.py), the last two in smaller still where
   that is large (cargo/reduced.py), and stretches its regions to the picture.
2. Black is judged against the goods, never against the air around them; and a black piece that is
   large enough to hide something is told whatever its share.
3. A materials table that is too old is not used; the manifest's check says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.inspection import Check, Finding, Region
from edge.scanner.cargo.empty import examine_empty
from edge.scanner.cargo.manifest import check_manifest
from edge.scanner.cargo.reduced import enlarged, factor, reduced, reduced_marks
from edge.scanner.cargo.seen import BLIND, Seen, goods, seen
from edge.scanner.cargo.template import Template
from edge.scanner.cargo.usable import Unusable, mended
from edge.scanner.examinations import Item, stretched
from edge.scanner.materials.maps import materials
from edge.scanner.materials.table import Table

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

PENETRATION, EMPTY, MANIFEST = "penetration", "empty", "manifest"
NO_TEMPLATE = "declared as empty, and this lane has no template of the empty thing; learn one"
SMOOTH = 3  # pixels a side: at BLIND a pixel of 20 000 photons counts 80, nine of them 740
MOST_REGIONS = 16
FLOOR = np.float32(1 / 65_535)


@dataclass(frozen=True)
class Penetration:
    """Unreadable where the beam did not pass: more than ``most`` of the goods, or one large piece.

    ``most_area`` is that piece's, in cm².
    """

    most: float
    most_area: float

    def __call__(self, item: Item) -> Check:
        """Return whether enough of ``item`` was seen through, and where not."""
        tau = _seen_through(item)
        black, covered = tau >= BLIND, goods(tau)
        share = float(black.sum() / max(1, int((covered | black).sum())))
        pieces = _pieces(black, item.analysis.overview_pitch, self.most_area)
        words = f"no beam came through {share:.1%} of the goods, {self.most:.1%} allowed"
        if pieces:
            words += f"; no beam gets through here: {len(pieces)} above {self.most_area:g} cm²"
        held = share > self.most or bool(pieces)
        return Check(
            name=PENETRATION,
            finding=Finding.UNREADABLE if held else Finding.CLEAR,
            detail=words,
            regions=stretched(pieces, item.scale, item.size),
        )


@dataclass(frozen=True)
class Empty:
    """Is what is declared as empty really empty? ``always``: nothing else comes through here."""

    template: Template
    always: bool

    def __call__(self, item: Item) -> Check | None:
        """Return how ``item`` compares with the empty thing, None where it is not said to be."""
        manifest = item.known.manifest
        if not self.always and (manifest is None or not manifest.empty):
            return None
        result = examine_empty(depth(item), self.template, item.at, lost(item))
        return Check(
            name=EMPTY,
            finding=result.finding,
            detail=result.detail[:300],
            score=result.score,
            regions=stretched(result.regions, item.scale, item.size),
        )


@dataclass(frozen=True)
class Papers:
    """Does the manifest fit what is seen? ``table`` gives materials where there are wedges.

    ``empties``: another examination looks at what is declared as empty. ``fresh_for``: seconds
    that a table may be used.
    """

    table: Table | None
    empties: bool
    fresh_for: float

    def __call__(self, item: Item) -> Check | None:
        """Return how the manifest fits ``item``, None where there is none."""
        manifest = item.known.manifest
        if manifest is None or (manifest.empty and self.empties):
            return None
        if manifest.empty:
            return Check(name=MANIFEST, finding=Finding.UNREADABLE, detail=NO_TEMPLATE)
        weighed, by = item.known.identity.weight_kg, factor(*item.analysis.overview.shape[1:])
        seen_so = self._seen(item, by)
        result = check_manifest(manifest.declaration, seen_so, weighed, manifest.tare_kg)
        return Check(
            name=MANIFEST,
            finding=result.finding,
            detail=self._with_age(result.detail, item.at),
            score=result.score,
            regions=stretched(enlarged(result.regions, by), item.scale, item.size),
        )

    def _seen(self, item: Item, by: int) -> Seen | Unusable:
        picture, marks = reduced(item.analysis.overview, by), lost(item)
        pitch = item.analysis.overview_pitch * by
        gone = None if marks is None else reduced_marks(marks, by)
        table = self.table if self._fresh(item.at) else None
        try:
            if table is None or len(picture) != 2:
                return seen(_depth(picture), (pitch, pitch), lost=gone)
            maps = materials(picture, table, _marked(gone, picture))
            named = np.where(maps.ambiguous, np.float32(np.nan), maps.zeff)
            return seen(_depth(picture), (pitch, pitch), named, maps.areal, gone)
        except Unusable as error:
            return error

    def _fresh(self, at: float) -> bool:
        return self.table is not None and self.table.fresh(at, self.fresh_for)

    def _with_age(self, said: str, at: float) -> str:
        """Return what is ``said``, with a note where the table was too old to be used."""
        if self.table is None or self._fresh(at):
            return said
        days = self.table.age(at) / 86_400
        note = f"; materials not told: the wedges are {days:.0f} days old, scan them anew"
        return said[: 300 - len(note)] + note


def depth(item: Item) -> Image:
    """Return the optical depth (energies, lines, pixels) of the item in small."""
    return _depth(item.analysis.overview)


def lost(item: Item) -> Mask | None:
    """Return which lines of the item in small show nothing, wholly or in part."""
    marks = item.analysis.overview_lost
    return marks if len(marks) == item.analysis.overview.shape[1] else None


def _depth(transmission: Image) -> Image:
    tau: Image = -np.log(np.maximum(transmission, FLOOR))
    return tau


def _marked(gone: Mask | None, picture: Image) -> Mask | None:
    """Return which pixels (lines, pixels) of ``picture`` lie in a lost line."""
    return None if gone is None else np.broadcast_to(gone[:, None], picture.shape[1:]).copy()


def _seen_through(item: Item) -> Image:
    """Return the high optical depth, averaged over ``SMOOTH`` pixels: noise makes no holes in lead.

    Only lines that are known as lost are drawn from those around; what is black from side to side
    may be a plate.
    """
    plane, marks = item.analysis.overview[-1], lost(item)
    if marks is not None and not marks.all():
        plane = mended(plane, marks)
    return _depth(np.asarray(cv2.blur(plane, (SMOOTH, SMOOTH)), np.float32))


def _pieces(black: Mask, pitch_mm: float, most_cm2: float) -> list[Region]:
    """Return every connected black piece above ``most_cm2``, the largest first."""
    count, _, boxes, _ = cv2.connectedComponentsWithStats(black.view(np.uint8), connectivity=8)
    found = []
    for x, y, w, h, pixels in boxes[1:count].tolist():
        area = pixels * (pitch_mm / 10) ** 2
        if area > most_cm2:
            found.append(Region(x=x, y=y, w=w, h=h, score=area / (area + most_cm2)))
    return sorted(found, key=lambda region: -region.score)[:MOST_REGIONS]
