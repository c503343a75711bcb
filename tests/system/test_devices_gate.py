"""The same driver and the same gate over a real port, by address only."""

import time

import pytest

from drivers.errors import LinkLost
from drivers.gate.gate import Gate
from drivers.gate.registers import Leaf
from drivers.link import open_link
from drivers.patience import Patience
from simulators.gate.device import FakeGate
from simulators.serve import on_pty, on_tcp


def insist(call) -> None:
    for _ in range(100):
        call()


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakeGate()
    with serve(device) as address:
        # A busy machine is not what is tested here.
        gate = Gate(open_link(address), patience=Patience(answer_within=2.0))
        gate.watchdog(10)
        gate.heartbeat(1)
        gate.command_entry(open=True)
        deadline = time.monotonic() + 30
        while gate.read().entry is not Leaf.OPEN:
            assert time.monotonic() < deadline
        gate.close()


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_a_poll_of_everything_is_quick(serve) -> None:
    with serve(FakeGate()) as address:
        gate = Gate(open_link(address))
        took = min(median_poll(gate) for _ in range(5))  # a busy machine may hold up some of them
        gate.close()
    print(f"{serve.__name__}: median poll {took * 1000:.2f} ms")
    assert took < 0.010  # s; aim of the gate loop


def median_poll(gate: Gate) -> float:
    took = []
    for _ in range(30):
        start = time.perf_counter()
        gate.read()
        took.append(time.perf_counter() - start)
    return sorted(took)[15]


def test_a_pulled_cable_is_lost_and_plugged_again() -> None:
    device = FakeGate()
    with on_tcp(device) as address:
        gate = Gate(open_link(address))
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            insist(gate.read)
        gate.close()
        gate = Gate(open_link(address))
        assert gate.read().entry is Leaf.CLOSED
        gate.close()
