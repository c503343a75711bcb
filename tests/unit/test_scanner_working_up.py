"""A tube that rested, at a lane that works it up: a real generator's arithmetic, simulated time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.patience import Patience
from drivers.xray_source.source import Fault, ReadBack, SourceStatus, XraySource
from drivers.xray_source.warm_up import HOUR, MOST_ARCS
from edge.runtime.faults import FaultBook
from edge.scanner.devices import AT_LEVEL, SOURCE, SourcePoll, SourceState
from edge.scanner.source_config import XRaySourceDevice
from edge.scanner.watch import Pulse
from edge.scanner.working_up import LAST_BEAM, RESTED, TOLD_EVERY, WorkingUp
from simulators.cable import Cable, SimulatedTime
from simulators.xray_source.device import FakeXraySource
from simulators.xray_source.tube import WARM_UP

MILLIAMPERES = 0.05  # the tank stays cool
SETTINGS = XRaySourceDevice(url="x", milliamperes=MILLIAMPERES)
START = datetime(2026, 1, 1, tzinfo=UTC)


class Lane:
    """What the tube's keeper needs of a lane."""

    def __init__(self, time: SimulatedTime, kept: Mapping[str, str]) -> None:
        self.kept = dict(kept)
        self.outbox = SimpleNamespace(state=lambda: dict(self.kept))
        self.faults = FaultBook(lambda: "warming", lambda _: None)
        self.troubles: list[str] = []
        self.records = 0
        self.ahead = 0.0  # s of the wall clock
        self.clock = SimpleNamespace(
            monotonic=time, now=lambda: START + timedelta(seconds=time() + self.ahead)
        )

    def report(self) -> None:
        return None

    def record(self, _: object, __: str, ___: object, state: Mapping[str, str]) -> bool:
        self.records += 1
        self.kept |= state
        return True

    def trouble(self, _: str, error: Exception) -> None:
        self.troubles.append(str(error))

    @property
    def told(self) -> dict[str, str]:
        return {fault.name: fault.detail for fault in self.faults.of(SOURCE)}


class Bench:
    """Tube, generator, driver and keeper; ``kept`` is the lane's durable state."""

    def __init__(self, kept: Mapping[str, str] | None = None) -> None:
        self.time = SimulatedTime()
        self.device = FakeXraySource()
        self.device.tick(WARM_UP)
        link = Cable(self.device, self.time)
        self.source = XraySource(link, patience=Patience(0.15, 3), clock=self.time)
        self.lane = Lane(self.time, kept or {})
        self.again()
        self.poll = SourcePoll(Pulse())
        self.set: list[float] = []  # kV, one after the other

    def again(self) -> None:
        """Start the lane's programme."""
        lane: Any = self.lane
        self.tube = WorkingUp(SETTINGS, lane)

    def wait(self, seconds: float) -> None:
        """Let time pass for all."""
        self.device.tick(seconds)
        self.time._now += seconds

    def begin(self) -> None:
        """Ask for the beam as the lane does before its air reference."""
        assert self.tube.begin()
        self._program(*self.tube.points)
        self.source.beam(True)

    def look(self) -> SourceState:
        state = self.poll(self.source)
        if (stage := self.tube.follow(state, warming=True)) is not None:
            self._program(stage.kv, stage.ma)
        return state

    def work(self, most: float = 6000.0) -> None:
        """Go on until the tube can be used."""
        until = self.time() + most
        while self.tube.unfinished:
            assert self.time() < until, "it takes for ever"
            assert self.look().status.beam_on, self.device.tube.latched
            self.wait(0.5)
        self.wait(3.0)
        self.look()

    def off(self) -> None:
        self.source.beam(False)
        self.wait(0.1)
        self.look()

    def _program(self, kv: float, ma: float) -> None:
        self.source.set_kv(kv)
        self.source.set_ma(ma)
        self.set.append(kv)


def lately(bench: Bench, ago: float = 60.0) -> dict[str, str]:
    return {LAST_BEAM: f"{START.timestamp() - ago:.0f}"}


@pytest.mark.parametrize("hours", [10.0, 100.0, 1000.0])
def test_a_rested_tube_comes_up_without_an_arc(hours: float) -> None:
    bench = Bench({LAST_BEAM: f"{START.timestamp() - hours * HOUR:.0f}"})
    bench.device.rest(hours)
    bench.begin()
    assert f"{hours:.0f} h" in bench.lane.told[RESTED]
    bench.work()
    assert bench.set == sorted(bench.set)
    assert bench.set[0] < 0.7 * SETTINGS.kilovolts
    assert bench.set[-1] == SETTINGS.kilovolts
    assert bench.device.beam_on
    assert bench.lane.told == {}


def test_without_it_the_same_tube_arcs_and_the_lane_says_so() -> None:
    bench = Bench(lately(Bench()))
    bench.device.rest(100.0)
    bench.begin()
    for _ in range(8):
        bench.wait(0.5)
        bench.look()
    assert bench.device.tube.latched == Fault.ARC
    assert bench.lane.troubles[-1].startswith("latched: arc;")


def test_a_tube_in_use_is_at_its_level_at_once() -> None:
    bench = Bench(lately(Bench()))
    bench.begin()
    assert not bench.tube.unfinished
    assert bench.set == [SETTINGS.kilovolts]
    assert bench.tube.remaining == 0.0
    assert bench.lane.told == {}


@pytest.mark.parametrize(
    "kept", [{}, {LAST_BEAM: "yesterday"}, {LAST_BEAM: "nan"}, {LAST_BEAM: "9e9"}]
)
def test_what_nobody_knows_is_the_longest_rest(kept: dict[str, str]) -> None:
    bench = Bench(kept)
    bench.begin()
    assert bench.tube.remaining == 17 * 300.0, "and so is a clock that was set back"


def test_when_it_was_last_used_outlives_a_restart() -> None:
    bench = Bench()
    bench.begin()
    bench.work()
    bench.off()
    bench.again()
    bench.lane.ahead = 7 * HOUR
    assert bench.tube.begin()
    assert not bench.tube.unfinished
    bench.again()
    bench.lane.ahead = 100 * HOUR
    assert bench.tube.begin()
    assert bench.tube.points[0] == 0.5 * SETTINGS.kilovolts


def test_a_tube_that_rests_while_the_programme_runs_is_worked_up_again() -> None:
    bench = Bench(lately(Bench()))
    bench.begin()
    bench.work()
    bench.off()
    bench.wait(9 * HOUR)
    bench.begin()
    assert bench.tube.points[0] == 0.6 * SETTINGS.kilovolts


def test_it_is_kept_now_and_then_and_never_of_a_tube_below_its_level() -> None:
    bench = Bench()
    bench.begin()
    for _ in range(100):
        bench.wait(1.0)
        bench.look()
    bench.off()
    assert bench.lane.records == 0, "it was on, though not yet worked up"
    bench = Bench(lately(Bench()))
    for _ in range(4):
        bench.begin()
        bench.wait(3.0)
        bench.look()
        bench.off()
        bench.wait(TOLD_EVERY / 3)
    assert bench.lane.records == 2


def test_interrupted_it_goes_on_with_the_stage_it_had_reached() -> None:
    bench = Bench({LAST_BEAM: f"{START.timestamp() - 100 * HOUR:.0f}"})
    bench.begin()
    for _ in range(70):
        bench.wait(1.0)
        bench.look()
    reached, left = bench.tube.points, bench.tube.remaining
    assert reached[0] == pytest.approx(0.6 * SETTINGS.kilovolts)
    bench.off()
    bench.wait(HOUR)
    bench.begin()
    assert bench.tube.points == reached
    assert left < bench.tube.remaining <= 6 * 60.0, "that stage lasts its whole time again"
    bench.off()
    bench.wait(9 * HOUR)
    bench.begin()
    assert bench.tube.points[0] == 0.5 * SETTINGS.kilovolts, "it rested again: from the start"


def test_the_time_of_a_beam_that_goes_away_is_not_counted() -> None:
    bench = Bench()
    bench.begin()
    for _ in range(20):
        bench.wait(1.0)
        bench.look()
    assert bench.tube.worked == pytest.approx(19.0, abs=1.0)
    bench.source.beam(False)
    for _ in range(20):
        bench.wait(1.0)
        bench.look()
    assert bench.tube.worked == pytest.approx(19.0, abs=1.0)
    bench.begin()
    assert bench.tube.worked == 0.0


def state(*, beam: bool, faults: Fault = Fault(0), kv: float = 80.0) -> SourceState:  # noqa: B008
    status = SourceStatus(beam, interlock_closed=True, fault=bool(faults))
    return SourceState(status, ReadBack(kv, 0.1, 30.0), faults)


def test_an_arc_sends_it_back_by_one_stage_and_too_many_end_it() -> None:
    bench = Bench()
    tube = bench.tube
    for arcs in range(MOST_ARCS + 1):
        assert tube.begin()
        while tube.points[0] < 70.0:
            tube.follow(state(beam=True), warming=True)
            bench.time._now += 300.0
        before = tube.points[0]
        for _ in range(3):  # one arc, however often it is heard of
            tube.follow(state(beam=False, faults=Fault.ARC), warming=False)
        assert tube.points[0] < before or arcs == MOST_ARCS
        tube.follow(state(beam=False), warming=False)
    assert not tube.begin()
    assert "looked at" in bench.lane.told["TooManyArcs"]


def test_a_beam_in_another_phase_does_not_work_it_up() -> None:
    bench = Bench()
    bench.begin()
    before = bench.tube.points
    for _ in range(10):
        bench.time._now += 300.0
        assert bench.tube.follow(state(beam=True, kv=160.0), warming=False) is None
    assert bench.tube.points == before


def test_only_its_level_counts_as_use() -> None:
    bench = Bench(lately(Bench()))
    bench.begin()
    low = AT_LEVEL * SETTINGS.kilovolts - 1
    bench.tube.follow(state(beam=True, kv=low), warming=True)
    bench.tube.follow(state(beam=False), warming=False)
    assert not bench.lane.records
    bench.tube.follow(state(beam=True, kv=low + 2), warming=True)
    bench.tube.follow(state(beam=False), warming=False)
    assert bench.lane.records == 1
