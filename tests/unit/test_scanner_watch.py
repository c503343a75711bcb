from dataclasses import replace

from edge.scanner import watch
from edge.scanner.watch import STANDS_FOR, Motion, Pulse
from tests.unit.test_tracking import EMPTY


def stands(looks: list[tuple[float, float]], scanning: bool = True) -> list[bool]:
    """Return what is said at each look: (monotonic s, mm)."""
    motion = Motion()
    motion.watch(scanning=scanning)
    return [motion.stands(replace(EMPTY, position=mm), at) for at, mm in looks]


def test_a_belt_that_moves_does_not_stand() -> None:
    assert not any(stands([(0.02 * i, 8.0 * i) for i in range(50)]))


def test_a_belt_that_has_not_started_yet_does_not_stand() -> None:
    assert not any(stands([(0.02 * i, 100.0) for i in range(50)]))


def test_a_belt_that_stops_stands_a_tenth_of_a_second_later() -> None:
    looks = [(0.0, 0.0), (0.02, 8.0), (0.04, 16.0), (0.1, 16.2), (0.13, 16.2), (0.15, 16.2)]
    assert stands(looks) == [False, False, False, False, False, True]
    assert STANDS_FOR == 0.1


def test_a_late_look_at_a_belt_that_moved_is_no_standstill() -> None:
    assert not any(stands([(0.0, 0.0), (0.02, 8.0), (0.9, 300.0)]))


def test_nobody_looks_outside_a_scan() -> None:
    looks = [(0.0, 0.0), (0.02, 8.0), (5.0, 8.0)]
    assert not any(stands(looks, scanning=False))


def test_silence_grows_until_the_next_beat() -> None:
    pulse = Pulse(at=watch.CLOCK() - 3.0)
    assert pulse.silent_for() >= 3.0
    pulse.beat()
    assert pulse.silent_for() < 1.0
