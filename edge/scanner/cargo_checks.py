"""The examinations of a container: does it let the beam through, is it empty, do the papers fit.

Each looks at the item in small (edge/scanner/pictures.py) and stretches its regions to the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.inspection import Check, Finding
from edge.scanner.cargo.empty import examine_empty
from edge.scanner.cargo.manifest import check_manifest
from edge.scanner.cargo.seen import Seen, seen
from edge.scanner.cargo.template import Template
from edge.scanner.cargo.usable import Unusable
from edge.scanner.examinations import Item, stretched
from edge.scanner.materials.maps import materials
from edge.scanner.materials.table import Table

Image = NDArray[np.float32]

PENETRATION, EMPTY, MANIFEST = "penetration", "empty", "manifest"
NO_TEMPLATE = "declared as empty, and this lane has no template of the empty thing; learn one"
BLACK = 5.5  # optical depth; behind it a scan only knows that there is more
FLOOR = np.float32(1 / 65_535)


@dataclass(frozen=True)
class Penetration:
    """Unreadable where the beam did not pass more than ``most`` of the picture."""

    most: float

    def __call__(self, item: Item) -> Check:
        """Return whether enough of ``item`` was seen through."""
        tau = depth(item)[-1]
        share = float((tau >= BLACK).mean())
        finding = Finding.UNREADABLE if share > self.most else Finding.CLEAR
        detail = f"no beam came through {share:.1%} of the picture, {self.most:.1%} allowed"
        return Check(name=PENETRATION, finding=finding, detail=detail)


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

    ``empties``: another examination looks at what is declared as empty.
    """

    table: Table | None
    empties: bool

    def __call__(self, item: Item) -> Check | None:
        """Return how the manifest fits ``item``, None where there is none."""
        manifest = item.known.manifest
        if manifest is None or (manifest.empty and self.empties):
            return None
        if manifest.empty:
            return Check(name=MANIFEST, finding=Finding.UNREADABLE, detail=NO_TEMPLATE)
        weighed = item.known.identity.weight_kg
        result = check_manifest(manifest.declaration, self._seen(item), weighed, manifest.tare_kg)
        return Check(
            name=MANIFEST,
            finding=result.finding,
            detail=result.detail,
            score=result.score,
            regions=stretched(result.regions, item.scale, item.size),
        )

    def _seen(self, item: Item) -> Seen | Unusable:
        pitch = item.analysis.overview_pitch
        try:
            if self.table is None or len(item.analysis.overview) != 2:
                return seen(depth(item), (pitch, pitch), lost=lost(item))
            maps = materials(item.analysis.overview, self.table)
            named = np.where(maps.ambiguous, np.float32(np.nan), maps.zeff)
            return seen(depth(item), (pitch, pitch), named, maps.areal, lost(item))
        except Unusable as error:
            return error


def depth(item: Item) -> Image:
    """Return the optical depth (energies, lines, pixels) of the item in small."""
    tau: Image = -np.log(np.maximum(item.analysis.overview, FLOOR))
    return tau


def lost(item: Item) -> NDArray[np.bool_] | None:
    """Return which lines of the item in small show nothing, wholly or in part."""
    marks = item.analysis.overview_lost
    return marks if len(marks) == item.analysis.overview.shape[1] else None
