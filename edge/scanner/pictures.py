"""The item's pictures: 16-bit JPEG XL without loss, one per energy, in parts from top to bottom.

1. A picture of more than ``PART`` lines is written in parts as it comes: memory stays bounded, and
   when the last line is there only the last part is left to do. Parts of one picture, instead of
   one file put together at the end: that would take as long as the item (a second for 100 Mpx), a
   viewer's textures end at 8 192 lines, and a decoder would need the whole of it at once.
2. The first part is called ``high`` or ``low``, those below it ``high-2``, ``high-3``, …
3. Full scale is transmission 1. Lost lines are black.
4. Beside them the whole item in small, with bounded sides: for whoever has to see it at once. A
   line of it is lost where one of the lines in it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from edge.scanner.shrink import shrunk

Image = NDArray[np.float32]
Image16 = NDArray[np.uint16]
Mask = NDArray[np.bool_]

KINDS = {1: ("high",), 2: ("low", "high")}
MEDIA_TYPE = "image/jxl"
EFFORT = 1  # of JPEG XL: 150 Mpx/s on one core, and a third to a half of the raw size
FULL = 65_535
PART = 2048  # lines: 1 s at 2 000 lines a second; 40 MB of two energies × 5 000 pixels
WIDEST, LONGEST = 1280, 4096  # pixels, lines of the item in small


@dataclass(frozen=True)
class Rendered:
    """One part of one energy as a file; ``top`` is the line of the item that it begins with."""

    kind: str
    content: bytes = field(repr=False)
    width: int
    height: int
    top: int = 0


def as_counts(transmission: Image, out: Image16 | None = None) -> Image16:
    """Return ``transmission``, 0 < t ≤ 1, as 16-bit counts, to the nearest."""
    counts: Image16 = np.empty(transmission.shape, np.uint16) if out is None else out
    scaled = transmission * np.float32(FULL)
    np.copyto(counts, np.rint(scaled, out=scaled), casting="unsafe")
    return counts


def render(lines: Image16, index: int) -> list[Rendered]:
    """Return part ``index``, counted from 0, of every energy of ``lines`` (energies, n, pixels)."""
    _, height, width = lines.shape
    name = "" if index == 0 else f"-{index + 1}"
    return [
        Rendered(f"{kind}{name}", _encoded(plane), width, height, index * PART)
        for kind, plane in zip(KINDS[len(lines)], lines, strict=True)
    ]


def _encoded(plane: Image16) -> bytes:
    # One thread: the other core has the recogniser.
    content = imagecodecs.jpegxl_encode(plane, lossless=True, effort=EFFORT, numthreads=1)
    return bytes(content)


class Overview:
    """The whole item in small, made from its parts."""

    def __init__(self, pixels: int, pitch_mm: float) -> None:
        # Lines and pixels that become one: a power of two, as whole squares must fill a part.
        self._factor = 1 << max(0, (-(-pixels // WIDEST) - 1).bit_length())
        self._pitch_mm = pitch_mm
        self._parts: list[Image16] = []
        self._lost: list[Mask] = []
        self._lines = 0

    @property
    def pitch_mm(self) -> float:
        """The size of one of its pixels in mm."""
        return self._pitch_mm * self._factor

    def add(self, lines: Image16, lost: Mask) -> None:
        """Add a part (energies, n, pixels) and its lost lines (n,). All but the last have PART."""
        self._parts.append(shrunk(lines, self._factor))
        self._lost.append(_any(lost, self._factor))
        self._lines += self._parts[-1].shape[1]
        if self._lines > LONGEST:
            self._parts = [shrunk(np.concatenate(self._parts, axis=1), 2)]
            self._lost = [_any(np.concatenate(self._lost), 2)]
            self._factor *= 2
            self._lines = self._parts[0].shape[1]

    def picture(self) -> Image:
        """Return the transmission (energies, at most LONGEST lines, at most WIDEST pixels)."""
        whole: Image = np.concatenate(self._parts, axis=1).astype(np.float32)
        whole *= np.float32(1 / FULL)
        return whole

    def lost(self) -> Mask:
        """Return which of its lines (lines,) are lost, wholly or in part."""
        return np.concatenate(self._lost)


def _any(lost: Mask, factor: int) -> Mask:
    whole = np.pad(lost, (0, -len(lost) % factor))
    return np.asarray(whole.reshape(-1, factor).any(-1))
