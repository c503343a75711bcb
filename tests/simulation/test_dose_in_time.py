"""What an item is told to have got, against the tube's own count, whatever ends its scan."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from contract.topics import Stream
from edge.scanner.inspection import Phase
from tests.simulation.scanner_in_time import ScannerInTime
from tests.system.scanner_threats import IN_SCAN, THREATS

OVER = 0.35  # s that are told at most beyond the truth: looks, and a relay seen late
ROUNDED = 0.5  # μGy; the generator tells its kV and mA in counts
NAMES = ("a person in the zone", "a silent conveyor", "a silent generator", "a silent detector",
         "a detector that hangs up", "a jam")  # fmt: skip
CASES = [
    (phase, name)
    for phase in (Phase.RAISING, Phase.SCANNING)
    for name in NAMES
    if phase is Phase.SCANNING or name in THREATS  # a belt that stands cannot jam
]


def ended(world: ScannerInTime) -> list[dict[str, Any]]:
    rows = world.unit.lane.outbox.pending(Stream.DECISION, 0, 100)
    events = [json.loads(row.body) for row in rows]
    return [event["data"] for event in events if event["type"] == "inspection.ended"]


@pytest.mark.parametrize(("phase", "name"), CASES)
def test_the_beam_of_an_item_that_is_held_is_the_items(
    tmp_path: Path, phase: Phase, name: str
) -> None:
    async def held() -> None:
        world = ScannerInTime(tmp_path)
        async with world.works():
            await world.comes_to(phase)
            await world.beam()
            await world.passes(0.013)
            await world.cut_after({**THREATS, **IN_SCAN}[name], 1.0)
            assert await world.passes(5.0, lambda: bool(ended(world)))
            [end] = ended(world)
            truth = world.sim.source.tube.beam_seconds
            assert truth > 0
            assert truth - 1e-6 <= end["beam_on_s"] <= truth + OVER
            assert end["dose_estimate_ugy"] >= world.micrograys - ROUNDED
            assert end["day"]["beam_on_s"] == pytest.approx(end["beam_on_s"])

    asyncio.run(held())
