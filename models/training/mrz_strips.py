"""Line strips to learn from: grey, 32 rows, about 20 pixels to the character, each frame named.

1. Text: half random characters, half a piece of a fictitious zone; the network must not learn
   names.
2. Print: a face, a pen, paper from the document renderer, neighbours above and below, marks across
   it.
3. Camera: a resolution of 4.5 to 40 pixels per character, blur, noise, JPEG; then the rectified
   strip, a little wrong in every way that the line finder may be wrong.
4. Truth: a frame is 4 pixels; it says a character within 0.28 pitch of its middle, else blank (0).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.mrz.rows import normalised
from models.training.mrz_glyphs import CELL, MIDDLE, TALL, bank
from simulators.world.documents_holder import FORMATS, fictitious, zone
from simulators.world.documents_paper import security_paper
from simulators.world.typeface import CHARACTERS

__all__ = ["FRAME", "HEIGHT", "PITCH", "WIDTH", "StripMaker"]

Ink = NDArray[np.uint8]
Grey = NDArray[np.float32]
Rng = np.random.Generator

HEIGHT, WIDTH, PITCH, FRAME = 32, 384, 20.0, 4
_MARGIN = 6  # pitches of canvas on each side of the text


@dataclass(frozen=True, slots=True)
class _Print:
    """A printed piece of line before the camera: grey canvas, where its first cell begins."""

    canvas: Grey
    text: str
    left: float
    middle: float


class StripMaker:
    """Makes strips without end from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 0x57])
        rng = self._rng
        papers = [security_paper(300, 1500, rng) for _ in range(48)]
        self._papers = [cv2.cvtColor(p, cv2.COLOR_BGR2GRAY).astype(np.float32) for p in papers]

    def batch(self, size: int) -> tuple[Grey, NDArray[np.int64]]:
        """Return strips (size, 1, 32, 384) and the class of each frame (size, 96)."""
        pairs = [self._strip() for _ in range(size)]
        return np.stack([p[0] for p in pairs])[:, None], np.stack([p[1] for p in pairs])

    def _strip(self) -> tuple[Grey, NDArray[np.int64]]:
        rng = self._rng
        printed = self._print(_text(rng))
        pitch = float(np.exp(rng.uniform(np.log(4.5), np.log(40))))
        seen = _camera(printed.canvas, pitch / CELL, rng)
        step = PITCH * rng.uniform(0.83, 1.2) / pitch  # strip pixels per seen pixel
        return _rectify(seen, printed, pitch, step, rng)

    def _print(self, text: str) -> _Print:
        rng = self._rng
        glyphs = bank()[0] if rng.random() < 0.75 else bank()[int(rng.integers(0, len(bank())))]
        ink = np.zeros((TALL * 3, (len(text) + 2 * _MARGIN) * CELL), np.uint8)
        left = _MARGIN * CELL
        for middle in _rows(rng):
            words = text if middle == ink.shape[0] // 2 else _random_text(rng, len(text))
            _set(ink, words, glyphs, left, middle, rng)
        ink = _pen(ink, rng)
        canvas = self._paper(ink.shape)
        black, cover = rng.uniform(0, 90), rng.uniform(0.65, 1.0)
        _mark(canvas, rng)
        alpha = ink.astype(np.float32) * (cover / 255)
        return _Print(canvas * (1 - alpha) + black * alpha, text, left, ink.shape[0] / 2)

    def _paper(self, shape: tuple[int, int]) -> Ink:
        rng = self._rng
        paper = self._papers[int(rng.integers(0, len(self._papers)))]
        height, width = (int(n * rng.uniform(0.4, 0.9)) for n in paper.shape)
        top = int(rng.integers(0, paper.shape[0] - height))
        left = int(rng.integers(0, paper.shape[1] - width))
        piece = cv2.resize(paper[top : top + height, left : left + width], shape[::-1])
        white, strength = rng.uniform(90, 255), rng.uniform(0.3, 1.3)
        return np.asarray(np.clip(white + (piece - piece.mean()) * strength, 0, 255), np.uint8)


def _text(rng: Rng) -> str:
    length = int(rng.integers(8, 27))
    if rng.random() < 0.5:
        return _random_text(rng, length)
    kind = FORMATS[int(rng.integers(0, len(FORMATS)))]
    lines = zone(fictitious(int(rng.integers(0, 1 << 30))), kind)
    line = lines[int(rng.integers(0, len(lines)))]
    start = int(rng.integers(0, max(1, len(line) - length)))
    return line[start : start + length]


def _random_text(rng: Rng, length: int) -> str:
    letters = rng.choice(list(CHARACTERS), length)
    letters[rng.random(length) < 0.12] = "<"
    return "".join(letters)


def _rows(rng: Rng) -> list[int]:
    """Return the middles of the line and, mostly, of its neighbours."""
    middle = TALL * 3 // 2
    spacing = round(CELL * rng.uniform(1.75, 2.8))
    return [middle] + [middle + side * spacing for side in (-1, 1) if rng.random() < 0.6]


def _set(ink: Ink, text: str, glyphs: dict[str, Ink], left: int, middle: int, rng: Rng) -> None:
    top = middle - MIDDLE
    for at, character in enumerate(text):
        x, y = left + at * CELL + int(rng.integers(-1, 2)), top + int(rng.integers(-1, 2))
        rows = slice(max(y, 0), min(y + TALL, ink.shape[0]))
        glyph = glyphs[character][rows.start - y : rows.stop - y]
        here = ink[rows, x : x + CELL]
        np.maximum(here, glyph, out=here)


def _pen(ink: Ink, rng: Rng) -> Ink:
    """Make the strokes thinner or bolder, the ink uneven."""
    change = rng.uniform(-1, 1)
    size = round(abs(change) * 5)
    if size > 1:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        ink = np.asarray(
            cv2.erode(ink, kernel) if change < 0 else cv2.dilate(ink, kernel), np.uint8
        )
    if rng.random() < 0.25:  # a dry ribbon, a worn laminate
        wear = rng.uniform(0.2, 1, (ink.shape[0] // 12 + 1, ink.shape[1] // 12 + 1)).astype(
            np.float32
        )
        ink = (ink * cv2.resize(wear, ink.shape[::-1])).astype(np.uint8)
    return ink


def _mark(canvas: Ink, rng: Rng) -> None:
    """Draw what is seen around and across zones: edges of cards, watermarks, a tint, scratches."""
    for mark, share in ((_edges, 0.5), (_watermark, 0.25), (_tint, 0.12), (_scratches, 0.2)):
        if rng.random() < share:
            mark(canvas, rng)


def _edges(canvas: Ink, rng: Rng) -> None:
    """End the page beside the line; the desk is of any shade."""
    room = _MARGIN * CELL - 12
    if rng.random() < 0.6:
        canvas[:, : int(rng.integers(0, room))] = rng.uniform(0, 255)
    if rng.random() < 0.6:
        canvas[:, canvas.shape[1] - int(rng.integers(1, room)) :] = rng.uniform(0, 255)


def _watermark(canvas: Ink, rng: Rng) -> None:
    height, width = canvas.shape
    shade = float(canvas.mean() * rng.uniform(0.6, 1.15))
    origin = (int(rng.integers(-width // 3, width // 2)), int(rng.integers(height // 2, height)))
    _say(canvas, "".join(rng.choice(list(CHARACTERS), 5)), origin, rng.uniform(3, 9), shade, 14)


def _tint(canvas: Ink, rng: Rng) -> None:
    """Rows of small words, as cards carry."""
    shade, size = float(canvas.mean() * rng.uniform(0.8, 1.1)), rng.uniform(0.7, 2)
    for y in range(0, canvas.shape[0], round(45 * size)):
        words = "SPECIMEN SAMPLE "[int(rng.integers(0, 9)) :] * 12
        _say(canvas, words, (0, y), size, shade, max(1, round(3 * size)))


def _scratches(canvas: Ink, rng: Rng) -> None:
    height, width = canvas.shape
    for _ in range(int(rng.integers(1, 3))):
        ends = [(int(rng.integers(0, width)), int(rng.integers(0, height))) for _ in range(2)]
        cv2.line(canvas, ends[0], ends[1], (float(rng.uniform(0, 220)),), int(rng.integers(1, 9)))


def _say(
    canvas: Ink, text: str, at: tuple[int, int], size: float, shade: float, thick: int
) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (shade,), thick)


def _camera(canvas: Grey, scale: float, rng: Rng) -> Grey:
    height, width = canvas.shape
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    seen = np.asarray(cv2.resize(canvas, size, interpolation=way), np.float32)
    seen = _optics(seen, scale * CELL, rng)
    light = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), seen.shape[1])
    noise = rng.normal(0, rng.uniform(0, 12), seen.shape)
    packed = np.asarray(np.clip(seen * light + noise, 0, 255), np.uint8)
    if rng.random() < 0.5:
        quality = int(rng.uniform(35, 95))
        _, coded = cv2.imencode(".jpg", packed, [cv2.IMWRITE_JPEG_QUALITY, quality])
        packed = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return packed.astype(np.float32)


def _optics(seen: Grey, pitch: float, rng: Rng) -> Grey:
    if rng.random() < 0.7:
        sigma = max(0.2, rng.uniform(0, 0.13) * pitch)
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), sigma), np.float32)
    if rng.random() < 0.15:  # the hand moved
        length = max(2, round(pitch * rng.uniform(0.1, 0.3)))
        way = np.eye(length) if rng.random() < 0.5 else np.ones((1, length))
        seen = np.asarray(cv2.filter2D(seen, -1, way / way.sum()), np.float32)
    if rng.random() < 0.2:  # sharpened by the camera or the scanner
        soft = cv2.GaussianBlur(seen, (0, 0), max(0.4, pitch * 0.1))
        seen = np.asarray(seen + rng.uniform(0.3, 1.2) * (seen - soft), np.float32)
    return seen


def _rectify(
    seen: Grey, printed: _Print, pitch: float, step: float, rng: Rng
) -> tuple[Grey, NDArray[np.int64]]:
    scale = pitch / CELL
    length = len(printed.text) * pitch
    start = rng.uniform(-2 * pitch, max(0.0, length - WIDTH / step + 2 * pitch))
    tilt, shear, bow = np.deg2rad(rng.normal(0, 0.7)), rng.normal(0, 0.06), rng.normal(0, 0.7)
    rise = step * rng.uniform(0.9, 1.12)
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    down = (y - HEIGHT / 2 + rng.uniform(-3, 3)) / rise + bow * (
        (x / WIDTH - 0.5) ** 2 - 0.1
    ) / step * 4
    down = down + (x - WIDTH / 2) * np.tan(tilt) / step
    across = x / step + start + (y - HEIGHT / 2) * shear / step
    source_x = (across + printed.left * scale).astype(np.float32)
    source_y = (down + printed.middle * scale).astype(np.float32)
    edge = cv2.BORDER_REPLICATE
    strip = cv2.remap(seen, source_x, source_y, cv2.INTER_LINEAR, borderMode=edge)
    return normalised(np.asarray(strip, np.float32)), _truth(printed.text, start, pitch, step)


def _truth(text: str, start: float, pitch: float, step: float) -> NDArray[np.int64]:
    frames = np.arange(WIDTH // FRAME) * FRAME + FRAME / 2
    middles = ((np.arange(len(text)) + 0.5) * pitch - start) * step
    away = np.abs(frames[:, None] - middles[None, :])
    nearest = away.argmin(1)
    classes = np.array([1 + CHARACTERS.index(c) for c in text])
    close = away.min(1) <= 0.28 * pitch * step
    return np.where(close, classes[nearest], 0).astype(np.int64)
