"""Measure what each HS chapter looks like, on rendered consignments, and write it down as data.

Run from the project's root: ``python -m tools.cargo_chapters > edge/scanner/cargo/chapters.toml``.
A site that has its own scans of known cargo runs the same measurement on those and says so in
``source``.
"""

from __future__ import annotations

import sys

import numpy as np

from edge.scanner.cargo.chapters import FIGURES, measure
from edge.scanner.cargo.seen import Seen, seen
from edge.scanner.materials.maps import materials
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.table import Table, build
from simulators.world.cargo import CHAPTERS, PITCH_MM, Consignment, consignment, pictured

EACH = 40
FIRST_SEED = 700_000  # no test and no benchmark draws from these
WIDER = 0.15  # of the range, on both sides: 40 consignments do not reach its ends
LEAST = {"organic": 0.05, "mineral": 0.05, "metal": 0.05, "zeff": 0.4, "density": 0.02,
         "texture": 0.01}  # fmt: skip
NAMES = {
    "08": "fruit and nuts",
    "17": "sugars",
    "22": "beverages",
    "25": "salt, earths and stone",
    "39": "plastics",
    "44": "wood",
    "48": "paper and paperboard",
    "52": "cotton",
    "62": "apparel, not knitted",
    "64": "footwear",
    "69": "ceramic products",
    "73": "articles of iron or steel",
    "74": "copper",
    "76": "aluminium",
    "84": "machinery",
    "85": "electrical equipment",
}


def observed(load: Consignment, seed: int, table: Table) -> Seen:
    """Return what a scanner with the design's materials table sees of ``load``."""
    picture = pictured(load.tau, seed)
    maps = materials(picture, table)
    zeff = np.where(maps.ambiguous, np.nan, maps.zeff)
    return seen(-np.log(picture), (PITCH_MM, PITCH_MM), zeff, maps.areal, depth_mm=load.depth_mm)


def main() -> None:
    """Print the file."""
    table = build(nominal(at=0.0))
    print("# Written by tools/cargo_chapters.py; not by hand.")
    print(f'source = "made from rendered cargo: {EACH} consignments a chapter, widened by '
          f'{WIDER:.0%}; not from real scans"')  # fmt: skip
    for chapter in sorted(CHAPTERS):
        figures = []
        for index in range(EACH):
            seed = FIRST_SEED + int(chapter) * 1000 + index
            figures.append(measure(observed(consignment(seed, chapter), seed, table)))
        print(f'\n[chapter.{chapter}]\nname = "{NAMES[chapter]}"')
        for figure in FIGURES:
            values = [one[figure] for one in figures if figure in one]
            if len(values) >= EACH // 4:
                low, high = _range(values, LEAST[figure], figure)
                print(f"{figure} = [{low:.3f}, {high:.3f}]")
        print(f"chapter {chapter}", file=sys.stderr)


def _range(values: list[float], least: float, figure: str) -> tuple[float, float]:
    low, high = min(values), max(values)
    wider = max(WIDER * (high - low), least)
    most = 1.0 if figure in ("organic", "mineral", "metal") else np.inf
    return max(0.0, low - wider), min(most, high + wider)


if __name__ == "__main__":
    main()
