"""The lines of a zone in its upright view, and each of them as a straight strip.

1. Cores that touch along the line are pieces; pieces of one height are a line.
2. A line is a parabola (paper bends) with a pitch that changes evenly along it (paper tilts). The
   lines of a zone begin and end together: what glare or a stamp hid of one, the others tell.
3. A strip has 32 rows and ``PITCH`` pixels to the character, with a margin at both ends; mean 0,
   deviation 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.mrz.finder import CELL, CORE, Maps
from models.mrz.plane import Page, Points, View

__all__ = [
    "HEIGHT",
    "PITCH",
    "Row",
    "columns_of",
    "normalised",
    "points_of",
    "rows_of",
    "strip_of",
]

Cells = tuple[NDArray[np.intp], NDArray[np.intp]]

HEIGHT, PITCH = 32, 20.0
MARGIN = 4.5  # characters beyond each end of the cores; more for what the finder cut short
SHORTEST = 9.0  # characters: the shortest piece that says where a line runs
MOST_ROWS = 6
WHOLE = 0.7  # of the zone's length: a line that is seen so far has a shape of its own


@dataclass(frozen=True, slots=True)
class Row:
    """One line in the view: y and pitch as polynomials of x between two ends, in pixels."""

    middle: Points  # coefficients, highest power first
    pitch: Points
    left: float
    right: float

    def at(self, x: Points) -> Points:
        """Return the points of the line at ``x``."""
        return np.stack([x, np.polyval(self.middle, x)], -1)

    def stretched(self, factor: float) -> Row:
        """Return the same line with its pitch times ``factor``."""
        return replace(self, pitch=self.pitch * factor)

    def lengthened(self, before: float, after: float) -> Row:
        """Return the same line longer by so many characters at its ends."""
        left, right = (float(np.polyval(self.pitch, x)) for x in (self.left, self.right))
        return replace(self, left=self.left - before * left, right=self.right + after * right)


def rows_of(maps: Maps) -> list[Row]:
    """Return the lines, top to bottom."""
    found = [(row, cells) for cells in _lines(maps) if (row := _row(cells, maps))]
    if not found:
        return []
    found = sorted(found, key=lambda pair: pair[0].left - pair[0].right)[:MOST_ROWS]
    left, right = min(row.left for row, _ in found), max(row.right for row, _ in found)
    longest = _bent(*found[0])
    rows = [replace(longest, left=left, right=right)]
    for row, cells in found[1:]:
        whole = row.right - row.left > WHOLE * (right - left)
        shaped = _bent(row, cells) if whole else _beside(row, cells, longest)
        rows.append(replace(shaped, left=left, right=right))
    centre = np.array([(left + right) / 2])
    return sorted(rows, key=lambda row: float(row.at(centre)[0, 1]))


def _lines(maps: Maps) -> list[Cells]:
    """Return the cells of each line."""
    on = (maps.core > CORE).astype(np.uint8)
    joined = cv2.dilate(on, np.ones((1, 13), np.uint8))  # three characters of 4 cells
    count, labels = cv2.connectedComponents(joined, connectivity=4)
    pieces = [np.nonzero((labels == label) & (on > 0)) for label in range(1, count)]
    lines: list[Cells] = []
    for piece in sorted(pieces, key=lambda piece: -len(piece[0])):
        _add(lines, (piece[0], piece[1]), maps)
    return lines


def _add(lines: list[Cells], piece: Cells, maps: Maps) -> None:
    """Give ``piece`` to the line it prolongs, or let it begin one."""
    middle = np.array([(piece[1].mean() + 0.5) * CELL])
    for index, line in enumerate(lines):
        if (row := _row(line, maps)) is None:
            continue
        off = (piece[0].mean() + 0.5) * CELL - row.at(middle)[0, 1]
        if abs(off) < 0.5 * float(np.polyval(row.pitch, middle[0])):
            lines[index] = (
                np.concatenate([line[0], piece[0]]),
                np.concatenate([line[1], piece[1]]),
            )
            return
    lines.append(piece)


def _row(cells: Cells, maps: Maps) -> Row | None:
    y, x = ((axis + 0.5).astype(np.float64) * CELL for axis in cells)
    pitch = maps.pitch[cells]
    if np.ptp(x) < SHORTEST * float(np.median(pitch)):
        return None
    middle = np.polyfit(x, y, 1, w=maps.core[cells])
    return Row(middle, _even(x, pitch), float(x.min()), float(x.max()))


def _bent(row: Row, cells: Cells) -> Row:
    """Let a line bend that is seen at length."""
    if row.right - row.left < 25 * float(np.polyval(row.pitch, row.left)):
        return row
    return replace(row, middle=np.polyfit((cells[1] + 0.5) * CELL, (cells[0] + 0.5) * CELL, 2))


def _beside(row: Row, cells: Cells, longest: Row) -> Row:
    """Let a line that is seen in part run beside the longest: its own bend would go anywhere."""
    y, x = ((axis + 0.5).astype(np.float64) * CELL for axis in cells)
    shift = float(np.mean(y - np.polyval(longest.middle, x)))
    return replace(row, middle=np.asarray(np.polyadd(longest.middle, [shift]), np.float64))


def _even(x: Points, pitch: NDArray[np.float32]) -> Points:
    """Fit a pitch that changes evenly, by less than a third from end to end."""
    slope = float(np.clip(np.polyfit(x, np.log(pitch), 1)[0], -0.3 / np.ptp(x), 0.3 / np.ptp(x)))
    centre = float(x.mean())
    level = float(np.exp(np.median(np.log(pitch) - slope * (x - centre))))
    return np.array([slope * level, level * (1 - slope * centre)])


def columns_of(row: Row) -> tuple[Points, Points]:
    """Return, for each column of the strip, the view's x and view pixels per strip pixel."""
    ends = [float(np.polyval(row.pitch, x)) * MARGIN for x in (row.left, row.right)]
    fine = np.arange(row.left - ends[0], row.right + ends[1], 1.0)
    travelled = np.cumsum(PITCH / np.maximum(np.polyval(row.pitch, fine), 2.0))
    columns = np.interp(np.arange(0, travelled[-1]), travelled, fine)
    return columns, np.maximum(np.polyval(row.pitch, columns), 2.0) / PITCH


def points_of(row: Row, columns: Points, size: Points, height: int) -> Points:
    """Return the view's points (height, columns, 2) of a band along ``row``."""
    points = np.broadcast_to(row.at(columns), (height, len(columns), 2)).copy()
    points[..., 1] += (np.arange(height) - height / 2)[:, None] * size[None, :]
    return points


def strip_of(page: Page, view: View, row: Row) -> tuple[NDArray[np.float32], Points]:
    """Return the strip (32, n) of ``row`` and the view's x of each of its columns."""
    columns, size = columns_of(row)
    points = view.to_page(points_of(row, columns, size, HEIGHT))
    strip = page.sample(points, view.step * float(size.mean()))
    return normalised(strip.astype(np.float32)), columns


def normalised(strip: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``strip`` with mean 0 and deviation 1."""
    return np.asarray((strip - strip.mean()) / (strip.std() + 4.0), np.float32)
