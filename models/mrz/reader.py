"""A page image in, the lines of its machine-readable zone out, or None.

1. The finder names up to three places. In each, lines are centred on their ink and cut to strips,
   and the line network reads them all.
2. Three lines of 30, two of 36 and two of 44 characters that follow one another are weighed by how
   likely their lines are exactly that long; the best wins.
3. A zone is read only if its lines are likely enough, its characters certain enough, its first one
   a letter, and names are parted by ``<<`` somewhere, as all names are (Doc 9303-3 §4.6); a zone
   that is not is looked at upside down once. What fails both is no zone: better no answer than a
   wrong one.
4. A page on which nothing is found is looked at once more, twice as closely, if it has the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.mrz.align import PERIOD, Alignment, align, period
from models.mrz.alphabet import CHARACTERS, LINES_OF
from models.mrz.centre import centred
from models.mrz.finder import find_zones, look_closely
from models.mrz.plane import Page, Points, View, grey
from models.mrz.rows import Row, rows_of, strip_of
from models.session import open_session

__all__ = ["PageLines", "read_page"]

Strip = NDArray[np.float32]

MODEL = "mrz_lines"
SIDE = 768  # pixels of the longer side of a page for the finder
UNEVEN = 0.06  # how far a strip's pitch may be off before it is cut again
LIKELY = -0.7  # log-likelihood per character under which a line is not of that length
CERTAIN = 0.88  # mean chance of the characters under which a zone is not read
NEAR, MORE = 2.0, 10.0  # characters: so close to a strip's end the line may go on, so far to look
FRAME = 4  # strip pixels per frame


@dataclass(frozen=True, slots=True)
class PageLines:
    """The zone of one page.

    ``confidence`` is the chance of each character, per line; ``alternatives`` the likeliest
    characters of each place with their chances, best first; ``quad`` the zone's corners on the
    page in pixels, from the first character's top left, clockwise as read; ``rotation`` how far
    the text is turned clockwise, degrees from -180 to 180.
    """

    lines: tuple[str, ...]
    confidence: tuple[tuple[float, ...], ...]
    alternatives: tuple[tuple[tuple[tuple[str, float], ...], ...], ...]
    quad: tuple[tuple[float, float], ...]
    rotation: float


@dataclass(frozen=True, slots=True)
class _Line:
    row: Row
    columns: Points  # the view's x of each strip column
    fits: dict[int, Alignment]


@dataclass(frozen=True, slots=True)
class _Zone:
    view: View
    lines: tuple[_Line, ...]
    length: int
    likely: float  # log-likelihood of a line, the mean of all

    @property
    def read(self) -> tuple[Alignment, ...]:
        return tuple(line.fits[self.length] for line in self.lines)

    @property
    def beyond(self) -> tuple[float, float]:
        """How many more characters to look at, before and after: none where the zone ends."""
        first = min(int(a.frames[0]) for a in self.read)
        spare = min(
            len(line.columns) // FRAME - int(a.frames[-1])
            for line, a in zip(self.lines, self.read, strict=True)
        )
        near = NEAR * PERIOD
        return (MORE if first < near else 0.0, MORE if spare < near else 0.0)

    @property
    def accepted(self) -> bool:
        certain = float(np.mean([a.confidence.mean() for a in self.read]))
        texts = [a.text for a in self.read]
        formed = texts[0][0].isalpha() and any("<<" in text for text in texts)
        return formed and self.likely / self.length > LIKELY and certain > CERTAIN


def read_page(image: NDArray[np.uint8]) -> PageLines | None:
    """Read the zone of ``image``, (height, width) or (height, width, 3) BGR, 8 bit, at any turn.

    Raises ValueError for an array that is no image.
    """
    page = Page(grey(image))
    for side in (SIDE, 2 * SIDE):
        zones = (zone for view in find_zones(page, side) for zone in _readings(page, view))
        accepted = (zone for zone in zones if zone.accepted)
        if zone := next(accepted, None):
            return _told(zone)
        if max(page.height, page.width) < 1.5 * side:
            return None
    return None


def _readings(page: Page, view: View) -> Iterator[_Zone]:
    """Yield the zone in ``view``, and then as it is upside down."""
    straight, maps = look_closely(page, view)
    yield from _reading(page, straight, rows_of(maps))
    yield from _reading(page, _turned(straight), rows_of(maps.turned()))


def _reading(page: Page, view: View, rows: list[Row]) -> list[_Zone]:
    """Return the most likely zone or nothing; lines that go on beyond their strips are cut anew."""
    zones = _best(view, _lines(page, view, rows))
    if zones and any(beyond := zones[0].beyond):
        zones = _best(view, _lines(page, view, [row.lengthened(*beyond) for row in rows]))
    return zones


def _turned(view: View) -> View:
    far = view.to_page(np.array([view.width - 1.0, view.height - 1.0]))
    return View(far, -view.along, view.width, view.height)


def _lines(page: Page, view: View, rows: list[Row]) -> list[_Line]:
    """Read the lines; once more at the pitch that their rhythm has, if it is another."""
    if not rows:
        return []
    rows = [centred(page, view, row) for row in rows]
    strips, scores = _scores(page, view, rows)
    stretch = [
        period(s[:, : w.shape[1] // FRAME]) / PERIOD
        for (w, _), s in zip(strips, scores, strict=True)
    ]
    if max(abs(factor - 1) for factor in stretch) > UNEVEN:
        rows = [row.stretched(factor) for row, factor in zip(rows, stretch, strict=True)]
        strips, scores = _scores(page, view, rows)
    found = []
    for row, (strip, columns), score in zip(rows, strips, scores, strict=True):
        frames = strip.shape[1] // FRAME
        found.append(_Line(row, columns, align(score[:, :frames], tuple(LINES_OF))))
    return found


def _scores(page: Page, view: View, rows: list[Row]) -> tuple[list[tuple[Strip, Points]], Strip]:
    strips = [strip_of(page, view, row) for row in rows]
    width = -(-max(strip.shape[1] for strip, _ in strips) // FRAME) * FRAME
    batch = np.zeros((len(strips), 1, strips[0][0].shape[0], width), np.float32)
    for index, (strip, _) in enumerate(strips):
        batch[index, 0, :, : strip.shape[1]] = strip
    return strips, open_session(MODEL).run({"image": batch})[0]


def _best(view: View, lines: list[_Line]) -> list[_Zone]:
    """Return the most likely zone of consecutive lines, or nothing."""
    zones = []
    for length, count in LINES_OF.items():
        for first in range(len(lines) - count + 1):
            group = tuple(lines[first : first + count])
            if all(length in line.fits for line in group):
                likely = float(np.mean([line.fits[length].score for line in group]))
                zones.append(_Zone(view, group, length, likely))
    return sorted(zones, key=lambda zone: -zone.likely)[:1]


def _told(zone: _Zone) -> PageLines:
    quad = _quad(zone)
    along = np.subtract(quad[1], quad[0]) + np.subtract(quad[2], quad[3])
    return PageLines(
        lines=tuple(a.text for a in zone.read),
        confidence=tuple(tuple(round(float(c), 4) for c in a.confidence) for a in zone.read),
        alternatives=tuple(tuple(_ranked(chances) for chances in a.chances) for a in zone.read),
        quad=quad,
        rotation=float(np.degrees(np.arctan2(along[1], along[0]))),
    )


def _ranked(chances: NDArray[np.float64]) -> tuple[tuple[str, float], ...]:
    best = np.argsort(-chances)[:4]
    return tuple((CHARACTERS[i], round(float(chances[i]), 4)) for i in best)


def _quad(zone: _Zone) -> tuple[tuple[float, float], ...]:
    corners = []
    for line, edge, end in ((0, -1, 0), (0, -1, -1), (-1, 1, -1), (-1, 1, 0)):
        chosen = zone.lines[line]
        column = int(zone.read[line].frames[end]) * FRAME
        out = (0.6 if end else -0.6) * _pitch(chosen)
        x = chosen.columns[min(column, len(chosen.columns) - 1)] + out
        y = np.polyval(chosen.row.middle, x) + 0.6 * edge * _pitch(chosen)
        corners.append(zone.view.to_page(np.array([x, y])))
    return tuple((float(x), float(y)) for x, y in corners)


def _pitch(line: _Line) -> float:
    return float(np.polyval(line.row.pitch, (line.row.left + line.row.right) / 2))
