"""Render the library of threats: ``python -m models.training.threat_stamps [--pitch MM]``.

1. ``EACH`` of every kind of threat, each another, posed by its seed, in a scanner's pixels.
2. A stamp is τ of the thing alone, low first, cut to what it covers.
3. The same code gives the same library, byte for byte; its hash is printed for the card.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from models.xray.tip.library import COVERED, DEFAULT, Stamp, pack, read
from simulators.world.goods import PITCH_MM
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_threats import DRAW, REACH, Threat

EACH = 16
MOST_TILT = 0.9  # rad; flatter things are seldom asked for
SEED = 1
SOURCE = "rendered by models/training/threat_stamps.py; no picture of a real one; grade simulation"


def pose_of(kind: Threat, number: int) -> Pose:
    """Return the pose about the origin; the first of each kind lies flat."""
    rng = np.random.default_rng([SEED, list(Threat).index(kind), number, 1])
    tilt = min(float(np.abs(rng.normal(0, 0.45))), MOST_TILT) if number else 0.0
    return Pose(0, 0, float(rng.uniform(0, 2 * np.pi)), tilt, float(rng.uniform(0, 2 * np.pi)))


def draw(canvas: Canvas, kind: Threat, number: int, pose: Pose) -> None:
    """Draw threat ``number`` of ``kind`` in any pose: it is the same thing in each."""
    rng = np.random.default_rng([SEED, list(Threat).index(kind), number, 2])
    DRAW[kind](canvas, pose, rng)


def stamp(kind: Threat, number: int, pitch_mm: float = PITCH_MM) -> Stamp:
    """Return one stamp."""
    side = round(4 * REACH[kind] / pitch_mm)
    canvas, pose = Canvas(side, side, 1 / pitch_mm), pose_of(kind, number)
    centre = Pose(2 * REACH[kind], 2 * REACH[kind], pose.angle, pose.tilt, pose.axis)
    draw(canvas, kind, number, centre)
    tau = canvas.tau()
    rows, columns = np.nonzero(tau[1] > COVERED)
    cut = tau[:, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return Stamp(f"{kind.value}-{number}", kind.value, pitch_mm, cut)


def main() -> None:
    """Render everything and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pitch", type=float, default=PITCH_MM, help="mm per pixel")
    parser.add_argument("--to", type=Path, default=DEFAULT)
    asked = parser.parse_args()
    every = [(kind, number) for kind in Threat for number in range(EACH)]
    content = pack([stamp(kind, number, asked.pitch) for kind, number in every], SOURCE)
    asked.to.write_bytes(content)
    sys.stdout.write(f"{asked.to.name}: {len(content)} bytes, sha256 {read(content).sha256}\n")


if __name__ == "__main__":
    main()
