"""A gate whose cabinet is wired otherwise than the site's signed policy orders serves nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import lists, signing
from contract.command import Execution, Verb
from contract.envelope import canonical
from contract.lists import ListKind, Published, SitePolicy
from contract.signing import Purpose
from drivers.gate.registers import OnFire, OnPowerLoss
from edge.egate.objections import WIRED_OTHERWISE
from simulators.lanes.egate import EGateLane
from simulators.world.issuer import Issuer
from tests.system.gate_world import IMPATIENT, PACE, REST, GateWorld, _listened, bring, decide
from tests.system.lanes import POLICY, running, until, written

pytestmark = pytest.mark.realtime

THE_FAULT = ("gate", WIRED_OTHERWISE)
KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateWorld]:
    """A gate that is wired otherwise than ordered, closed."""
    folder = tmp_path_factory.mktemp("wiring")
    issuer = Issuer("UT", datetime.now(UTC))
    (folder / "trust").mkdir()
    (folder / "trust/csca.cer").write_bytes(issuer.csca)
    (folder / "trust/csca.crl").write_bytes(issuer.crl)
    sim = EGateLane(pace=PACE)
    sim.gate.on_fire = OnFire.EXIT_STAYS
    with ExitStack() as stack:
        for name, seconds in IMPATIENT.items():
            stack.enter_context(patch(name, seconds))
        stack.enter_context(sim.served())
        path = written(folder, "egate", sim.urls, REST, central=KEY)
        lane = stack.enter_context(running(path))
        world = GateWorld(lane, sim, issuer, _listened(sim.gate))
        yield world
        sim.stopping.set()
        world.crowd.shutdown()


@pytest.fixture(autouse=True)
def wired_again(gate: GateWorld) -> Iterator[None]:
    """Wire the gate as ordered behind each test, and close it."""
    yield
    gate.sim.gate.on_fire, gate.sim.gate.on_power_loss = OnFire.EXIT_OPENS, OnPowerLoss.LEAVES_OPEN
    gate.sim.gate.faults.jam_entry = False
    until(lambda: THE_FAULT not in gate.lane.faults)
    gate.mend()
    gate.lane.order(Verb.CLOSE_LANE)
    gate.lane.reaches("closed")


def publish(gate: GateWorld, version: int, **change: object) -> None:
    """Let central publish another policy."""
    policy = SitePolicy.model_validate(POLICY.model_dump() | change)
    body = Published(version=version, issued=datetime.now(UTC), content=policy)
    sealed = signing.seal(Purpose.LIST, canonical(body.model_dump(mode="json")), KEY)
    keeper = gate.lane.unit._standing._lists
    gate.lane.loop.call_soon_threadsafe(keeper.take, ListKind.POLICY, sealed)


def told(gate: GateWorld) -> None:
    until(lambda: THE_FAULT in gate.lane.faults)


def detail(gate: GateWorld) -> str:
    told(gate)
    [fault] = [f for f in gate.lane.unit.lane.faults.all if f.name == WIRED_OTHERWISE]
    return str(fault.detail)


def test_it_is_told_and_does_not_open(gate: GateWorld) -> None:
    gate.lane.tells(*THE_FAULT)  # on the health stream and in the log
    assert "on fire it is wired exit-stays, ordered is exit-opens" in detail(gate)
    execution, why = gate.lane.order(Verb.OPEN_LANE)
    assert execution is Execution.REFUSED
    assert "wired exit-stays" in why
    assert gate.lane.phase == "closed"


def test_as_ordered_it_opens(gate: GateWorld) -> None:
    gate.lane.open("idle")
    assert THE_FAULT not in gate.lane.faults


def test_an_open_gate_closes_and_stays_closed(gate: GateWorld) -> None:
    gate.lane.open("idle")
    gate.sim.gate.on_power_loss = OnPowerLoss.LEAVES_STAY
    gate.lane.reaches("closed")
    told(gate)
    assert "without power it is wired leaves-stay, ordered is leaves-open" in detail(gate)
    assert gate.lane.order(Verb.OPEN_LANE)[0] is Execution.REFUSED


def test_the_passage_under_way_is_ended_first(gate: GateWorld) -> None:
    gate.lane.open("idle")
    bring(gate, "referred_inside")
    gate.sim.gate.on_fire = OnFire.EXIT_STAYS
    told(gate)
    assert gate.lane.phase == "referred_inside"
    decide(gate, "approve")
    gate.lane.reaches("exiting")
    assert gate.sim.gate.person_leaves()
    gate.lane.reaches("closed")
    ended = gate.lane.told(0, "passage.ended")[-1]
    assert ended["outcome"] == "crossed"


def test_whoever_is_inside_is_let_out_all_the_same(gate: GateWorld) -> None:
    gate.lane.open("idle")
    bring(gate, "referred_inside")
    gate.sim.gate.set_emergency_stop(True)
    gate.lane.reaches("evacuating")
    gate.sim.gate.on_fire = OnFire.EXIT_STAYS
    told(gate)
    gate.sim.gate.set_emergency_stop(False)
    gate.lane.reaches("fault")
    told(gate)
    assert gate.lane.phase == "fault", "it does not close on somebody who waits for help"
    gate.lane.open("returning")
    until(lambda: not gate.sim.gate.person_turns_back())
    gate.lane.reaches("closed")


def test_a_new_policy_closes_it_too(gate: GateWorld) -> None:
    gate.lane.open("idle")
    publish(gate, 2, on_fire=lists.OnFire.EXIT_STAYS)
    gate.lane.reaches("closed")
    assert "wired exit-opens, ordered is exit-stays" in detail(gate)
    publish(gate, 3)
    until(lambda: THE_FAULT not in gate.lane.faults)
    assert gate.lane.phase == "closed", "only an officer opens it again"
