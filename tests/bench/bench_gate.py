"""A gate at work: how soon the door hears of a decision, and where the time of a passage goes.

Real agent, real ports, simulated devices. Their times: leaves 0.6 s, a walk of 1.2 m/s, a chip of
424 kbit/s (simulators/gate, simulators/chip). The decision is
dated by the event that is written first, so that getting it onto the disk counts; the door has
heard of it when its controller takes the command.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.lanes.egate import Left
from simulators.world.travellers import Story
from tests.system.gate_world import GateWorld, gate_world
from tests.system.lanes import until

QUICK, TRUE = 8.0, 1.0  # paces: how much faster than life leaves and people move
DOORS, PASSAGES = 60, 12
REST = """
[display]
listen = "127.0.0.1:0"
[documents]
trust = ["trust"]
"""
ANSWER = 0.02  # s; an answer of 1 kB at 424 kbit/s, and the chip's own 2 ms
Rows = list[tuple[str, str, str]]


def run() -> Rows:
    """Return every figure with its limit."""
    return [*_doors(), *_passages()]


def _doors() -> Rows:
    with _gate(QUICK) as gate:
        late = [late for _ in range(DOORS) if (late := _decision_to_door(gate)) is not None]
    middle, worst = np.percentile(late, [50, 99])
    name = "decision to door, the record on disk included, p50 / p99"
    return [(name, f"{middle:.1f} / {worst:.1f} ms (n = {len(late)})", "≤ 20 ms")]


def _decision_to_door(gate: GateWorld) -> float | None:
    """Return the milliseconds of one passage, None if it was not cleared."""
    since, begun = gate.lane.last, len(gate.orders)
    if gate.comes(Story.IN_ORDER).result(60) is not Left.CROSSED:
        return None
    decided = _decided(gate, since)
    opened = next(o for o in gate.orders[begun:] if o.leaf == "exit" and o.open)
    return (opened.at - decided["mono_ns"] / 1e9) * 1000


def _decided(gate: GateWorld, since: int) -> dict[str, Any]:
    events = gate.lane.events(after=since)
    return next(event for event in events if event["type"] == "passage.decided")


def _passages() -> Rows:
    stages: dict[str, list[float]] = {}
    whole: list[float] = []
    with _gate(TRUE) as gate:
        for seed in range(PASSAGES):
            since = gate.lane.last
            if gate.comes(Story.IN_ORDER, seed).result(90) is not Left.CROSSED:
                continue
            for name, ms in _decided(gate, since)["data"]["stages_ms"].items():
                stages.setdefault(name, []).append(ms)
            [ended] = until(lambda since=since: gate.lane.told(since, "passage.ended"))
            whole.append(ended["seconds"] * 1000)
    rows = [("whole passage, p50 / p95", _spread(whole), "≤ 18 s (tenders), 10 s aimed at")]
    return [
        *rows,
        *((f"passage: {name}, p50 / p95", _spread(ms), "-") for name, ms in stages.items()),
    ]


def _spread(ms: list[float]) -> str:
    middle, late = np.percentile(ms, [50, 95])
    return f"{middle:.0f} / {late:.0f} ms (n = {len(ms)})"


@contextmanager
def _gate(pace: float) -> Iterator[GateWorld]:
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("simulators.lanes.egate.Chip", _unhurried),
        gate_world(Path(folder), REST, pace=pace) as gate,
    ):
        yield gate


def _unhurried(files: dict[str, bytes], **more: Any) -> Chip:
    """Return a chip that takes the time of its link: 20 ms for an answer of 1 kB."""
    return Chip(files, **{**more, "faults": ChipFaults(slow=ANSWER)})
