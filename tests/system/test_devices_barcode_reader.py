"""The same driver and the same reader over a real port, by address only."""

import pytest

from drivers.barcode_reader.reader import BarcodeReader, Dialect, Scan
from drivers.errors import LinkLost
from drivers.link import open_link
from drivers.patience import Patience
from simulators.barcode_reader.device import FakeBarcodeReader
from simulators.serve import on_pty, on_tcp

SEAL = bytes(range(256))
PATIENT = Patience(answer_within=2.0)  # a busy test machine is no fault of the line


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_same_driver_same_device_real_bytes(serve) -> None:
    device = FakeBarcodeReader(reads_in=0.0, lit=False)
    with serve(device) as address:
        reader = BarcodeReader(open_link(address), patience=PATIENT)
        device.show(SEAL, "]d1")
        reader.trigger(on=True)  # and the host is there to hear what follows
        assert reader.poll(30) == Scan(SEAL, "]d1")
        reader.close()


def test_a_pulled_cable_is_lost() -> None:
    device = FakeBarcodeReader(Dialect.LINES)
    with on_tcp(device) as address:
        reader = BarcodeReader(open_link(address), Dialect.LINES)
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            reader.poll(30)
        reader.close()
