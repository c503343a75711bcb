"""Beam-off within 200 ms of every threat, in every phase that has a beam: all deadlines summed.

In simulated time, so that it is the same on every machine; tests/system/test_scanner_beam_off.py
measures a few of them on the machine at hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.scanner import devices
from edge.scanner.inspection import BEAM, SCANS, Phase
from edge.uplink.errors import OutboxFull
from tests.simulation.scanner_in_time import ScannerInTime
from tests.system.scanner_threats import IN_SCAN, THREATS, WANTED

P = Phase
Threat = Callable[[ScannerInTime], None]
BEYOND = 4.0  # s; how late a beam-off may be to be measured at all

MORE: dict[str, Threat] = {
    "an arc": lambda world: setattr(world.sim.source.faults, "arc", 1),
    "a full disk": lambda world: setattr(world.unit.lane, "_disk_error", OutboxFull("full")),
}
"""What the bench at real devices leaves out."""

CASES = [
    *((name, phase) for phase in sorted(BEAM) for name in {**THREATS, **MORE}),
    *((name, phase) for phase in sorted(SCANS) for name in IN_SCAN if name not in THREATS),
]


def cut(folder: Path, phase: Phase, threat: Threat, later: float = 0.0) -> float:
    """Return the s to beam-off when ``threat`` comes ``later`` s after ``phase`` has its beam."""

    async def threatened() -> float:
        world = ScannerInTime(folder)
        async with world.works():
            await world.comes_to(phase)
            if later == 0.0:
                await world.beam()
            else:
                await world.passes(later)
            assert world.unit.phase is phase
            took = await world.cut_after(threat, BEYOND)
            await world.passes(0.3)
            assert world.unit.phase is P.FAULT
            assert not world.sim.source.tube.on
            return took

    return asyncio.run(threatened())


@pytest.mark.parametrize(("name", "phase"), CASES)
def test_the_beam_is_told_off_in_time(tmp_path: Path, name: str, phase: Phase) -> None:
    took = cut(tmp_path, phase, {**THREATS, **IN_SCAN, **MORE}[name])
    print(f"{name}, {phase}: {took * 1000:.0f} ms")
    assert took <= WANTED


AT_ANY_MOMENT = [
    *(("a silent detector", P.SCANNING, later) for later in (0.001, 0.006, 0.012, 0.05)),
    *(("a silent detector", P.AIRING, later) for later in (0.001, 0.02, 0.3, 0.34, 0.38, 0.6)),
    *(("a silent detector", P.RAISING, later) for later in (0.001, 0.02, 0.04)),
    *(("a silent conveyor", P.AIRING, later) for later in (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)),
]


@pytest.mark.parametrize(("name", "phase", "later"), AT_ANY_MOMENT)
def test_a_device_may_fall_silent_at_any_moment(
    tmp_path: Path, name: str, phase: Phase, later: float
) -> None:
    """At its start, before its first line, between two references, while another one is polled."""
    took = cut(tmp_path, phase, THREATS[name], later)
    print(f"{name}, {phase} + {later * 1000:.0f} ms: {took * 1000:.0f} ms")
    assert took <= WANTED


@pytest.mark.parametrize("phase", [P.RAISING, P.SCANNING, P.AIRING])
def test_without_the_detectors_pulse_it_would_take_too_long(
    tmp_path: Path, phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured here can be missed."""
    monkeypatch.setattr(
        devices.Workers, "silent_for", lambda self: max(p.silent_for() for p in self.pulses[:2])
    )
    assert cut(tmp_path, phase, THREATS["a silent detector"], 0.001) > WANTED


@pytest.mark.parametrize("name", ["a detector that stalls", "a silent detector"])
def test_a_detector_that_failed_is_stopped_as_soon_as_it_answers(tmp_path: Path, name: str) -> None:
    """Until then it is asked again and again, and is not well."""

    async def fails() -> None:
        world = ScannerInTime(tmp_path)
        async with world.works():
            await world.comes_to(P.SCANNING)
            await world.beam()
            detector, hears = world.sim.detector, world.sim.detector.receive
            if name == "a silent detector":
                detector.receive = lambda _: b""  # nor does it hear
            await world.cut_after(IN_SCAN[name], BEYOND)
            if detector.faults.mute:
                await world.passes(3.0)
                assert detector.running
                assert not world.unit.lane.connected(devices.DETECTOR)
                detector.receive, detector.faults.mute = hears, 0
            assert await world.passes(0.5, lambda: not detector.running)
            assert await world.passes(0.5, lambda: world.unit.lane.connected(devices.DETECTOR))

    asyncio.run(fails())
