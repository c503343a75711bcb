from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.inspection import Day
from drivers.conveyor.registers import ConveyorState
from drivers.xray_source.source import ReadBack, SourceStatus
from edge.scanner import devices
from edge.scanner.config import DoseEstimate
from edge.scanner.devices import SourceState
from edge.scanner.dose import DoseBook, Exposed, kerma
from edge.scanner.lookout import Lookout
from tests.unit.test_tracking import EMPTY

HOW = DoseEstimate(output=100.0, at_kv=160.0, distance=1.0)
TUBE = ReadBack(kv=160.0, ma=1.0, temperature=25.0)
TODAY, TOMORROW = date(2026, 3, 1), date(2026, 3, 2)


def test_the_estimate_is_charge_times_output_by_voltage_and_distance_squared() -> None:
    assert kerma(HOW, TUBE, 2.0) == pytest.approx(200.0)
    assert kerma(HOW, ReadBack(80.0, 1.0, 25.0), 2.0) == pytest.approx(50.0)
    assert kerma(HOW, ReadBack(160.0, 3.0, 25.0), 2.0) == pytest.approx(600.0)
    far = DoseEstimate(output=100.0, at_kv=160.0, distance=2.0)
    assert kerma(far, TUBE, 2.0) == pytest.approx(50.0)


def test_a_dark_tube_gives_nothing() -> None:
    assert kerma(HOW, ReadBack(0.0, 0.0, 25.0), 10.0) == 0


@given(st.lists(st.floats(0, 5), max_size=20))
def test_a_day_is_the_sum_of_what_was_on(seconds: list[float]) -> None:
    book = DoseBook.opened(HOW, None, TODAY)
    total = sum((book.on(TUBE, each) for each in seconds), Exposed())
    assert book.day.beam_on_s == pytest.approx(total.seconds)
    assert book.day.dose_estimate_ugy == pytest.approx(total.micrograys)


def test_a_day_is_kept_over_a_restart_and_ends_at_midnight() -> None:
    book = DoseBook.opened(HOW, None, TODAY)
    book.on(TUBE, 2.0)
    kept = book.counted().model_dump_json()
    again = DoseBook.opened(HOW, kept, TODAY)
    assert again.day == Day(day=TODAY, items=1, beam_on_s=2.0, dose_estimate_ugy=200.0)
    assert DoseBook.opened(HOW, kept, TOMORROW).day.items == 0
    again.turn(TOMORROW)
    assert (again.day.day, again.day.beam_on_s) == (TOMORROW, 0.0)


@pytest.mark.parametrize("kept", ["", "{", "null", '{"day": "tomorrow"}'])
def test_a_spoilt_page_begins_anew(kept: str) -> None:
    assert DoseBook.opened(HOW, kept, TODAY).day.items == 0


# From look to look; TUBE is what was asked for: 100 μGy a second ----------------------------------

DARK = ReadBack(kv=0.0, ma=0.0, temperature=25.0)
HALF = ReadBack(kv=80.0, ma=1.0, temperature=25.0)
HIGH = ReadBack(kv=160.0, ma=1.5, temperature=25.0)


class Looks:
    """A lookout that is told what the devices say, and what it says the beam did in all."""

    def __init__(self) -> None:
        self.now = 0.0
        self.book = DoseBook.opened(HOW, None, TODAY)
        tube = SimpleNamespace(kilovolts=TUBE.kv, milliamperes=TUBE.ma)
        config: Any = SimpleNamespace(devices=SimpleNamespace(xray_source=tube))
        clock: Any = SimpleNamespace(monotonic=lambda: self.now)
        faults = SimpleNamespace(clear=lambda *_: None)
        nobody: Any = SimpleNamespace(faults=faults)
        self.lookout = Lookout(config, nobody, nobody, clock)
        self.told = Exposed()
        self._beat = 0

    def tube(self, at: float, on: bool, reads: ReadBack | None = None) -> None:
        self.now = at
        reads = reads or (TUBE if on else DARK)
        state = SourceState(SourceStatus(on, interlock_closed=True, fault=False), reads)
        self.told += self.lookout.tube(state, self.book)

    def relay(self, at: float, permits: bool) -> None:
        self.now = at
        self._beat += 1
        state: ConveyorState = replace(EMPTY, beam_permitted=permits, controller_beat=self._beat)
        self.told += self.lookout.belt(state, self.book)

    def lost(self) -> None:
        self.lookout.lost(devices.SOURCE)

    def tells(self, seconds: float, micrograys: float) -> None:
        assert (self.told.seconds, self.told.micrograys) == pytest.approx((seconds, micrograys))
        assert self.book.day.beam_on_s == pytest.approx(seconds)
        assert self.book.day.dose_estimate_ugy == pytest.approx(micrograys)


@pytest.fixture
def looks() -> Looks:
    made = Looks()
    made.tube(0.0, on=False)
    return made


def test_the_times_in_which_the_beam_came_and_went_count_whole(looks: Looks) -> None:
    """On from 0.02 to 0.98 s: 0.96 s and 96 μGy in truth."""
    for step in range(1, 20):
        looks.tube(0.05 * step, on=True)
    assert looks.lookout.radiates
    looks.tube(1.0, on=False)
    assert not looks.lookout.radiates
    looks.tells(1.0, 100.0)
    looks.tube(1.05, on=False)
    looks.tells(1.0, 100.0)


def test_the_higher_of_both_readings_counts(looks: Looks) -> None:
    looks.tube(0.1, on=True, reads=HALF)  # it came, to what was asked: 0.1 s at 100 μGy/s
    looks.tells(0.1, 10.0)
    looks.tube(0.2, on=True, reads=HALF)  # 0.1 s at 160 ⁄ 4 = 25 μGy/s
    looks.tells(0.2, 12.5)
    looks.tube(0.3, on=True, reads=HIGH)  # 0.1 s at 150 μGy/s
    looks.tells(0.3, 27.5)
    looks.tube(0.4, on=True, reads=HALF)  # as before
    looks.tells(0.4, 42.5)
    looks.tube(0.5, on=False, reads=DARK)  # it went, from what was asked
    looks.tells(0.5, 52.5)


def test_a_beam_that_a_crash_left_on_counts_from_the_programmes_start() -> None:
    looks = Looks()
    looks.tube(0.4, on=True)
    looks.tells(0.4, 40.0)


def test_a_generator_that_is_away_is_on_until_the_relay_is_seen_dropped(looks: Looks) -> None:
    looks.relay(0.01, permits=True)
    looks.tube(0.05, on=True)
    looks.relay(0.06, permits=True)
    looks.relay(0.25, permits=False)  # the lane stopped: it does not hear the generator any more
    looks.tells(0.05, 5.0)
    looks.lost()
    assert looks.lookout.radiates
    looks.relay(1.5, permits=False)
    looks.tells(0.25, 25.0)
    assert not looks.lookout.radiates
    looks.tube(9.0, on=False)
    looks.tells(0.25, 25.0)


def test_a_generator_that_comes_back_on_was_on(looks: Looks) -> None:
    looks.tube(0.1, on=True)
    looks.lost()
    looks.relay(0.3, permits=True)
    looks.tube(2.0, on=True, reads=HALF)
    looks.tells(2.0, 200.0)


def test_a_generator_that_says_on_when_the_relay_has_dropped_is_believed(looks: Looks) -> None:
    looks.tube(0.1, on=True)
    looks.relay(0.2, permits=False)
    looks.tube(0.3, on=True)
    looks.lost()
    looks.relay(0.4, permits=False)
    looks.tells(0.4, 40.0)


def test_with_neither_heard_it_counts_until_the_programme_ends(looks: Looks) -> None:
    looks.tube(0.1, on=True)
    looks.lost()
    looks.now = 3.0
    looks.told += looks.lookout.left(looks.book)
    looks.tells(3.0, 300.0)


def test_a_generator_that_is_heard_is_believed_though_the_relay_has_dropped(looks: Looks) -> None:
    looks.tube(0.1, on=True)
    looks.relay(0.12, permits=False)
    looks.tube(0.2, on=False)
    looks.relay(0.3, permits=False)
    looks.tells(0.2, 20.0)


def test_a_generator_lost_as_the_beam_was_to_come_may_have_had_it(looks: Looks) -> None:
    looks.relay(0.01, permits=True)
    looks.relay(0.15, permits=False)
    assert looks.lookout.radiates
    looks.lost()
    looks.relay(1.5, permits=False)
    looks.tells(0.15, 15.0)


def test_a_look_that_was_missed_is_no_dark_one(looks: Looks) -> None:
    looks.relay(0.01, permits=True)
    looks.relay(0.15, permits=False)
    looks.tube(0.5, on=False)
    looks.tells(0.15, 15.0)
    assert not looks.lookout.radiates


def test_a_beam_may_have_come_and_gone_while_the_generator_was_not_heard(looks: Looks) -> None:
    looks.relay(0.01, permits=True)
    looks.relay(0.28, permits=True)
    looks.tube(0.3, on=False)
    looks.tells(0.3, 30.0)


def test_a_beam_cut_as_it_was_to_come_may_have_come(looks: Looks) -> None:
    looks.relay(0.01, permits=True)
    looks.relay(0.03, permits=False)
    looks.tube(0.05, on=False)
    looks.tells(0.03, 3.0)


def test_a_beam_that_is_permitted_and_seen_off_is_off(looks: Looks) -> None:
    for step in range(1, 20):
        looks.relay(0.05 * step - 0.01, permits=True)
        looks.tube(0.05 * step, on=False)
    looks.tells(0.0, 0.0)


BELT = 0.02  # s between two looks at the conveyor
moments = st.floats(0.001, 0.3)


@given(
    gaps=st.lists(st.tuples(moments, st.booleans()), min_size=1, max_size=20),
    came=st.floats(0.0, 1.5),
    lasts=st.floats(0.11, 2.0),
    rises=st.floats(0.001, 0.5),
    drops=st.floats(0.0, 0.1),
    gives_up=st.integers(1, 4),
)
def test_what_is_told_is_never_less_than_the_truth(
    gaps: list[tuple[float, bool]],
    came: float,
    lasts: float,
    rises: float,
    drops: float,
    gives_up: int,
) -> None:
    """One beam that rises to its level; looks at any time, some unheard, the link given up."""
    went = came + lasts
    looks, events, at, missed = Looks(), [], 0.0, 0
    looks.tube(0.0, on=False)
    for gap, heard in [*gaps, (0.3, True)]:
        at += gap
        missed = 0 if heard else missed + 1
        events.append((at, "seen" if heard else "lost" if missed >= gives_up else "missed"))
    end = max(at, went + drops) + 0.1
    events += [(BELT * step, "belt") for step in range(int(end / BELT))] + [(end, "seen")]
    for now, what in sorted(events):
        lit = came <= now < went
        if what == "belt":
            looks.relay(now, permits=came <= now < went + drops)
        elif what == "seen":
            kv = TUBE.kv * min(1.0, (now - came) / rises) if lit else 0.0
            looks.tube(now, on=lit, reads=ReadBack(kv, TUBE.ma * lit, 25.0))
        elif what == "lost":
            looks.lost()
    steep = min(lasts, rises)
    truth = 100.0 * (steep**3 / (3 * rises**2) + lasts - steep)
    assert looks.told.seconds >= lasts - 1e-9
    assert looks.told.micrograys >= truth - 1e-9
    assert not looks.lookout.radiates
