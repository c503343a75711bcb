"""The same driver and the same generator over a real port, by address only."""

import time

import pytest

from drivers.errors import LinkLost
from drivers.link import open_link
from drivers.patience import Patience
from drivers.xray_source.source import BAUDRATE, XraySource
from simulators.serve import on_pty, on_tcp
from simulators.xray_source.device import FakeXraySource
from simulators.xray_source.tube import WARM_UP


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakeXraySource()
    device.tick(WARM_UP)
    with serve(device) as address:
        source = XraySource(open_link(address, BAUDRATE), patience=Patience(answer_within=2.0))
        source.set_kv(20)
        source.set_ma(0.5)
        source.beam(True)
        deadline = time.monotonic() + 30
        while source.read_back().ma == 0:
            assert time.monotonic() < deadline
        took = []
        for _ in range(5):
            source.beam(True)
            start = time.perf_counter()
            source.beam(False)
            took.append(time.perf_counter() - start)
            assert not device.beam_on
        assert min(took) < 0.05  # s of the 0.2 allowed for the whole chain
        source.close()


def test_a_pulled_cable_is_lost() -> None:
    device = FakeXraySource()
    with on_tcp(device) as address:
        source = XraySource(open_link(address))
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            [source.status() for _ in range(100)]
        source.close()
