"""Earlier pictures of the same HS chapter that look like this one, for whoever reviews it.

1. Only what was released as declared should be remembered: the lane says when.
2. What looks like nothing before it is no finding: this examination informs, it never holds.
3. A picture or an index that cannot be used gives no hits and says why; it never raises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.xray.similar import Floats, SimilarError, describe
from models.xray.similar_index import Entry, Similar, SimilarIndex

TOP = 5


@dataclass(frozen=True)
class SimilarResult:
    """The most alike pictures, best first, and the descriptor they were found by."""

    hits: tuple[Similar, ...]
    detail: str
    descriptor: Floats | None = None


def look_alike(
    tau: NDArray[np.floating],
    chapter: str,
    index: SimilarIndex,
    picture: str | None = None,
    top: int = TOP,
) -> SimilarResult:
    """Return the ``top`` pictures of ``chapter`` most like τ (lines, pixels) or (2, …).

    ``picture`` is this picture's own name: it is not its own neighbour.
    """
    try:
        descriptor = describe(tau)
    except SimilarError as error:
        return SimilarResult((), str(error)[:300])
    try:
        hits = index.search(chapter, descriptor, top, picture)
    except SimilarError as error:
        return SimilarResult((), str(error)[:300], descriptor)
    words = f"{len(hits)} earlier pictures of chapter {chapter}"
    best = f", the nearest {hits[0].likeness:.0%} alike" if hits else ""
    return SimilarResult(hits, words + best, descriptor)


def remember(
    index: SimilarIndex, chapter: str, picture: str, at: float, descriptor: Floats
) -> bool:
    """Keep a picture's descriptor; return whether it was new. Raises SimilarError."""
    return index.add([Entry(chapter, picture, at, descriptor)]) == 1
