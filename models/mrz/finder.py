"""Where a page may carry a machine-readable zone.

1. The network looks at the whole page with its longer side ``SIDE`` pixels and says, for every 4 ×
   4 of them: the core of a zone's line or not, the direction of reading, the width of a character.
2. Cores that lie within a line's distance of one another are one zone. A zone shorter than
   ``SHORTEST`` characters is none.
3. Zones are returned largest first, as upright views of ``PITCH`` pixels to the character with a
   margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.mrz.plane import Grey, Page, Points, View
from models.session import open_session

__all__ = ["PITCH", "Maps", "find_zones", "look_closely", "maps_of"]

MODEL = "mrz_finder"
CELL = 4  # page pixels per map cell
PITCH = 16.0  # view pixels per character: the middle of what the network was shown
CORE = 0.5  # score from which a cell is the core of a line
SHORTEST = 14  # characters: half of the shortest line, which glare may have cut
MOST_ZONES = 3
_MARGIN = 3.0  # characters of view around the cores


@dataclass(frozen=True, slots=True)
class Maps:
    """What the network says of each cell: arrays (rows, columns)."""

    core: NDArray[np.float32]  # 0 to 1
    cos: NDArray[np.float32]  # of twice the angle of the line: upside down is the same
    sin: NDArray[np.float32]
    pitch: NDArray[np.float32]  # pixels per character, in pixels of the picture that was looked at

    def turned(self) -> Maps:
        """Return the maps of the same picture upside down."""
        return Maps(*(m[::-1, ::-1] for m in (self.core, self.cos, self.sin, self.pitch)))


def maps_of(picture: Grey) -> Maps:
    """Return the network's maps of a picture, a cell for every whole or started 4 × 4 pixels."""
    height, width = picture.shape
    padded = cv2.copyMakeBorder(picture, 0, -height % 16, 0, -width % 16, cv2.BORDER_REPLICATE)
    image = (padded.astype(np.float32) / 127.5 - 1)[None, None]
    scores = open_session(MODEL).run({"image": image})[0][0]
    scores = scores[:, : -(-height // CELL), : -(-width // CELL)]
    core = 1 / (1 + np.exp(-scores[0]))
    return Maps(core, scores[1], scores[2], 8 * np.exp2(np.clip(scores[3], -2, 4)))


def find_zones(page: Page, side: int) -> list[View]:
    """Return views of what may be zones, largest first, at most three."""
    picture, step = page.fit(side)
    maps = maps_of(picture)
    on = maps.core > CORE
    if not on.any():
        return []
    gap = (
        2.2 * float(np.median(maps.pitch[on])) / CELL
    )  # lines are 2.5 characters apart, cores 0.8 thick
    size = 2 * max(1, round(gap / 2)) + 1
    joined = cv2.dilate(on.astype(np.uint8), np.ones((size, size), np.uint8))
    count, labels = cv2.connectedComponents(joined)
    zones = [_zone(maps, on & (labels == label)) for label in range(1, count)]
    found = sorted((z for z in zones if z), key=lambda z: -z[1])
    return [_scaled(view, step) for view, _ in found[:MOST_ZONES]]


def look_closely(page: Page, view: View) -> tuple[View, Maps]:
    """Return the view and its maps, straightened once if its lines lean or are too small."""
    maps = maps_of(page.look(view))
    found = _zone(maps, maps.core > CORE)
    if found is None:
        return view, maps
    seen = found[0]
    lean = abs(float(np.degrees(np.arctan2(seen.along[1], seen.along[0]))))
    if lean < 1.5 and 0.87 < seen.step < 1.15:
        return view, maps
    corner = view.to_page(seen.origin)
    along = seen.along[0] * view.along + seen.along[1] * view.down
    straight = View(corner, along, seen.width, seen.height)
    return straight, maps_of(page.look(straight))


def _zone(maps: Maps, cells: NDArray[np.bool_]) -> tuple[View, float] | None:
    """Return the view of a zone's cells, in picture pixels, and its size in characters²."""
    rows, columns = np.nonzero(cells)
    if len(rows) < 8:
        return None
    weight = maps.core[cells]
    angle = np.arctan2((maps.sin[cells] * weight).sum(), (maps.cos[cells] * weight).sum()) / 2
    way = np.array([np.cos(angle), np.sin(angle)])
    pitch = float(np.median(maps.pitch[cells]))
    at = (np.stack([columns, rows], 1) + 0.5) * CELL
    along, down = at @ way, at @ np.array([-way[1], way[0]])
    if np.ptp(along) < SHORTEST * pitch:
        return None
    return _framed(way, pitch, along, down), len(rows) * CELL**2 / pitch**2


def _framed(way: Points, pitch: float, along: Points, down: Points) -> View:
    margin = _MARGIN * pitch
    left, top = along.min() - margin, down.min() - margin
    step = pitch / PITCH
    origin = left * way + top * np.array([-way[1], way[0]])
    width, height = ((np.ptp(axis) + 2 * margin) / step for axis in (along, down))
    return View(origin - 0.5, way * step, min(_whole(width), 2000), min(_whole(height), 608))


def _whole(length: float) -> int:
    return 16 * max(1, round(length / 16))  # so that a view upside down has the same cells


def _scaled(view: View, step: float) -> View:
    return View((view.origin + 0.5) * step - 0.5, view.along * step, view.width, view.height)
