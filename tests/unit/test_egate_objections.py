"""How a gate is wired against how the authority ordered it: every pair, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.lists import OnFire, OnPowerLoss, SitePolicy, WithoutCentral
from drivers.gate import registers
from drivers.gate.registers import Crossings, Fault, GateState, Lamps, Leaf, Power
from edge.egate.objections import WIRED_OTHERWISE, Objections, wired_otherwise
from edge.runtime.faults import FaultBook

STATE = GateState(
    entry=Leaf.CLOSED,
    exit=Leaf.CLOSED,
    entry_curtain=False,
    exit_curtain=False,
    occupancy=0,
    emergency_stop=False,
    fire=False,
    host_silent=False,
    power=Power.MAINS,
    faults=Fault(0),
    lamps=Lamps(),
    buzzer=False,
    heartbeat=0,
    controller_beat=0,
    crossings=Crossings(),
)
POLICY = SitePolicy(
    site="test",
    authority="the tests",
    on_fire=OnFire.EXIT_OPENS,
    on_power_loss=OnPowerLoss.LEAVES_OPEN,
    without_central=WithoutCentral(hours=24, then="close"),
    watchlist_hours=24,
    false_match_rate=0.001,
)
OTHERWISE = replace(STATE, on_fire=registers.OnFire.EXIT_STAYS)


class Lists:
    """What the lists say, as ``Standing`` tells it."""

    policy: SitePolicy | None = POLICY
    closes = False

    @property
    def objection(self) -> str | None:
        return None if self.policy is not None else "no policy"


def of(lists: Lists, gate: GateState | None) -> Objections:
    return Objections(lists, lambda: gate)  # type: ignore[arg-type]


@pytest.mark.parametrize("wired", registers.OnFire)
@pytest.mark.parametrize("ordered", OnFire)
def test_fire(wired: registers.OnFire, ordered: OnFire) -> None:
    told = wired_otherwise(
        POLICY.model_copy(update={"on_fire": ordered}), replace(STATE, on_fire=wired)
    )
    same = {(0, "exit-opens"), (1, "exit-stays")}
    assert (told is None) == ((int(wired), str(ordered)) in same)


@pytest.mark.parametrize("wired", registers.OnPowerLoss)
@pytest.mark.parametrize("ordered", OnPowerLoss)
def test_loss_of_power(wired: registers.OnPowerLoss, ordered: OnPowerLoss) -> None:
    told = wired_otherwise(
        POLICY.model_copy(update={"on_power_loss": ordered}), replace(STATE, on_power_loss=wired)
    )
    same = {(0, "leaves-open"), (1, "leaves-stay")}
    assert (told is None) == ((int(wired), str(ordered)) in same)


def test_both_are_told() -> None:
    gate = replace(OTHERWISE, on_power_loss=registers.OnPowerLoss.LEAVES_STAY)
    told = wired_otherwise(POLICY, gate)
    assert told is not None
    assert "on fire it is wired exit-stays, ordered is exit-opens" in told
    assert "without power it is wired leaves-stay, ordered is leaves-open" in told


def test_without_a_policy_nothing_opens() -> None:
    lists = Lists()
    lists.policy = None
    assert of(lists, STATE).to_opening == "no policy"
    assert of(lists, None).to_opening == "no policy"
    assert of(lists, STATE).close


def test_a_gate_that_does_not_answer_is_another_matter() -> None:
    assert of(Lists(), None).to_opening is None  # it fails as a device: the table sees to it
    assert not of(Lists(), None).close


def test_nothing_closes_on_somebody_inside() -> None:
    lists = Lists()
    lists.closes = True
    assert of(lists, STATE).close
    inside = of(lists, replace(OTHERWISE, occupancy=1))
    assert not inside.close
    assert inside.to_opening is None
    assert of(lists, OTHERWISE).close
    assert of(lists, OTHERWISE).to_opening is not None


def test_it_is_told_once_and_cleared() -> None:
    told: list[tuple[str, bool]] = []
    faults = FaultBook(lambda: "idle", lambda fault: told.append((fault.name, fault.raised)))
    of(Lists(), OTHERWISE).watch(faults)
    of(Lists(), OTHERWISE).watch(faults)
    of(Lists(), None).watch(faults)  # nothing is known: nothing changes
    of(Lists(), STATE).watch(faults)
    assert told == [(WIRED_OTHERWISE, True), (WIRED_OTHERWISE, False)]
