import pytest

from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from drivers.gate.gate import Gate
from drivers.gate.registers import (
    Fault,
    GateState,
    Input,
    Lamp,
    Lamps,
    Leaf,
    OnFire,
    OnPowerLoss,
    Power,
    decode,
)
from drivers.patience import Patience
from simulators.cable import Cable, SimulatedTime
from simulators.gate.device import FakeGate
from simulators.gate.leaf import TRAVEL


class Bench:
    """A gate, its driver, and the time they share."""

    def __init__(self) -> None:
        self.device = FakeGate()
        self.time = SimulatedTime(self.device)
        self.gate = Gate(Cable(self.device, self.time.advance), Patience(0.05, 2), clock=self.time)
        self.beats = 0

    def wait(self, seconds: float) -> GateState:
        """Let time pass as a live host does: beating twice a second."""
        while seconds > 0:
            self.beats += 1
            self.gate.heartbeat(self.beats)
            self.time.advance(min(0.5, seconds))
            seconds -= 0.5
        return self.gate.read()


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.gate.heartbeat(0xFFFF)
    return bench


# Golden bytes, from docs/devices/gate.md -------------------------------------------------------


def test_the_poll_is_the_frame_of_the_document() -> None:
    sent = []

    class Wire:
        def write(self, data: bytes) -> None:
            sent.append(data)

        def read(self, timeout: float) -> bytes:
            if timeout and sent:
                return bytes.fromhex(
                    "01042A 0002 0002 0000 0001 0001 0004 0000 0000 0001 002A 0E10"
                    "0002 0001 0004 0000 0005 0001 0003 0000 0000 0001 FA98"
                )
            return b""

        def close(self) -> None:
            pass

    state = Gate(Wire()).read()
    assert sent == [bytes.fromhex("01 04 0000 0015 31C5")]
    assert (state.entry, state.exit, state.entry_curtain) == (Leaf.OPEN, Leaf.CLOSED, True)
    assert (state.occupancy, state.host_silent, state.fire) == (1, True, False)
    assert state.lamps == Lamps(Lamp.GREEN, Lamp.RED, Lamp.WHITE)
    assert (state.heartbeat, state.controller_beat) == (42, 3600)
    assert (state.crossings.entry_in, state.crossings.entry_out) == (5, 1)
    assert (state.crossings.exit_out, state.crossings.exit_in) == (3, 0)
    assert (state.on_fire, state.on_power_loss) == (OnFire.EXIT_OPENS, OnPowerLoss.LEAVES_STAY)


def test_another_map_or_an_unknown_value_is_garbled() -> None:
    good = FakeGate().inputs()
    for register, value in ((Input.MAP, 1), (Input.EXIT_LEAF, 9), (Input.POWER, 7)):
        with pytest.raises(ValueError, match=r"7|9|map 1"):
            decode([*good[:register], value, *good[register + 1 :]])


# Manners ---------------------------------------------------------------------------------------


def test_a_traveller_passes(bench: Bench) -> None:
    bench.gate.command_entry(open=True)
    assert bench.gate.read().entry is Leaf.OPENING
    assert bench.wait(TRAVEL + 0.1).entry is Leaf.OPEN
    bench.device.person_enters()
    assert bench.wait(0.9).entry_curtain
    state = bench.wait(2)
    assert (state.occupancy, state.crossings.entry_in) == (1, 1)
    bench.gate.command_entry(open=False)
    assert bench.wait(1).entry is Leaf.CLOSED
    bench.gate.command_exit(open=True)
    bench.wait(1)
    assert bench.device.person_leaves()
    assert bench.wait(1.0).exit_curtain
    state = bench.wait(2)
    assert (state.occupancy, state.crossings.exit_out, state.exit_curtain) == (0, 1, False)
    bench.gate.command_exit(open=False)
    assert bench.wait(1).exit is Leaf.CLOSED
    assert not state.faults


def test_a_closed_leaf_holds_people_back(bench: Bench) -> None:
    bench.device.person_enters()
    assert bench.wait(3).occupancy == 0
    bench.gate.command_entry(open=True)
    assert bench.wait(3).occupancy == 1
    bench.device.person_leaves()
    assert bench.wait(3).crossings.exit_out == 0


def test_a_tailgater_is_counted(bench: Bench) -> None:
    bench.gate.command_entry(open=True)
    bench.device.person_enters(followers=1)
    state = bench.wait(4)
    assert (state.occupancy, state.crossings.entry_in) == (2, 2)


def test_walking_back_and_coming_from_behind_are_counted(bench: Bench) -> None:
    bench.gate.command_entry(open=True)
    bench.device.person_enters()
    bench.wait(3)
    bench.device.person_turns_back()
    state = bench.wait(3)
    assert (state.occupancy, state.crossings.entry_out) == (0, 1)
    bench.gate.command_entry(open=False)
    bench.wait(1)
    bench.gate.command_exit(open=True)
    bench.device.person_comes_from_behind()
    state = bench.wait(3)
    assert (state.occupancy, state.crossings.exit_in) == (1, 1)


def test_a_leaf_never_closes_on_a_body(bench: Bench) -> None:
    bench.gate.command_entry(open=True)
    bench.wait(1)
    bench.device.person_enters()
    while not bench.wait(0.02).entry_curtain:
        pass
    bench.gate.command_entry(open=False)
    assert bench.wait(0.04).entry is Leaf.OBSTRUCTED
    assert bench.device.entry.passable
    assert bench.wait(2).entry is Leaf.CLOSED


def refused(bench: Bench, why: str, leaf: str = "entry", open: bool = True) -> None:
    with pytest.raises(Refused, match=f"{leaf}: {why}"):
        getattr(bench.gate, f"command_{leaf}")(open=open)


@pytest.mark.parametrize(("first", "second"), [("entry", "exit"), ("exit", "entry")])
def test_both_leaves_are_never_open_at_once(bench: Bench, first: str, second: str) -> None:
    getattr(bench.gate, f"command_{first}")(open=True)
    refused(bench, "other leaf not closed", second)
    bench.wait(1)
    refused(bench, "other leaf not closed", second)
    getattr(bench.gate, f"command_{first}")(open=False)
    refused(bench, "other leaf not closed", second)  # still closing
    bench.wait(1)
    getattr(bench.gate, f"command_{second}")(open=True)


def test_fire_opens_the_exit_in_hardware(bench: Bench) -> None:
    bench.device.set_fire(True)
    state = bench.wait(1)
    assert state.fire
    assert state.exit is Leaf.OPEN
    refused(bench, "fire", "exit", open=False)
    refused(bench, "fire", "entry")
    bench.device.set_emergency_stop(True)
    assert bench.wait(1).exit is Leaf.OPEN
    bench.device.set_fire(False)
    bench.device.set_emergency_stop(False)
    assert bench.wait(1).exit is Leaf.CLOSED


def test_fire_opens_the_exit_of_a_dead_host() -> None:
    device = FakeGate()
    device.set_fire(True)
    device.tick(1)
    assert device.exit.state is Leaf.OPEN


def test_emergency_stop_freezes_the_leaf(bench: Bench) -> None:
    bench.gate.command_entry(open=True)
    bench.wait(0.3)
    bench.device.set_emergency_stop(True)
    where = bench.device.entry.position
    assert 0 < where < 1
    assert bench.wait(5).emergency_stop
    assert bench.device.entry.position == where
    assert not bench.gate.read().faults
    refused(bench, "emergency stop")


def test_a_gate_wired_to_stay_stays_and_says_so(bench: Bench) -> None:
    bench.device.on_fire, bench.device.on_power_loss = OnFire.EXIT_STAYS, OnPowerLoss.LEAVES_STAY
    bench.device.set_fire(True)
    state = bench.wait(1.0)
    assert (state.exit, state.on_fire) == (Leaf.CLOSED, OnFire.EXIT_STAYS)
    bench.gate.command_exit(open=True)  # the way out is still the host's to open
    assert bench.wait(1.0).exit is Leaf.OPEN
    bench.device.set_power(Power.OFF)
    bench.gate.command_exit(open=False)
    state = bench.wait(1.0)
    assert (bench.device.exit.position, state.on_power_loss) == (1.0, OnPowerLoss.LEAVES_STAY)


def test_power_loss_lets_the_springs_open(bench: Bench) -> None:
    bench.device.set_power(Power.OFF)
    state = bench.wait(1)
    assert state.power is Power.OFF
    assert bench.device.entry.passable
    assert bench.device.exit.passable
    refused(bench, "no power")
    bench.device.set_power(Power.MAINS)
    assert bench.wait(1).entry is Leaf.CLOSED


def test_a_silent_host_makes_the_gate_safe(bench: Bench) -> None:
    bench.gate.lamps(Lamps(Lamp.GREEN, Lamp.RED, Lamp.WHITE))
    bench.gate.command_entry(open=True)
    assert bench.wait(1).lamps.entry is Lamp.GREEN
    bench.time.advance(3)
    state = bench.gate.read()
    assert (state.entry, state.host_silent) == (Leaf.CLOSED, True)
    assert state.lamps == Lamps(Lamp.RED, Lamp.RED, Lamp.RED)
    refused(bench, "host silent")
    bench.gate.heartbeat(bench.beats)  # the same beat again is not a sign of life
    assert bench.gate.read().host_silent
    bench.gate.heartbeat(bench.beats + 1)
    bench.gate.command_entry(open=True)


def test_a_controller_never_spoken_to_refuses() -> None:
    refused(Bench(), "host silent")


def test_the_watchdog_time_is_a_setting(bench: Bench) -> None:
    bench.gate.watchdog(0.5)
    bench.gate.heartbeat(1)
    bench.time.advance(0.6)
    assert bench.gate.read().host_silent
    with pytest.raises(Refused):
        bench.gate.watchdog(0.1)


@pytest.mark.parametrize("leaf", ["entry", "exit"])
def test_a_jam_is_latched_until_it_is_gone(bench: Bench, leaf: str) -> None:
    fault = {"entry": Fault.ENTRY_LEAF, "exit": Fault.EXIT_LEAF}[leaf]
    setattr(bench.device.faults, f"jam_{leaf}", True)
    getattr(bench.gate, f"command_{leaf}")(open=True)
    state = bench.wait(3)
    assert getattr(state, leaf) is Leaf.FAULT
    assert state.faults == fault
    with pytest.raises(Refused, match="fault still there"):
        bench.gate.acknowledge_fault()
    refused(bench, "fault latched", leaf)
    setattr(bench.device.faults, f"jam_{leaf}", False)
    bench.gate.acknowledge_fault()
    state = bench.wait(1)
    assert not state.faults
    assert getattr(state, leaf) is Leaf.OPEN


def test_a_stuck_curtain_is_found(bench: Bench) -> None:
    bench.device.faults.stuck_entry_curtain = True
    assert bench.wait(16).faults == Fault.ENTRY_CURTAIN
    refused(bench, "fault latched")
    bench.gate.command_exit(open=True)


def test_a_stuck_occupancy_sensor_is_found(bench: Bench) -> None:
    bench.device.faults.stuck_occupancy = True
    bench.gate.command_entry(open=True)
    bench.device.person_enters()
    assert bench.wait(6).faults == Fault.OCCUPANCY


def test_a_halted_controller_shows_in_its_beat(bench: Bench) -> None:
    before = bench.wait(1).controller_beat
    assert bench.wait(1).controller_beat == before + 10
    bench.device.faults.halt = True
    assert bench.wait(1).controller_beat == before + 10


def test_the_line_faults(bench: Bench) -> None:
    for fault in ("garble", "truncate", "mute"):
        setattr(bench.device.faults, fault, 1)
        assert bench.gate.read().entry is Leaf.CLOSED
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="gate"):
        bench.gate.read()
    bench.device.faults.garble = 2
    with pytest.raises(Garbled, match="gate"):
        bench.gate.read()
    bench.device.faults.refuse = 1
    with pytest.raises(Refused, match="DEVICE_FAILURE"):
        bench.gate.command_entry(open=True)


def test_buzzer_and_lamps_read_back(bench: Bench) -> None:
    bench.gate.buzzer(True)
    bench.gate.lamps(Lamps(Lamp.BLUE, Lamp.YELLOW, Lamp.OFF))
    state = bench.gate.read()
    assert state.buzzer
    assert state.lamps == Lamps(Lamp.BLUE, Lamp.YELLOW, Lamp.OFF)


def test_a_lost_link_is_named() -> None:
    class Gone:
        def write(self, data: bytes) -> None:
            raise LinkLost("gone")

        def read(self, timeout: float) -> bytes:
            return b""

        def close(self) -> None:
            pass

    with pytest.raises(LinkLost):
        Gate(Gone()).read()
