"""The same driver and the same portal over a real port, by address only."""

import time

import pytest

from drivers.link import open_link
from drivers.radiation.codec import OccupancyEnd, Ray, Scan
from drivers.radiation.portal import BAUDRATE, RadiationPortal
from simulators.radiation.device import FakePortal
from simulators.serve import on_pty, on_tcp


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakePortal()
    with serve(device) as address:
        portal = RadiationPortal(open_link(address, BAUDRATE))
        device.vehicle_enters(length=3.0, kph=18.0, gamma=5000.0)
        heard, deadline = [], time.monotonic() + 30
        while not (heard and isinstance(heard[-1], OccupancyEnd)):
            assert time.monotonic() < deadline
            heard += filter(None, [portal.poll(0.5)])
        assert any(isinstance(e, Scan) and e.ray is Ray.GAMMA and e.alarm for e in heard)
        portal.close()
