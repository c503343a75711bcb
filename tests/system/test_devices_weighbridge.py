"""The same driver and the same weighbridge over a real port, by address only."""

import pytest

from drivers.errors import LinkLost
from drivers.link import open_link
from drivers.weighbridge.weighbridge import BAUDRATE, Weighbridge
from simulators.serve import on_pty, on_tcp
from simulators.weighbridge.device import FakeWeighbridge


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakeWeighbridge()
    device.drive_on(38_123.0)
    device.tick(10)
    with serve(device) as address:
        bridge = Weighbridge(open_link(address, BAUDRATE))
        assert bridge.weigh(within=30).kilograms == 38_120.0
        bridge.close()


def test_a_pulled_cable_is_lost() -> None:
    device = FakeWeighbridge()
    with on_tcp(device) as address:
        bridge = Weighbridge(open_link(address))
        bridge.read()
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            [bridge.read() for _ in range(100)]
        bridge.close()
