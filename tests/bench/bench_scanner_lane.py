"""The scanner's lane: how soon the beam is told off, and an item from the barrier to its decision.

A real agent, simulated devices in life's own time. Beam-off is the worst of a few tries.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.system.lanes import until
from tests.system.scanner_threats import IN_SCAN, THREATS, WANTED, cut_in_air, cut_in_scan
from tests.system.scanner_world import ScannerWorld, scanner_world, thing

TRIES, ITEMS = 3, 5
Row = tuple[str, str, str]


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, scanner_world(Path(folder), silent=0.12) as world:
        return [*_beam_off(world), *_items(world)]


def _beam_off(world: ScannerWorld) -> Iterator[Row]:
    for how, threats in ((cut_in_air, THREATS), (cut_in_scan, IN_SCAN)):
        for name, threat in threats.items():
            worst = max(_times(how, world, threat))
            yield (
                f"beam told off after {name}",
                f"{worst * 1000:.0f} ms",
                f"≤ {WANTED * 1000:.0f} ms",
            )


def _times(
    how: Callable[..., float], world: ScannerWorld, threat: Callable[[ScannerWorld], None]
) -> list[float]:
    return [how(world, threat) for _ in range(TRIES)]


def _items(world: ScannerWorld) -> Iterator[Row]:
    world.mend()
    stages: list[dict[str, float]] = []
    late: list[float] = []
    for seed in range(ITEMS):
        since = world.lane.last
        gone = world.comes(thing(seed))
        [event] = until(lambda: _scanned(world, since), within=30)  # noqa: B023 asked at once
        late.append(event["mono_ns"] / 1e9 - world.sim.last_line_at)
        stages.append(event["data"]["stages_ms"])
        if world.lane.phase == "held":
            world.decide("divert")
        gone.result(30)
        until(lambda: world.lane.phase == "idle")
    yield "last line to the finding on disk", f"{_median(late) * 1000:.0f} ms", "≤ 1000 ms"
    decide = [sum(v for k, v in one.items() if k.startswith("examine-")) for one in stages]
    yield "every examination of an item together", f"{_median(decide):.1f} ms", ""


def _scanned(world: ScannerWorld, since: int) -> list[dict[str, Any]]:
    events = world.lane.events(after=since)
    return [event for event in events if event["type"] == "inspection.scanned"]


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
