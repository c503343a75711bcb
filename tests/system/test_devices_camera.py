"""The same driver and the same camera over loopback HTTP, by address only."""

import cv2
import numpy as np
import pytest

from drivers.camera.camera import Camera
from drivers.camera.sources import Capture
from drivers.errors import LinkLost, NoAnswer
from simulators.camera.device import FakeCamera, on_http


def scene(n: int) -> np.ndarray:
    image = np.full((240, 320, 3), 90, np.uint8)
    cv2.circle(image, (n % 320, 120), 30, (0, 0, 255), -1)
    return image


def test_same_driver_same_camera_real_bytes() -> None:
    device = FakeCamera(scene, rate=50)
    with on_http(device) as address:
        camera = Camera.open(address)
        first, *_, last = [camera.frame(30) for _ in range(10)]
        assert first.image.shape == (240, 320, 3)
        assert last.at > first.at
        assert not np.array_equal(first.image, last.image)
        device.faults.stall = True
        with pytest.raises(NoAnswer):
            [camera.frame(0.1) for _ in range(300)]  # some may have been on their way
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            camera.frame(30)
        camera.close()
        device.faults.stall = False
        camera = Camera.open(address)
        assert camera.frame(30).sequence == 1
        camera.close()


def test_opencv_reads_the_same_stream_and_says_when_it_ends() -> None:
    device = FakeCamera(scene, rate=50)
    with on_http(device) as address:
        source = Capture(address, timeout=2)
        assert source.read(2).shape == (240, 320, 3)
    with pytest.raises(LinkLost, match="ended"):
        [source.read(2) for _ in range(300)]
    source.close()
