"""Squares of photographed pages to learn finding from, with the truth at a quarter of the size.

1. Pages come from the document renderer, some in other faces, some with OCR-B, bars or lists
   outside the zone.
2. A scene sees its page from anywhere: any turn, a tilt, 4.5 to 24 pixels to the character; one in
   eight looks away from the zone.
3. Truth: the core of each line (0.4 pitch above and below its middle), and on it the cosine and
   sine of twice its angle (a line and the same line upside down are one) and log2 of the pitch
   over 8 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.mrz_glyphs import CELL, MIDDLE, TALL, bank, faces
from simulators.world.documents import PrintedLine, printed_lines, render_document
from simulators.world.documents_camera import Shot, degrade, desk, look
from simulators.world.documents_holder import FORMATS, fictitious, zone
from simulators.world.typeface import CHARACTERS, draw_line

__all__ = ["SIDE", "SceneMaker"]

Image = NDArray[np.uint8]
Grey = NDArray[np.float32]
Rng = np.random.Generator

SIDE = 384
_LETTERS_MOSTLY = np.array([3.0] * 26 + [1.0] * 10) / 88


@dataclass(frozen=True, slots=True)
class _Page:
    image: Image
    lines: list[PrintedLine]  # none on a page without a zone
    pitch: float


class SceneMaker:
    """Makes scenes without end from one seed; keeps a shelf of pages and replaces one per batch."""

    def __init__(self, seed: int, shelf: int = 40) -> None:
        self._rng = np.random.default_rng([seed, 0x5C])
        self._pages = [_page(self._rng) for _ in range(shelf)]

    def batch(self, size: int) -> tuple[Grey, Grey]:
        """Return scenes (size, 1, 384, 384) from -1 to 1 and their truth (size, 4, 96, 96)."""
        rng = self._rng
        self._pages[int(rng.integers(0, len(self._pages)))] = _page(rng)
        pairs = [
            _scene(self._pages[int(rng.integers(0, len(self._pages)))], rng) for _ in range(size)
        ]
        return np.stack([p[0] for p in pairs])[:, None], np.stack([p[1] for p in pairs])


def _page(rng: Rng) -> _Page:
    kind = FORMATS[int(rng.integers(0, len(FORMATS)))]
    seed, dpi = int(rng.integers(0, 1 << 30)), float(rng.uniform(100, 260))
    lines = zone(fictitious(seed), kind)
    faces = bank()
    glyphs = (
        faces[int(rng.integers(1, len(faces)))] if len(faces) > 1 and rng.random() < 0.25 else None
    )
    image = render_document(lines, dpi, seed, pen=draw_line if glyphs is None else _pen_of(glyphs))
    printed = printed_lines(lines, dpi)
    _distract(image, printed, rng)
    if rng.random() < 0.25:
        _prose(image, 0, printed[0].middle - 2 * printed[0].pitch, printed[0].pitch, rng)
    if rng.random() < 0.1:  # a page without a zone
        image[round(printed[0].middle - printed[0].pitch) :] = rng.integers(180, 255)
        _prose(image, printed[0].middle, image.shape[0], printed[0].pitch, rng)
        printed = []
    return _Page(image, printed, float(dpi / 10))


def _pen_of(glyphs: dict[str, Image]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - see documents.Pen
    def pen(ink: Image, text: str, left: float, middle: float, pitch: float, weight: float) -> None:
        row = np.hstack([glyphs[c] for c in text])
        row = np.asarray(
            cv2.resize(
                row,
                (round(len(text) * pitch), round(TALL / CELL * pitch)),
                interpolation=cv2.INTER_AREA,
            ),
            np.uint8,
        )
        top, x = round(middle - MIDDLE / CELL * pitch), round(left)
        here = ink[top : top + row.shape[0], x : x + row.shape[1]]
        np.maximum(here, row[: here.shape[0], : here.shape[1]], out=here)

    return pen


def _distract(image: Image, lines: list[PrintedLine], rng: Rng) -> None:
    """Print above the zone what a finder might take for one."""
    pitch, bottom = lines[0].pitch, lines[0].middle - 2.2 * lines[0].pitch
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 5))):
            word = "".join(rng.choice(list(CHARACTERS[:36]), int(rng.integers(3, 14))))
            ink = np.zeros(image.shape[:2], np.uint8)
            x, y = rng.uniform(0.2, 0.7) * image.shape[1], rng.uniform(0.2, 1) * bottom
            draw_line(ink, word, x, y, pitch * rng.uniform(0.7, 1.1))
            image[ink > 128] = rng.uniform(0, 90)
    if rng.random() < 0.2:
        high, wide = (
            round(rng.uniform(0.1, 0.3) * bottom),
            round(rng.uniform(0.3, 0.9) * image.shape[1]),
        )
        top, left = round(rng.uniform(0, 0.6) * bottom), round(rng.uniform(0, 0.1) * image.shape[1])
        rows = 1 if rng.random() < 0.5 else max(1, high // 4)
        bars = rng.integers(0, 2, (rows, max(2, wide // 3))).astype(np.uint8) * 230
        bars = np.asarray(cv2.resize(bars, (wide, high), interpolation=cv2.INTER_NEAREST), np.uint8)
        image[top : top + high, left : left + wide] = bars[:, :, None]


def _prose(image: Image, top: float, bottom: float, pitch: float, rng: Rng) -> None:
    """Write lines of words, which are no zone however long they are."""
    face, files = cv2.FontFace("sans"), faces()
    if files and rng.random() < 0.8:
        face.set(str(files[int(rng.integers(0, len(files)))]))
    size, ink = max(5, round(pitch * rng.uniform(0.8, 1.6))), float(rng.uniform(0, 120))
    small = rng.random() < 0.6
    left = rng.uniform(0, 0.4) * image.shape[1]
    for y in np.arange(top + 1.5 * size, bottom, size * rng.uniform(1.1, 2.0)):
        words = [_word(rng, small) for _ in range(int(rng.integers(1, 9)))]
        cv2.putText(image, " ".join(words), (round(left), round(y)), (ink, ink, ink), face, size)


def _word(rng: Rng, small: bool) -> str:
    word = "".join(rng.choice(list(CHARACTERS[:36]), int(rng.integers(1, 11)), p=_LETTERS_MOSTLY))
    return word.lower() if small else word


def _scene(page: _Page, rng: Rng) -> tuple[Grey, Grey]:
    shot = _stand(page, rng)
    frame = look(page.image, shot, desk((SIDE, SIDE), rng))
    frame = degrade(frame, rng, float(rng.uniform(0, 1)))
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32) / 127.5 - 1
    grey = (grey - grey.mean()) * rng.uniform(0.5, 1.1) + grey.mean()
    return np.asarray(grey, np.float32), _truth(page.lines, shot)


def _stand(page: _Page, rng: Rng) -> Shot:
    """Choose where the camera stands."""
    pitch = float(np.exp(rng.uniform(np.log(4.5), np.log(24))))
    height, width = page.image.shape[:2]
    scale = pitch / page.pitch
    turn = (
        rng.choice([0, 90, 180, 270]) + rng.normal(0, 6)
        if rng.random() < 0.65
        else rng.uniform(0, 360)
    )
    angle = np.deg2rad(turn)
    axes = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if page.lines and rng.random() < 0.88:
        aim = np.array(
            [rng.uniform(0, 1) * width, page.lines[0].middle + rng.normal(0, 2) * page.pitch]
        )
    else:
        aim = rng.uniform(0, 1, 2) * (width, height)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    seen = (corners - aim) * rng.uniform([0.93, 0.85], [1.07, 1.2]) @ axes
    seen = seen + SIDE / 2 + rng.uniform(-0.3, 0.3, 2) * SIDE
    seen += rng.normal(0, 0.02, (4, 2)) * width * scale
    view = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
    return Shot(np.asarray(view, np.float64), SIDE, SIDE)


def _truth(lines: list[PrintedLine], shot: Shot) -> Grey:
    truth = np.zeros((4, SIDE // 4, SIDE // 4), np.float32)
    for line in lines:
        quad = _seen(line, shot)
        along = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
        length, angle = float(np.hypot(*along)), float(np.arctan2(along[1], along[0]))
        core = np.zeros(truth.shape[1:], np.uint8)
        points = np.round((quad / 4 - 0.375) * 64).astype(np.int32)
        cv2.fillPoly(core, [points], (255,), cv2.LINE_AA, 6)
        truth[0] = np.maximum(truth[0], core / np.float32(255))
        pitch = np.log2(max(length / len(line.text), 1) / 8)
        for channel, value in enumerate((np.cos(2 * angle), np.sin(2 * angle), pitch), 1):
            truth[channel][core > 0] = value
    return truth


def _seen(line: PrintedLine, shot: Shot) -> NDArray[np.float64]:
    end, half = line.left + len(line.text) * line.pitch, 0.4 * line.pitch
    top, bottom = line.middle - half, line.middle + half
    quad = np.array([[line.left, top], [end, top], [end, bottom], [line.left, bottom]], np.float32)
    return np.asarray(cv2.perspectiveTransform(quad[None], shot.view)[0], np.float64)
