"""The same driver and the same conveyor over a real port, by address only."""

import time

import pytest

from drivers.conveyor.conveyor import Belt, Conveyor
from drivers.link import open_link
from drivers.patience import Patience
from simulators.conveyor.device import FakeConveyor
from simulators.serve import on_pty, on_tcp


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakeConveyor()
    device.place("crate", 200)
    device.belt.items[0].front = 500.0  # 100 mm before the barrier
    with serve(device) as address:
        # A busy machine is not what is tested here.
        conveyor = Conveyor(open_link(address), patience=Patience(answer_within=2.0))
        conveyor.watchdog(10)
        conveyor.heartbeat(1)
        conveyor.permit_beam(True)
        conveyor.run(1000)
        deadline = time.monotonic() + 30
        beats = 1
        while not (state := conveyor.read()).entry_barrier:
            assert time.monotonic() < deadline
            beats += 1
            conveyor.heartbeat(beats)
        assert (state.belt, state.beam_permitted) == (Belt.FORWARD, True)
        conveyor.stop()
        conveyor.close()
