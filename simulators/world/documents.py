"""Pages of travel documents that nobody issued, at their real size.

1. Sizes are those of Doc 9303-4 to -7: TD1 85.6 × 54, TD2 and MRV-B 105 × 74, TD3 125 × 88, MRV-A
   120 × 80 mm.
2. The zone is OCR-B size 1, ten characters to the inch, its lines 6.35 mm apart, the lowest centre
   line 9.4 mm above the edge (7.25 on a card), the first character 6 mm from the left (4 on TD1
   and the 105 mm sizes).
3. Everything else — paper, face, labels — follows from the seed and stays out of the zone, as the
   Doc asks, except the pattern of the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.world.documents_holder import Holder, fictitious
from simulators.world.documents_paper import security_paper
from simulators.world.portraits import portrait
from simulators.world.typeface import PITCH_MM, draw_line

__all__ = ["Pen", "PrintedLine", "printed_lines", "render_document", "sheet_size"]

Image = NDArray[np.uint8]
Rng = np.random.Generator
Pen = Callable[[Image, str, float, float, float, float], None]  # as typeface.draw_line

MM_PER_INCH = 25.4
LINE_SPACING = 6.35  # mm
_LABELS = (
    "Surname / Nom",
    "Given names / Prénoms",
    "Nationality / Nationalité",
    "Date of birth",
    "Sex / Sexe",
    "Document No. / N°",
    "Date of expiry",
    "Authority / Autorité",
    "Place of birth",
)


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """Where one line of the zone is printed, in page pixels: left edge, centre line, pitch."""

    text: str
    left: float
    middle: float
    pitch: float


def sheet_size(lines: Sequence[str]) -> tuple[float, float]:
    """Return (width, height) in mm of the document of ``lines``; ValueError if there is none."""
    visa = bool(lines) and lines[0].startswith("V")
    sizes = {
        (3, 30): (85.6, 54.0),
        (2, 36): (105.0, 74.0),
        (2, 44): (120.0, 80.0) if visa else (125.0, 88.0),
    }
    try:
        return sizes[len(lines), len(lines[0])]
    except (KeyError, IndexError) as error:
        widths = [len(line) for line in lines]
        raise ValueError(
            f"lines of {widths} characters: a zone has 3 × 30, 2 × 36 or 2 × 44"
        ) from error


def printed_lines(lines: Sequence[str], dpi: float) -> list[PrintedLine]:
    """Return where ``render_document`` prints each line."""
    width, height = sheet_size(lines)
    scale = dpi / MM_PER_INCH
    left = 6.0 if width > 110 else 4.0
    lowest = height - (7.25 if len(lines) == 3 else 9.40)
    middles = [lowest - LINE_SPACING * (len(lines) - 1 - i) for i in range(len(lines))]
    return [
        PrintedLine(t, left * scale, y * scale, PITCH_MM * scale)
        for t, y in zip(lines, middles, strict=True)
    ]


def render_document(
    lines: Sequence[str], dpi: float, seed: int, holder: Holder | None = None, pen: Pen = draw_line
) -> Image:
    """Return the page of ``lines``, (height, width, 3) BGR, at ``dpi`` (100 to 600).

    ``holder`` is what the visual zone tells, a fictitious one of the same seed by default; ``pen``
    sets the zone, in OCR-B by default. Raises ValueError for lines that no document has.
    """
    if not 100 <= dpi <= 600:
        raise ValueError(f"{dpi} dpi: documents are rendered at 100 to 600")
    rng = np.random.default_rng([seed, 0xD0C])
    width, height = (round(mm * dpi / MM_PER_INCH) for mm in sheet_size(lines))
    page = security_paper(height, width, rng)
    _visual_zone(page, lines, dpi, seed, holder or fictitious(seed), rng)
    if rng.random() < 0.5:
        _clear_band(page, lines, dpi)
    _machine_zone(page, lines, dpi, rng, pen)
    return page


def _visual_zone(
    page: Image, lines: Sequence[str], dpi: float, seed: int, holder: Holder, rng: Rng
) -> None:
    mm = dpi / MM_PER_INCH
    top_of_zone = printed_lines(lines, dpi)[0].middle - 5 * mm
    _write(page, f"{holder.state}  SPECIMEN", 5 * mm, 6 * mm, 4 * mm, 700, rng)
    left = 5 * mm
    if len(lines) == 2 or rng.random() < 0.3:
        left = _photo(page, seed, top_of_zone, mm)
    told = (
        holder.surname,
        holder.given_names,
        holder.nationality,
        holder.birth_date,
        holder.sex,
        holder.number,
        holder.expiry_date,
        "UTOPIA",
        "ZENITH",
    )
    y, step = 12 * mm, 7 * mm
    for label, value in zip(_LABELS, told, strict=True):
        if y > top_of_zone - 2 * mm:
            return
        _write(page, label, left, y - 3.4 * mm, 1.3 * mm, 300, rng)
        _write(page, value, left + 1 * mm, y, 2.6 * mm, 500, rng)
        y += step


def _photo(page: Image, seed: int, bottom: float, mm: float) -> float:
    """Print the portrait at the left; return where the text may begin."""
    top, left = round(9 * mm), round(4 * mm)
    height = min(round(45 * mm), round(bottom) - top)
    width = round(height * 0.78)
    page[top : top + height, left : left + width] = portrait(seed, height, width)
    return left + width + 4 * mm


def _write(page: Image, text: str, x: float, y: float, size: float, weight: int, rng: Rng) -> None:
    """Write in the visual zone; ``size`` is the height of a capital in pixels, y the baseline."""
    face = cv2.FontFace("italic" if rng.random() < 0.1 else "sans")
    ink = float(rng.uniform(0, 90))
    cv2.putText(
        page, text, (round(x), round(y)), (ink, ink, ink), face, max(4, round(size * 1.35)), weight
    )


def _clear_band(page: Image, lines: Sequence[str], dpi: float) -> None:
    top = round(printed_lines(lines, dpi)[0].middle - 5 * dpi / MM_PER_INCH)
    page[top:] = page[top:] // 4 + 191  # the pattern fades behind the zone


def _machine_zone(page: Image, lines: Sequence[str], dpi: float, rng: Rng, pen: Pen) -> None:
    ink = np.zeros(page.shape[:2], np.uint8)
    weight = float(rng.uniform(0, 0.05))
    for line in printed_lines(lines, dpi):
        pen(ink, line.text, line.left, line.middle, line.pitch, weight)
    top = round(printed_lines(lines, dpi)[0].middle - 5 * dpi / MM_PER_INCH)
    cover = ink[top:, :, None].astype(np.float32) / 255 * float(rng.uniform(0.85, 1.0))
    black = float(rng.uniform(0, 60))
    page[top:] = (page[top:] * (1 - cover) + black * cover).astype(np.uint8)
