"""A passport of UTO under the reader's three lights, genuine or forged in one named way.

1. The sheet is the state's (``documents_light_design``), the places of photo, text and zone are
   those of ``documents``; the photo and the labels are dyes, what is told of the holder and the
   zone is carbon.
2. A forgery differs from the genuine page of its seed in what its name says, and in that alone.
3. ``photographed`` lays the pictures on the glass of a reader: a little turned, a dark lid around,
   noise, the same place under every light.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz_layout import Format
from edge.documents.optical.light import Light
from simulators.world.documents import Pen, printed_lines
from simulators.world.documents_camera import aim
from simulators.world.documents_holder import Holder, fictitious, zone
from simulators.world.documents_light_design import (
    MOTIF_INK,
    background,
    fibres,
    motif,
)
from simulators.world.documents_light_forgery import Forgery, copied, foreign_pen
from simulators.world.documents_light_inks import BRIGHT, CARBON, DULL, DYE, Ink, Sheet
from simulators.world.portraits import portrait
from simulators.world.typeface import draw_line

__all__ = ["PHOTO_MM", "Forgery", "Light", "passport", "photographed", "utopian", "utopian_zone"]

Image = NDArray[np.uint8]
Cover = NDArray[np.uint8]
Rng = np.random.Generator
PHOTO_MM = (4.0, 9.0, 35.0, 45.0)  # left, top, width, height
_LABEL = Ink((0.35, 0.3, 0.3), 0.95)
_LABELS = ("Surname", "Given names", "Nationality", "Birth", "Sex", "Document No.", "Expiry")
_FADES = 0.93  # share of infrared that the photo's dyes leave, where they are darkest


def utopian(seed: int) -> Holder:
    """Return the traveller of ``seed`` with a passport of UTO."""
    return replace(fictitious(seed, "UTO"), nationality="UTO")


def utopian_zone(seed: int) -> tuple[str, ...]:
    """Return the zone that the passport of ``utopian(seed)`` prints."""
    return zone(utopian(seed), Format.TD3)


def passport(
    seed: int,
    dpi: float = 200.0,
    forgery: Forgery | None = None,
    holder: Holder | None = None,
    lines: Sequence[str] | None = None,
) -> dict[Light, Image]:
    """Return the page of ``seed`` under each light, as large as the page: BGR, infrared grey.

    ``lines`` are those of ``holder`` by default. The chip's portrait is ``portrait(seed, …)``.
    """
    who = holder or utopian(seed)
    rng = np.random.default_rng([seed, 0x11647])
    sheet = background(dpi, rng, BRIGHT if forgery is Forgery.BRIGHT_PAPER else DULL)
    fibres(sheet, dpi, rng)
    if forgery is not Forgery.NO_MOTIF:
        sheet.lay(motif(dpi, _shape(sheet)), MOTIF_INK)
    _photo(sheet, seed + (7_919 if forgery is Forgery.PHOTO_SUBSTITUTED else 0), dpi)
    _text(sheet, who, dpi)
    _zone(sheet, lines or zone(who, Format.TD3), dpi, rng, forgery)
    if forgery is Forgery.COPIED:
        sheet.white = copied(sheet.white, dpi, rng)
    if forgery is Forgery.LASER_PRINT:  # toner takes of infrared what it takes of white light
        sheet.infrared = sheet.white.mean(2)
    return {
        Light.WHITE: sheet.under_white(),
        Light.INFRARED: sheet.under_infrared(),
        Light.ULTRAVIOLET: sheet.under_ultraviolet(),
    }


def photographed(
    pages: Mapping[Light, Image], seed: int, turn: float = 0.0, noise: float = 2.0
) -> dict[Light, Image]:
    """Return the pictures of a reader on whose glass the page lies, ``turn`` degrees turned."""
    rng = np.random.default_rng([seed, 0x61A55])
    height, width = pages[Light.WHITE].shape[:2]
    room = round(0.08 * width)
    frame = (height + 2 * room, width + 2 * room)
    shot = aim((height, width), frame, rng, turn + float(rng.normal(0, 0.7)), 0.94, 0.002)
    return {light: _seen(page, shot.view, frame, rng, noise) for light, page in pages.items()}


def _seen(
    page: Image, view: NDArray[np.float64], frame: tuple[int, int], rng: Rng, noise: float
) -> Image:
    lid = (6,) * 3
    seen = cv2.warpPerspective(page, view, frame[::-1], flags=cv2.INTER_LINEAR, borderValue=lid)
    grain = rng.standard_normal(seen.shape, np.float32) * np.float32(noise)
    return np.asarray(np.clip(seen * np.float32(rng.uniform(0.95, 1.03)) + grain, 0, 255), np.uint8)


def _shape(sheet: Sheet) -> tuple[int, int]:
    height, width = sheet.infrared.shape
    return height, width


def _photo(sheet: Sheet, seed: int, dpi: float) -> None:
    left, top, width, height = (round(mm * dpi / 25.4) for mm in PHOTO_MM)
    shown = portrait(seed, height, width).astype(np.float32) / 255
    rows, columns = slice(top, top + height), slice(left, left + width)
    sheet.white[rows, columns] = shown
    sheet.infrared[rows, columns] *= _FADES + (1 - _FADES) * shown.mean(2)
    sheet.glow[rows, columns] *= 0.5


def _text(sheet: Sheet, who: Holder, dpi: float) -> None:
    mm = dpi / 25.4
    told = (
        *(who.surname, who.given_names, who.nationality, who.birth_date),
        *(who.sex, who.number, who.expiry_date),
    )
    dyed, black = (np.zeros(_shape(sheet), np.uint8) for _ in range(2))
    _write(dyed, f"{who.state}  PASSPORT", 5 * mm, 6 * mm, 4 * mm, 700)
    for row, (label, value) in enumerate(zip(_LABELS, told, strict=True)):
        y = (13 + 7 * row) * mm
        _write(dyed, label, 44 * mm, y - 3.4 * mm, 1.3 * mm, 300)
        _write(black, value, 45 * mm, y, 2.6 * mm, 500)
    sheet.lay(dyed, _LABEL)
    sheet.lay(black, CARBON)


def _write(cover: Cover, text: str, x: float, y: float, size: float, weight: int) -> None:
    face = cv2.FontFace("sans")
    cv2.putText(cover, text, (round(x), round(y)), (255,), face, max(4, round(size * 1.35)), weight)


def _zone(
    sheet: Sheet, lines: Sequence[str], dpi: float, rng: Rng, forgery: Forgery | None
) -> None:
    pen: Pen = foreign_pen if forgery is Forgery.FOREIGN_TYPE else draw_line
    cover = np.zeros(_shape(sheet), np.uint8)
    weight = float(rng.uniform(0, 0.04))
    for line in printed_lines(lines, dpi):
        pen(cover, line.text, line.left, line.middle, line.pitch, weight)
    sheet.lay(cover, DYE if forgery is Forgery.MRZ_DYE else CARBON, float(rng.uniform(0.9, 1.0)))
