"""Draw the pictures of docs/scanner.md with the scanner's own code.

``python tools/draw_scanner.py`` writes docs/pictures/scanner-belt.png (where things stand, by the
lane's geometry), scanner-item.png (an item from raw counts to a finding) and scanner-phantom.png.
The goods are rendered; the calibration, the materials and the boxes are the lane's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.calibration import calibrate
from edge.scanner.conditions import TAIL_MARGIN
from edge.scanner.config import Geometry
from edge.scanner.materials.maps import materials
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.picture import coloured
from edge.scanner.materials.table import build
from models.xray.projection import air_counts, dark_counts, make_detector
from models.xray.segmenter import inspect
from simulators.world.goods import PITCH_MM, raw_counts
from simulators.world.items import PIXELS, item
from simulators.world.phantom import phantom_item

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
Colours = NDArray[np.uint8]

SEED = 3  # of the item, with a threat in it
INK, SOFT, RED = (40, 40, 40), (150, 150, 150), (40, 40, 200)  # blue, green, red
CARD, BELT, BEAM = (190, 210, 230), (225, 225, 225), (60, 170, 240)
FONT = cv2.FONT_HERSHEY_SIMPLEX
SCALE = 0.32  # pixels per mm of belt
LEFT, ROW = 150, 86
SMALLER = 0.7  # of the panels: they are for a page


def item_picture() -> Colours:
    """Return raw counts, transmission, and materials with the recogniser's boxes, side by side."""
    detector = make_detector(PIXELS, seed=7)
    raw = raw_counts(item(SEED, threat=True).scene, detector)
    known = calibrate(dark_counts(256, detector, 12), air_counts(256, detector, 11), at=0.0)
    seen = known.normalise(raw)
    paint = cv2.cvtColor(coloured(materials(seen, build(nominal(0.0)))), cv2.COLOR_RGB2BGR)
    for region in inspect(seen, PITCH_MM).regions:
        corner = (region.x + region.w, region.y + region.h)
        cv2.rectangle(paint, (region.x, region.y), corner, RED, 2)
    panels = {
        "raw counts, high energy": _grey(raw[1] / 65_535),
        "transmission": _grey(seen[1]),
        "materials and findings": paint,
    }
    return _framed(panels)


def phantom_picture() -> Colours:
    """Return the self-test's phantom as the scanner sees it."""
    detector = make_detector(PIXELS, seed=7)
    raw = raw_counts(phantom_item().scene, detector)
    known = calibrate(dark_counts(256, detector, 12), air_counts(256, detector, 11), at=0.0)
    seen = known.normalise(raw)
    paint = cv2.cvtColor(coloured(materials(seen, build(nominal(0.0)))), cv2.COLOR_RGB2BGR)
    return _framed({"phantom, transmission": _grey(seen[1]), "phantom, materials": paint})


def belt_picture(geometry: Geometry | None = None) -> Colours:
    """Return the belt in five phases, to scale."""
    where = geometry or Geometry()
    through = where.entry_to_beam + TAIL_MARGIN
    long = 350.0  # mm, an item
    rows: list[tuple[str, list[tuple[float, str]], bool]] = [
        ("identifying", [(60.0, "1")], False),
        ("scanning", [(where.entry_to_beam + 150, "1")], True),
        ("deciding, held", [(through + long, "1")], False),
        ("releasing", [(where.entry_to_diverter + 250, "1"), (20.0, "2")], False),
        ("scanning the next", [(where.entry_to_end + 200, "1"), (where.entry_to_beam, "2")], True),
    ]
    height = 70 + ROW * len(rows)
    sheet = np.full((height, int(LEFT + (where.entry_to_end + 820) * SCALE), 3), 255, np.uint8)
    at: Callable[[float], int] = lambda mm: int(LEFT + (mm + 420) * SCALE)  # noqa: E731
    marks = {"entry barrier": 0.0, "beam": where.entry_to_beam}
    marks |= {"diverter": where.entry_to_diverter, "end": where.entry_to_end}
    for name, place in marks.items():
        cv2.line(sheet, (at(place), 44), (at(place), height - 12), SOFT, 1)
        _text(sheet, name, (at(place) - 34, 34), SOFT)
    for index, (phase, items, beam) in enumerate(rows):
        top = 58 + index * ROW
        _text(sheet, phase, (8, top + 36), INK)
        cv2.rectangle(
            sheet, (at(-400), top + 48), (at(where.entry_to_end + 280), top + 54), BELT, -1
        )
        for front, name in items:
            cv2.rectangle(sheet, (at(front - long), top + 12), (at(front), top + 48), CARD, -1)
            _text(sheet, name, (at(front - long / 2) - 4, top + 36), INK)
        if beam:
            cv2.line(
                sheet, (at(where.entry_to_beam), top), (at(where.entry_to_beam), top + 54), BEAM, 3
            )
    return sheet


def _grey(share: NDArray[np.floating]) -> Colours:
    return np.repeat((np.clip(share, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def _framed(panels: dict[str, Colours]) -> Colours:
    titled = []
    for title, panel in panels.items():
        sheet = np.full((panel.shape[0] + 30, panel.shape[1] + 10, 3), 255, np.uint8)
        sheet[30:, 5:-5] = panel
        _text(sheet, title, (8, 20), INK)
        titled.append(sheet)
    whole = np.concatenate(titled, axis=1)
    return cv2.resize(whole, None, fx=SMALLER, fy=SMALLER, interpolation=cv2.INTER_AREA)


def _text(sheet: Colours, text: str, where: tuple[int, int], ink: tuple[int, int, int]) -> None:
    cv2.putText(sheet, text, where, FONT, 0.45, ink, 1, cv2.LINE_AA)


PICTURES: dict[str, Callable[[], Colours]] = {
    "scanner-belt.png": belt_picture,
    "scanner-item.png": item_picture,
    "scanner-phantom.png": phantom_picture,
}


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        cv2.imwrite(str(FOLDER / name), draw(), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
