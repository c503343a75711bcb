"""The same driver and the same camera over a real port, by address only."""

import time

import pytest

from drivers.container_camera.camera import BAUDRATE, ContainerCamera
from drivers.link import open_link
from drivers.patience import Patience
from simulators.container_camera.device import FakeContainerCamera
from simulators.serve import on_pty, on_tcp


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakeContainerCamera()
    with serve(device) as address:
        camera = ContainerCamera(open_link(address, BAUDRATE), Patience(answer_within=2.0))
        camera.light(on=True)
        device.container_passes("MWCU6059784", "45G1")
        deadline = time.monotonic() + 30
        while (seen := camera.poll(0.2)) is None:
            assert time.monotonic() < deadline
        assert (seen.text, seen.size_type) == ("MWCU6059784", "45G1")
        camera.close()
