"""How the page is printed: the state's press and the zone's type, looked at in patches.

1. ``security-features``: the background where the model says it is, in patches of 8 × 8 mm.
2. ``mrz-typeface``: the zone in patches of three characters, as long as they are more than fillers;
   it shall be OCR-B (Doc 9303-3 §4.4). Needs no model.
3. A picture with fewer than ``LEAST`` pixels to the mm, or one that is not lit, says nothing:
   *undetermined*. A lane without the network supports neither.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz import FILLER, Mrz
from edge.documents.optical.light import Light
from edge.documents.optical.model import DocumentModel
from edge.documents.optical.registration import SCALE, Area, Registered, character_places
from edge.documents.optical.spectral import LEAST_PCS, zone_contrast
from edge.documents.result import Check, failed, not_supported, successful, undetermined
from models.document.patches import SIDE, Judge, Question

__all__ = ["LEAST", "security_features", "typeface"]

Image = NDArray[np.uint8]

LEAST = 7.0  # pixels per mm in the picture (178 ppi); BSI TR-03135-1 §4.1.6 asks for 385 ppi
MOST = 24  # patches of a page for one question
DIM = 60  # median level below which the page is too dark to judge its print


def security_features(page: Registered, model: DocumentModel | None, judge: Judge | None) -> Check:
    """Return whether the background is printed as the state prints it."""
    if model is None or not model.features:
        return not_supported("no security print known")
    patches = [patch for f in model.features for patch in _tiles(page, f.area)]
    return _asked(page, patches, Question.PRINT, judge)


def typeface(page: Registered, zone: Mrz, judge: Judge | None) -> Check:
    """Return whether the zone is set in OCR-B."""
    places, seen = character_places(zone), page.pages[Light.WHITE]
    if zone_contrast(page, zone, seen) < LEAST_PCS / 2:
        return undetermined("no type stands out where the zone should be")
    patches = [
        patch
        for line, middles in zip(zone.lines, places, strict=True)
        for at in range(1, len(line) - 1, 3)
        if line[at - 1 : at + 2].count(FILLER) < 2
        and (patch := _around(seen, middles[at])) is not None
    ]
    return _asked(page, patches, Question.TYPE, judge)


def _asked(
    page: Registered, patches: list[Image], question: Question, judge: Judge | None
) -> Check:
    seen = page.pages[Light.WHITE]
    if judge is None:
        return not_supported("no network for printed patches on this lane")
    if seen.ndim == 2:
        return not_supported("the picture has no colours")
    if page.resolution < LEAST:
        return undetermined(f"{page.resolution:.1f} pixels to the mm, at least {LEAST:g} needed")
    if np.median(seen[::4, ::4]) < DIM:
        return undetermined("the picture is too dark")
    if not patches:
        return undetermined("nothing to look at")
    score = judge(patches[:MOST], question)
    said = f"score {score:.3f} of {min(len(patches), MOST)} patches"
    return failed(said) if score >= judge.threshold else successful(said)


def _tiles(page: Registered, area: Area) -> list[Image]:
    part = page.cut(page.pages[Light.WHITE], area)
    rows, columns = part.shape[0] // SIDE, part.shape[1] // SIDE
    return [
        part[y * SIDE : (y + 1) * SIDE, x * SIDE : (x + 1) * SIDE]
        for y in range(rows)
        for x in range(columns)
    ]


def _around(seen: Image, middle: NDArray[np.float64]) -> Image | None:
    left, top = (round(mm * SCALE) - SIDE // 2 for mm in middle)
    if left < 0 or top < 0:
        return None
    patch = seen[top : top + SIDE, left : left + SIDE]
    return patch if patch.shape[:2] == (SIDE, SIDE) else None
