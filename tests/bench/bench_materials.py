"""Materials: speed of the maps, of their picture, of streaming, and Zeff against xraydb."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edge.scanner.materials.maps import materials, stream
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.picture import METAL_ONLY, coloured, stripped
from edge.scanner.materials.table import build
from simulators.world.goods import OPEN, scene
from tests.bench.stopwatch import best

Row = tuple[str, str, str]


def run() -> list[Row]:
    """Return every figure of this room."""
    return [*_speed(), *_right()]


def _speed() -> list[Row]:
    goods = scene(4, lines=1000, pixels=512, threat=True)
    picture = np.tile(np.stack([goods.low, goods.high]).astype(np.float32) / OPEN, (1, 2, 2))
    size = picture[0].size / 1e6
    table = build(nominal(0.0))
    maps = materials(picture, table)
    strips = [(picture[:, at : at + 64], None) for at in range(0, picture.shape[1], 64)]
    works: dict[str, Callable[[], object]] = {
        "material maps, both energies": lambda: materials(picture, table),
        "the same in strips of 64 lines": lambda: list(stream(iter(strips), table)),
        "their coloured picture": lambda: coloured(maps),
        "a stripped picture": lambda: stripped(maps, METAL_ONLY),
    }
    rows = [
        (name, f"{size / best(work):.0f} Mpix/s", "≥ 20 Mpix/s") for name, work in works.items()
    ]
    built = best(lambda: build(nominal(0.0)), 3)
    return [*rows, ("table from wedges", f"{built:.2f} s", "none set")]


def _right() -> list[Row]:
    try:
        from tests.unit import test_materials_oracle as oracle
    except BaseException as skipped:  # noqa: BLE001 - pytest's skip is no Exception
        return [("Zeff against xraydb", f"not measured: {skipped}", "≤ 8.5 %")]
    rows = []
    for photons in (20_000, 5_000):
        found, decided = oracle.errors(photons)
        every = np.concatenate([e.ravel() for e in found.values()])
        worst = max(float(np.median(e)) for e in found.values())
        name = f"Zeff 5.4 to 22 against xraydb, {photons} photons"
        rows.append((f"{name}, median error", f"{np.median(every):.1%}", "≤ 8.5 %"))
        rows.append((f"{name}, worst substance and depth", f"{worst:.1%}", "none set"))
        rows.append((f"{name}, pixels not ambiguous", f"{decided:.0%}", "none set"))
    return rows
