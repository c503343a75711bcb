"""Lines that say which one they are, as counts and as frames."""

from __future__ import annotations

import numpy as np

from drivers.detector.codec import Decoder, Flag, Order, line
from drivers.detector.ring import Arrivals, LineBlock, LineRing


def picture(number: int) -> np.ndarray:
    return np.full((2, 3), number % 65536, np.uint16) + np.arange(3, dtype=np.uint16)


def frame(number: int) -> bytes:
    return line(number, picture(number), number * 10, Flag(0), Order.LITTLE)


def came(*numbers: int, time: int = 10) -> Arrivals:
    pixels = np.stack([picture(n) for n in numbers])
    times = np.array([n * time for n in numbers], np.uint64)
    return Arrivals(np.array(numbers, np.uint32), times, np.ones(len(numbers), bool), pixels)


def decoding(pixels: int = 3, lines: int = 64) -> Decoder:
    decoder = Decoder(2, pixels)
    decoder.ring = LineRing(2, pixels, lines)
    return decoder


def missing(block: LineBlock) -> list[int]:
    return block.numbers[~block.present].tolist()


def shows(block: LineBlock) -> bool:
    """Whether every line shows what it must, and every missing one nothing."""
    return all(
        np.array_equal(block.counts[:, i], picture(n) if there else np.zeros((2, 3)))
        for i, (n, there) in enumerate(zip(block.numbers, block.present, strict=True))
    )
