"""Is a picture held up instead of a face? A score from 0 (no sign of it) to 1, never yes or no.

1. Eight signs of one frame are measured on the face as the camera saw it, not resized: a raster or
   screen dots (peaks of the spectrum that skin does not have), how fine detail falls off, black
   that is not black, colour, gloss, straight edges round the head.
2. A small network weighs them. It was trained on rendered prints and screens only.
3. Over several frames the middle score counts. Depth, seen when the head turns and the landmarks
   do not move as one plane, lowers it a little: a film on a screen shows depth too.
4. What it does not look at: blinking, masks, make-up, infrared, heat. A raster that falls exactly
   on JPEG's grid of 8 pixels hides there. A frame without colour, or a face of fewer
   than ``SMALLEST`` pixels between the pupils, is not judged: None, to be told, never taken as
   good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import Grade, card
from models.face.geometry import Face, eye_distance
from models.session import open_session

__all__ = ["MODEL", "SIGNS", "SMALLEST", "depth", "open_pad", "over_frames", "score", "signs"]

Image = NDArray[np.uint8]
Vector = NDArray[np.float32]
MODEL = "face_pad"
SMALLEST = 44.0  # pixels between the pupils
SIGNS = ("peak", "peaks", "fall-off", "black", "colour", "blue", "gloss", "edges")
COLOURLESS = 1.5  # of Lab's units: a grey camera's frame
_PATCH = 128  # pixels
_DEPTH_COUNTS = 1.0  # taken off the logit at most
_SEEN, _PLAIN = 0.03, 0.10  # of the eye distance: depth that may be noise, depth that is not


def score(image: Image, face: Face) -> float | None:
    """Return the score of one face in one BGR frame; None where it is too small to be judged."""
    found = signs(image, face)
    if found is None:
        return None
    return float(open_session(MODEL).run({"signs": found[None]})[0][0, 0])


def open_pad(*, real_hardware: bool = False) -> Callable[[Image, Face], float | None] | None:
    """Return ``score``, or None where its model may not judge: then attacks are not looked for."""
    allowed = card(MODEL).grade is Grade.FIELD or not real_hardware
    return score if allowed else None


def over_frames(scores: Sequence[float | None], faces: Sequence[Face]) -> float | None:
    """Return the score of one face over several frames; None where no frame could be judged."""
    judged = [s for s in scores if s is not None]
    if not judged:
        return None
    middle = float(np.clip(np.median(judged), 1e-6, 1 - 1e-6))
    plain = float(np.clip((depth(faces) - _SEEN) / (_PLAIN - _SEEN), 0, 1))
    logit = np.log(middle / (1 - middle)) - _DEPTH_COUNTS * plain
    return float(1 / (1 + np.exp(-logit)))


def depth(faces: Sequence[Face]) -> float:
    """Return how far landmarks leave the plane of the first frame, in eye distances."""
    if len(faces) < 2:
        return 0.0
    first = faces[0].landmarks.astype(np.float64)
    flat = np.hstack([first, np.ones((5, 1))])
    worst = 0.0
    for face in faces[1:]:
        seen = face.landmarks.astype(np.float64)
        plane, *_ = np.linalg.lstsq(flat, seen, rcond=None)
        off = np.sqrt(((flat @ plane - seen) ** 2).sum(1)).max()
        worst = max(worst, float(off) / max(eye_distance(face), 1.0))
    return worst


def signs(image: Image, face: Face) -> Vector | None:
    """Return the measures of ``SIGNS``, about 0 to 1 each; None where they cannot be."""
    patch = _patch(image, face)
    if patch is None or eye_distance(face) < SMALLEST:
        return None
    peak, peaks, fall = _spectrum(patch)
    lab = cv2.cvtColor(patch, cv2.COLOR_BGR2LAB).astype(np.float32) - np.float32(128)
    light = lab[..., 0] + 128
    dark, bright = np.quantile(light, [0.01, 0.99])
    chroma = float(np.hypot(lab[..., 1], lab[..., 2]).mean())
    if chroma < COLOURLESS:
        return None
    return np.array(
        [
            peak,
            peaks,
            fall,
            dark / max(bright, 1),
            chroma / 40,
            -lab[..., 2].mean() / 40,
            _gloss(patch),
            _straight(image, face),
        ],
        np.float32,
    )


def _patch(image: Image, face: Face) -> Image | None:
    """Return the middle of the face, _PATCH pixels square or smaller, as the camera saw it."""
    x, y = (int(v) for v in face.landmarks.mean(0))
    half = min(_PATCH, int(1.9 * eye_distance(face))) // 2
    top, left = y - half, x - half
    if half < 24 or top < 0 or left < 0:
        return None
    patch = image[top : y + half, left : x + half]
    return patch if patch.shape[:2] == (2 * half, 2 * half) else None


def _spectrum(patch: Image) -> tuple[float, float, float]:
    """Return the highest peak over its surroundings, the share of such cells, the fall-off."""
    strongest = [_channel(patch[..., k].astype(np.float32)) for k in range(3)]
    return max(s[0] for s in strongest), max(s[1] for s in strongest), strongest[1][2]


def _channel(channel: NDArray[np.float32]) -> tuple[float, float, float]:
    side = channel.shape[0]
    window = np.hanning(side)
    flat = channel - cv2.GaussianBlur(channel, (0, 0), 3)
    power = np.abs(np.fft.fftshift(np.fft.fft2(flat * np.outer(window, window)))) ** 2
    log = np.log10(power + 1.0).astype(np.float32)
    fx, fy = np.meshgrid(*[np.fft.fftshift(np.fft.fftfreq(side))] * 2)
    radius = np.hypot(fx, fy)
    local = cv2.medianBlur(log, 5)
    ring = cv2.blur(local, (9, 9))
    excess = np.where((radius > 0.14) & ~_block_grid(fx, fy, side), log - ring, 0)
    high, low = power[radius > 0.25].mean(), power[(radius > 0.06) & (radius < 0.18)].mean()
    top = float(np.sort(excess.ravel())[-6:].mean())
    fall = (np.log10(low + 1) - np.log10(high + 1)) / 4
    return top / 2.5, float((excess > 1.2).mean()) * 100, float(fall)


def _block_grid(fx: NDArray[np.float64], fy: NDArray[np.float64], side: int) -> NDArray[np.bool_]:
    """Return the cells where JPEG's blocks of 8 have their harmonics: they say nothing."""
    off = [np.abs(f * 8 - np.rint(f * 8)) * side / 8 for f in (fx, fy)]
    on_axis = (np.abs(fx) * side < 1.6) | (np.abs(fy) * side < 1.6)
    return np.asarray(on_axis & (off[0] < 1.6) & (off[1] < 1.6), np.bool_)


def _gloss(patch: Image) -> float:
    """Return the share of the face that mirrors light: bright and without colour."""
    most, least = patch.max(2), patch.min(2)
    return float(((most >= 250) & (least >= 225)).mean()) * 5


def _straight(image: Image, face: Face) -> float:
    """Return how much of the surroundings' outline is long, straight, on both sides of the head."""
    x, y = face.landmarks.mean(0)
    reach = 2.9 * eye_distance(face)
    scale = 96 / reach
    matrix = np.array([[scale, 0, 96 - x * scale], [0, scale, 96 - y * scale]])
    around = cv2.warpAffine(
        image, matrix, (192, 192), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    edges = cv2.Canny(cv2.cvtColor(around, cv2.COLOR_BGR2GRAY), 40, 110)
    lines = cv2.HoughLinesP(edges, 1, np.pi / 180, 50, minLineLength=70, maxLineGap=4)
    if lines is None:
        return 0.0
    sides = {_side(*line.reshape(4)) for line in lines} - {""}
    return len(sides) / 4


def _side(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return on which side of the head a line runs, if it runs along it."""
    across, down = abs(x2 - x1), abs(y2 - y1)
    x, y = (x1 + x2) / 2 - 96, (y1 + y2) / 2 - 96
    if down > 3 * across and abs(x) > 45:
        return "right" if x > 0 else "left"
    if across > 3 * down and abs(y) > 55:
        return "below" if y > 0 else "above"
    return ""
