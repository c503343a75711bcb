"""The same driver and the same detector over loopback TCP, by address only."""

import time

import numpy as np
import pytest

from drivers.detector.codec import Order
from drivers.detector.detector import Detector
from drivers.detector.ring import Tally
from drivers.errors import LinkLost
from drivers.link import open_link
from simulators.detector.device import FakeDetector
from simulators.serve import on_tcp


def test_same_driver_same_device_real_bytes() -> None:
    scene = np.random.default_rng(1).integers(0, 65536, (64, 2, 256), np.uint16)
    with on_tcp(FakeDetector(scene)) as address:
        detector = Detector(open_link(address))
        detector.configure(rate=2000.0, order=Order.BIG)  # it remembers 2 s for a busy host
        ring = detector.start()
        deadline = time.monotonic() + 30
        seen = 0
        while seen < 1000:
            assert time.monotonic() < deadline
            block = detector.read(at_least=100)
            seen += len(block)
            assert np.array_equal(block.counts.transpose(1, 0, 2), scene[block.numbers % 64])
        detector.stop()
        detector.close()
    assert ring.tally == Tally()


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
        ring = again.start()
        assert again.read().present.all()
        assert ring.tally == Tally()
        again.close()
