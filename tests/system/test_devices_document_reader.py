"""The same driver and the same reader over a real port, by address only."""

import pytest

from drivers.document_reader.reader import Detected, Dialect, DocumentReader, Placed, Removed
from drivers.errors import LinkLost
from drivers.link import open_link
from drivers.patience import Patience
from simulators.document_reader.device import FakeDocumentReader
from simulators.serve import on_pty, on_tcp

PATIENT = Patience(answer_within=2.0)  # a busy test machine is no fault of the line
TD2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
@pytest.mark.parametrize("dialect", Dialect)
def test_same_driver_same_device_real_bytes(serve, dialect: Dialect) -> None:
    device = FakeDocumentReader(dialect, reads_in=0.02)
    with serve(device) as address:
        reader = DocumentReader(open_link(address), dialect, PATIENT)
        assert reader.inquire() == Removed()  # and the host is there to hear what follows
        device.place(TD2)
        assert [reader.poll(30), reader.poll(30)] == [Detected(), Placed(TD2)]
        device.remove()
        assert reader.poll(30) == Removed()
        reader.close()


def test_a_pulled_cable_is_lost_and_the_state_is_asked_again() -> None:
    device = FakeDocumentReader(reads_in=0.0)
    with on_tcp(device) as address:
        reader = DocumentReader(open_link(address))
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            reader.poll(30)
        reader.close()
        device.place(TD2)
        device.tick(0.01)
        reader = DocumentReader(open_link(address), patience=PATIENT)
        said = [reader.inquire()]
        while said[-1] != Placed(TD2):  # a Detected may still have been on its way
            said.append(reader.poll(30))
        assert set(said) <= {Detected(), Placed(TD2)}
        reader.close()
