"""One look at the generator: two questions, and what may happen between them."""

from __future__ import annotations

import pytest

from drivers.errors import DriverError, LinkLost, NoAnswer, Refused
from drivers.xray_source.source import Fault, ReadBack, SourceStatus
from edge.scanner.devices import GeneratorFault, SourcePoll
from edge.scanner.watch import Pulse


class Arcs:
    """A generator whose tube arcs, and is cut, between the first question and the second."""

    def __init__(self) -> None:
        self.asked = 0

    def status(self) -> SourceStatus:
        well = self._well()
        return SourceStatus(beam_on=well, interlock_closed=True, fault=not well)

    def read_back(self) -> ReadBack:
        well = self._well()
        return ReadBack(kv=160.0 * well, ma=1.0 * well, temperature=30.0)

    def _well(self) -> bool:
        self.asked += 1
        return self.asked == 1


def test_a_fault_that_cuts_the_beam_is_not_taken_for_a_beam_that_is_merely_lost() -> None:
    state = SourcePoll(Pulse())(Arcs())  # type: ignore[arg-type]
    assert state.status.fault


class Latched:
    """A generator with a fault, which names it or does not know the question."""

    def __init__(self, names: Fault | DriverError) -> None:
        self.names = names
        self.fault = True
        self.asked = 0

    def status(self) -> SourceStatus:
        return SourceStatus(beam_on=False, interlock_closed=True, fault=self.fault)

    def read_back(self) -> ReadBack:
        return ReadBack(kv=0.0, ma=0.0, temperature=30.0)

    def faults(self) -> Fault:
        self.asked += 1
        if isinstance(self.names, DriverError):
            raise self.names
        return self.names


def looks(source: Latched, count: int) -> list[Fault]:
    poll = SourcePoll(Pulse())
    return [poll(source).faults for _ in range(count)]  # type: ignore[arg-type]


def test_a_fault_is_told_at_once_and_named_at_the_next_look() -> None:
    source = Latched(Fault.ARC | Fault.OVER_CURRENT)
    names = source.names
    assert looks(source, 4) == [Fault(0), names, names, names]
    assert source.asked == 1


def test_a_fault_that_comes_again_is_named_again() -> None:
    source, poll = Latched(Fault.ARC), SourcePoll(Pulse())
    said = []
    for source.fault in (True, True, False, True, True):
        said.append(poll(source).faults)  # type: ignore[arg-type]
    assert said == [Fault(0), Fault.ARC, Fault(0), Fault(0), Fault.ARC]


@pytest.mark.parametrize("error", [Refused("unknown command"), NoAnswer("silent")])
def test_a_model_without_names_for_its_faults_is_no_device_that_fails(error: DriverError) -> None:
    source = Latched(error)
    assert looks(source, 4) == [Fault(0)] * 4
    assert source.asked == 1


def test_a_link_that_is_lost_meanwhile_passes_through() -> None:
    with pytest.raises(LinkLost):
        looks(Latched(LinkLost("pulled")), 2)


def test_the_lane_is_told_in_words() -> None:
    said = str(GeneratorFault(Fault.ARC | Fault.OVER_TEMPERATURE))
    assert said.startswith("latched: arc, over temperature;")
