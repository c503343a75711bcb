"""Our own detector: one small network over a pyramid of grey pictures.

1. The network finds faces of 18 to 64 pixels, so it looks at the picture at several sizes, each
   half the one before; the largest has ``LONGEST`` pixels.
2. A cell of 8 pixels that is nearer to a face's middle than its neighbours is a face; what the
   cells around it say about box and landmarks is averaged by how near they are.
3. Of faces that overlap, the one with the highest score stays. Each is looked at again closely
   (``landmarks``): that gives its five points, and a score that both looks agree on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.geometry import Face
from models.face.landmarks import Regress, refined

__all__ = ["STRIDE", "detect_with"]

Image = NDArray[np.uint8]
Array = NDArray[np.float32]
Network = Callable[[Array], Array]
"""(1, 1, 8h, 8w) grey, 0 to 255 → (15, h, w): logit of nearness, box and landmarks."""

STRIDE = 8
LONGEST, SHORTEST = 384, 48  # pixels of the longer side, at the largest and the smallest look
_FIRST = 0.25  # score from which a place is looked at again
_NEAR = 0.3  # overlap of two boxes that are one face
_MOST = 8  # faces that are looked at again


def detect_with(network: Network, regress: Regress, image: Image, least: float) -> list[Face]:
    """Return the faces of a BGR picture that score at least ``least``, best first."""
    grey = _grey(image)
    found = [face for scale in _scales(grey.shape) for face in _look(network, grey, scale)]
    again = [refined(regress, grey, face) for face in _best_of(found)[:_MOST]]
    return [f for f in _best_of([f for f in again if f is not None]) if f.score >= least]


def _grey(image: Image) -> Image:
    if image.ndim == 3:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    return image


def _scales(shape: tuple[int, ...]) -> Iterator[float]:
    longest = max(shape)
    size = min(LONGEST, 2 * longest)
    while size >= SHORTEST:
        yield size / longest
        size //= 2


def _look(network: Network, grey: Image, scale: float) -> list[Face]:
    size = tuple(max(2 * STRIDE, STRIDE * round(n * scale / STRIDE)) for n in grey.shape[::-1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)
    ratio = np.array([grey.shape[1] / size[0], grey.shape[0] / size[1]], np.float32)
    return [_scaled(face, ratio) for face in _faces(network, small)]


def _faces(network: Network, grey: Image) -> list[Face]:
    maps = network(grey[None, None].astype(np.float32))
    chance = 1 / (1 + np.exp(-np.clip(maps[0], -30, 30)))
    peak = cv2.dilate(chance, np.ones((3, 3), np.uint8)) == chance
    rows, columns = np.nonzero(peak & (chance > _FIRST))
    return [_read(maps, chance, int(r), int(c)) for r, c in zip(rows, columns, strict=True)]


def _read(maps: Array, chance: Array, row: int, column: int) -> Face:
    """Return the face whose middle is in a cell: its neighbours' measures, averaged."""
    rows, columns = chance.shape
    part = (
        slice(max(row - 1, 0), min(row + 2, rows)),
        slice(max(column - 1, 0), min(column + 2, columns)),
    )
    weight = (chance[part] ** 2).ravel()
    weight = weight / weight.sum()
    y, x = ((axis.ravel() + 0.5) * STRIDE for axis in np.mgrid[part])
    told = maps[(slice(1, None), *part)].reshape(14, -1)
    wide, high = (32 * 2 ** np.clip(told[k], -3, 3) for k in (0, 1))
    size = np.sqrt(wide * high)
    cx, cy = x + size * told[2], y + size * told[3]
    points = np.stack(
        [np.stack([x, y], 1) + size[:, None] * told[k : k + 2].T for k in range(4, 14, 2)]
    )
    cx, cy, wide, high = (float((v * weight).sum()) for v in (cx, cy, wide, high))
    landmarks = np.asarray((points * weight[None, :, None]).sum(1), np.float32)
    box = (cx - wide / 2, cy - high / 2, wide, high)
    return Face(box, landmarks, float(chance[row, column]))


def _scaled(face: Face, ratio: NDArray[np.float32]) -> Face:
    x, y, wide, high = face.box
    box = (float(x * ratio[0]), float(y * ratio[1]), float(wide * ratio[0]), float(high * ratio[1]))
    return Face(box, face.landmarks * ratio, face.score)


def _best_of(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.score):
        if all(_overlap(face, other) < _NEAR for other in kept):
            kept.append(face)
    return kept


def _overlap(one: Face, other: Face) -> float:
    """Return the share of the smaller box that both cover."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = one.box, other.box
    wide = min(ax + aw, bx + bw) - max(ax, bx)
    high = min(ay + ah, by + bh) - max(ay, by)
    if wide <= 0 or high <= 0:
        return 0.0
    return wide * high / max(min(aw * ah, bw * bh), 1e-6)
