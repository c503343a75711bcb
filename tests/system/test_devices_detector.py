"""The same driver and the same detector over loopback TCP, by address only."""

import time

import numpy as np
import pytest

from drivers.detector.codec import Order
from drivers.detector.detector import Detector
from drivers.errors import LinkLost
from drivers.link import open_link
from simulators.detector.device import FakeDetector
from simulators.serve import on_tcp


def test_same_driver_same_device_real_bytes() -> None:
    scene = np.random.default_rng(1).integers(0, 65536, (64, 2, 256), np.uint16)
    with on_tcp(FakeDetector(scene)) as address:
        detector = Detector(open_link(address))
        detector.configure(rate=5000.0, order=Order.BIG)
        detector.start()
        blocks = []
        deadline = time.monotonic() + 5
        while sum(len(b.lines) for b in blocks) < 1000:
            assert time.monotonic() < deadline
            blocks.append(detector.read(at_least=100))
        detector.stop()
        detector.close()
    assert all(b.lost == () and b.torn == 0 for b in blocks)
    for block in blocks:
        assert np.array_equal(block.lines, scene[block.numbers % 64])


def test_a_pulled_cable_is_lost() -> None:
    device = FakeDetector(lambda n: np.zeros((1, 8), np.uint16))
    with on_tcp(device) as address:
        detector = Detector(open_link(address))
        detector.start()
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            [detector.read() for _ in range(1000)]
        detector.close()
        again = Detector(open_link(address))
        again.start()
        assert again.read().lost == ()
        again.close()
