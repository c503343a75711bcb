import pytest

from drivers.conveyor.conveyor import Conveyor
from drivers.conveyor.registers import Belt, ConveyorState, Diverter, Fault, Input, decode
from drivers.errors import Garbled, NoAnswer, Refused
from drivers.patience import Patience
from simulators.cable import Cable, SimulatedTime
from simulators.conveyor.belt import BEAM, DIVERTER, END, ENTRY, EXIT
from simulators.conveyor.device import FakeConveyor


class Bench:
    """A conveyor, its driver, and the time they share."""

    def __init__(self) -> None:
        self.device = FakeConveyor()
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.conveyor = Conveyor(link, Patience(0.05, 2), clock=self.time)
        self.beats = 0

    def wait(self, seconds: float) -> ConveyorState:
        """Let time pass as a live host does: beating four times a second."""
        while seconds > 1e-9:
            self.beats += 1
            self.conveyor.heartbeat(self.beats)
            self.time.advance(min(0.25, seconds))
            seconds -= 0.25
        return self.conveyor.read()


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.conveyor.heartbeat(0xFFFF)
    return bench


# Golden bytes, from docs/devices/conveyor.md ---------------------------------------------------


class Wire:
    def __init__(self, answer: str) -> None:
        self.answer, self.sent = bytes.fromhex(answer), []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def read(self, timeout: float) -> bytes:
        return self.answer if self.sent else b""

    def close(self) -> None: ...


def test_the_poll_is_the_frame_of_the_document() -> None:
    wire = Wire("02041C 0001 0001 00C8 FFFF FF9C 0001 0018 0002 0000 0000 002A 0E10 0005 0003 8977")
    state = Conveyor(wire).read()
    assert wire.sent == [bytes.fromhex("02 04 0000 000E 71FD")]
    assert (state.belt, state.speed, state.position) == (Belt.FORWARD, 200.0, -10.0)
    assert (state.entry_barrier, state.exit_barrier) == (True, False)
    assert (state.interlock_closed, state.beam_permitted, state.host_silent) == (True, True, False)
    assert (state.diverter, state.heartbeat, state.controller_beat) == (Diverter.DIVERT, 42, 3600)
    assert (state.items_in, state.items_out) == (5, 3)


def test_run_is_the_frame_of_the_document() -> None:
    wire = Wire("02 10 0000 0002 41FB")
    Conveyor(wire).run(200)
    assert wire.sent == [bytes.fromhex("02 10 0000 0002 04 00C8 0001 BCD5")]


def test_another_map_or_an_unknown_value_is_refused() -> None:
    good = FakeConveyor().inputs()
    for register, value in ((Input.MAP, 2), (Input.BELT, 9), (Input.DIVERTER, 7)):
        with pytest.raises(ValueError, match=r"7|9|map 2"):
            decode([*good[:register], value, *good[register + 1 :]])


# Manners ---------------------------------------------------------------------------------------


def test_an_item_passes(bench: Bench) -> None:
    bench.device.place("suitcase", 500)
    bench.conveyor.run(500)
    state = bench.wait(0.25)
    assert (state.belt, state.speed) == (Belt.FORWARD, 250.0)
    state = bench.wait(ENTRY / 500)
    assert (state.speed, state.entry_barrier, state.exit_barrier) == (500.0, True, False)
    bench.wait((BEAM - ENTRY) / 500)
    item, depth = bench.device.belt.in_beam
    assert (item.tag, 0 < depth < 100) == ("suitcase", True)
    state = bench.wait((EXIT - BEAM) / 500)
    assert (state.items_in, state.items_out, state.exit_barrier) == (1, 0, True)
    state = bench.wait((END - EXIT + 500) / 500)
    assert (state.items_in, state.items_out) == (1, 1)
    assert state.position == pytest.approx(bench.device.belt.position, abs=0.1)
    assert [(i.tag, how) for i, how in bench.device.belt.gone] == [("suitcase", Diverter.RELEASE)]


def test_hold_lets_them_queue_and_divert_takes_one(bench: Bench) -> None:
    for tag in ("a", "b"):
        bench.device.place(tag, 300)
    bench.conveyor.divert(Diverter.HOLD)
    bench.conveyor.run(1000)
    assert bench.wait(0.25).diverter is Diverter.MOVING
    assert bench.wait(4).diverter is Diverter.HOLD
    assert [i.front for i in bench.device.belt.items] == [DIVERTER, DIVERTER - 320]
    bench.conveyor.divert(Diverter.DIVERT)
    bench.wait(0.5)
    bench.conveyor.divert(Diverter.RELEASE)
    bench.wait(4)
    assert [i.tag for i, how in bench.device.belt.gone if how is Diverter.DIVERT][:1] == ["a"]
    assert not bench.device.belt.items


def test_stop_and_reverse(bench: Bench) -> None:
    bench.conveyor.run(100)
    bench.wait(1)
    bench.conveyor.stop()
    state = bench.wait(0.5)
    assert (state.belt, state.speed) == (Belt.STOPPED, 0.0)
    bench.conveyor.reverse(200)
    state = bench.wait(2)
    assert (state.belt, state.speed) == (Belt.REVERSE, 200.0)
    assert state.position < 0


def test_a_speed_outside_the_range_is_never_sent(bench: Bench) -> None:
    for speed in (0, 49, 1001, float("nan")):
        with pytest.raises(ValueError, match="outside 50–1000"):
            bench.conveyor.run(speed)


OPENERS = ["set_emergency_stop", "set_person_in_zone", "set_door"]


@pytest.mark.parametrize("opener", OPENERS)
def test_the_chain_drops_the_permission_and_does_not_give_it_back(bench: Bench, opener) -> None:
    bench.conveyor.permit_beam(True)
    assert bench.conveyor.read().beam_permitted
    getattr(bench.device, opener)(True)
    assert not bench.device.beam_permitted  # wired: before any poll
    state = bench.wait(0.1)
    assert (state.interlock_closed, state.beam_permitted) == (False, False)
    assert [state.emergency_stop, state.person_in_zone, state.door_open] == [
        name == opener for name in OPENERS
    ]
    with pytest.raises(Refused, match=r"permit the beam: (interlock open|emergency stop)"):
        bench.conveyor.permit_beam(True)
    bench.conveyor.permit_beam(False)  # never refused
    getattr(bench.device, opener)(False)
    state = bench.wait(0.1)
    assert (state.interlock_closed, state.beam_permitted) == (True, False)
    bench.conveyor.permit_beam(True)
    assert bench.conveyor.read().beam_permitted


def test_an_emergency_stop_stops_the_belt(bench: Bench) -> None:
    bench.conveyor.run(300)
    bench.wait(1)
    bench.device.set_emergency_stop(True)
    assert bench.wait(0.5).belt is Belt.STOPPED
    with pytest.raises(Refused, match="run forward: emergency stop"):
        bench.conveyor.run(300)
    bench.device.set_emergency_stop(False)
    assert bench.wait(0.5).belt is Belt.STOPPED
    bench.conveyor.run(300)


def test_a_silent_host_stops_belt_and_beam(bench: Bench) -> None:
    bench.conveyor.run(300)
    bench.conveyor.permit_beam(True)
    bench.wait(1)
    bench.time.advance(2)
    state = bench.conveyor.read()
    assert (state.host_silent, state.belt, state.beam_permitted) == (True, Belt.STOPPED, False)
    for command in (lambda: bench.conveyor.run(300), lambda: bench.conveyor.permit_beam(True)):
        with pytest.raises(Refused, match="host silent"):
            command()
    bench.conveyor.heartbeat(999)
    bench.conveyor.permit_beam(True)


def test_a_controller_never_spoken_to_refuses() -> None:
    with pytest.raises(Refused, match="host silent"):
        Bench().conveyor.run(300)


def test_the_watchdog_time_is_a_setting(bench: Bench) -> None:
    bench.conveyor.watchdog(0.2)
    bench.time.advance(0.3)
    assert bench.conveyor.read().host_silent
    with pytest.raises(Refused):
        bench.conveyor.watchdog(0.1)


def test_a_jam_stops_and_latches(bench: Bench) -> None:
    bench.conveyor.run(300)
    bench.wait(0.5)
    bench.device.faults.jam = True
    state = bench.wait(1)
    assert (state.belt, state.faults) == (Belt.STOPPED, Fault.JAM)
    with pytest.raises(Refused, match="acknowledge its fault: fault still there"):
        bench.conveyor.acknowledge_fault()
    bench.device.faults.jam = False
    with pytest.raises(Refused, match="fault latched"):
        bench.conveyor.run(300)
    bench.conveyor.acknowledge_fault()
    bench.conveyor.run(300)
    assert bench.wait(1).speed == 300


@pytest.mark.parametrize(
    ("fault", "latched"),
    [("stuck_entry_barrier", Fault.ENTRY_BARRIER), ("stuck_exit_barrier", Fault.EXIT_BARRIER)],
)
def test_a_stuck_barrier_is_found(bench: Bench, fault: str, latched: Fault) -> None:
    setattr(bench.device.faults, fault, True)
    bench.conveyor.run(1000)
    assert not bench.wait(1).faults
    assert bench.wait(2).faults == latched


def test_a_stuck_diverter_is_found(bench: Bench) -> None:
    bench.device.faults.stuck_diverter = True
    bench.conveyor.divert(Diverter.HOLD)
    state = bench.wait(2)
    assert (state.diverter, state.faults) == (Diverter.MOVING, Fault.DIVERTER)


def test_a_frozen_encoder_shows(bench: Bench) -> None:
    bench.device.faults.frozen_encoder = True
    bench.conveyor.run(300)
    state = bench.wait(1)
    assert (state.position, state.speed) == (0.0, 300.0)


def test_a_halted_controller_shows_in_its_beat(bench: Bench) -> None:
    bench.device.faults.halt = True
    before = bench.conveyor.read().controller_beat
    assert bench.wait(1).controller_beat == before


def test_the_line_faults(bench: Bench) -> None:
    for fault in ("garble", "truncate", "mute", "noise"):
        setattr(bench.device.faults, fault, 1)
        assert bench.conveyor.read().belt is Belt.STOPPED
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="conveyor"):
        bench.conveyor.stop()
    bench.device.faults.truncate = 2
    with pytest.raises(Garbled, match="conveyor"):
        bench.conveyor.read()
