"""Boarding passes and digital seals at a real agent, and the lower face camera."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge.documents.mrz_layout import Format
from edge.documents.profile import Need
from edge.egate import devices
from edge.egate.decision import profile_of
from simulators.chip.issuer import Scheme, Signer, State
from simulators.lanes.egate import BARCODE, LOW_CAMERA, Left
from simulators.world.documents_holder import zone
from simulators.world.documents_light import utopian
from simulators.world.passes import boarding_pass
from simulators.world.travellers import Story, Traveller
from tests.system.gate_world import REST, GateWorld, bring, decide, gate_world
from tests.system.lanes import until
from tests.system.test_egate_people import press, shows
from tests.unit.test_seals import visa

pytestmark = pytest.mark.realtime

PASSES = """
[boarding_pass]
required = true
departing_from = ["XUT"]
"""
SEED = 11
FLIGHT = re.compile("(?<![0-9a-z.-])0042(?![0-9a-z])")  # and no part of a hash or of a time


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signer, bytes]:
    """Who signs seals, and the authority behind, both to be believed."""
    now = datetime.now(UTC)
    state = State("UT", now)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "UT"),
            x509.NameAttribute(NameOID.COMMON_NAME, "DS"),
        ]
    )
    key = ec.generate_private_key(ec.SECP256R1())
    start, end = now - timedelta(days=9), now + timedelta(days=9)
    made = state._certify(name, key, start, end, authority=False)
    return Signer(made, key, Scheme()), state.der


@pytest.fixture(scope="module")
def running_gate(
    tmp_path_factory: pytest.TempPathFactory, signer: tuple[Signer, bytes]
) -> Iterator[GateWorld]:
    folder = tmp_path_factory.mktemp("codes")
    (folder / "trust").mkdir()
    (folder / "trust/seals.cer").write_bytes(signer[0].der)
    (folder / "trust/seals-csca.cer").write_bytes(signer[1])
    with gate_world(folder, REST + PASSES, extras=(BARCODE, LOW_CAMERA)) as world:
        yield world


@pytest.fixture
def gate(running_gate: GateWorld) -> Iterator[GateWorld]:
    """The module's gate, idle, and made idle again behind the test."""
    running_gate.mend()
    yield running_gate
    running_gate.sim.seated = False
    running_gate.sim.barcode.take_away()
    running_gate.mend()


def own_pass(who: Traveller, days: int = 0, origin: str = "XUT") -> bytes:
    return boarding_pass(who.lines, datetime.now(UTC).date() + timedelta(days=days), origin)


def own_visa(signer: Signer, seed: int = SEED) -> bytes:
    holder = dataclasses.replace(utopian(seed), number="V1234567")
    lines = zone(holder, Format.MRVA)
    return visa(signer, signed=datetime.now(UTC).date(), zone=lines[0] + lines[1][:28])


def answers(gate: GateWorld, since: int) -> dict[str, str]:
    [decided] = until(lambda: gate.lane.told(since, "passage.decided"))
    return {check["name"]: check["status"] for check in decided["checks"]}


@contextmanager
def limit_of_reading(gate: GateWorld, seconds: float) -> Iterator[None]:
    limits = gate.lane.unit._engine._limits
    with patch.dict(limits, {"reading": seconds}):
        yield


def test_a_pass_shown_before_the_document(gate: GateWorld) -> None:
    who = gate.who(Story.IN_ORDER, SEED)
    since = gate.lane.last
    holds = dataclasses.replace(who, codes=(own_pass(who),))
    assert gate.sim.passes(holds) is Left.CROSSED
    found = answers(gate, since)
    assert found["boarding-pass"] == "successful"
    assert not any(name.startswith("seal.") for name in found)


def test_a_pass_is_asked_for_and_nothing_of_it_stays(gate: GateWorld) -> None:
    who = gate.who(Story.IN_ORDER, SEED)
    since = gate.lane.last
    with gate.laid(who):
        shows(gate, "show_pass")
        until(lambda: gate.lane.unit._story.evidence.page, why="the document is read meanwhile")
        assert gate.lane.phase == "reading"
        gate.sim.shows(own_pass(who))
        gate.lane.reaches("entering")
    shows(gate, "walk_in")
    evidence = gate.lane.unit._story.evidence
    assert evidence.codes
    bring(gate, "fault")
    until(lambda: not evidence.codes)
    assert evidence.shown is None
    name = own_pass(who)[2:22].decode().split("/")[0]
    everything = gate.lane.log.getvalue() + json.dumps(gate.lane.events(after=since))
    assert name not in everything
    assert FLIGHT.search(own_pass(who).decode()), "the flight's number"
    assert not FLIGHT.search(json.dumps(gate.lane.events(after=since)))


def test_without_a_pass_there_is_an_officer(gate: GateWorld) -> None:
    since = gate.lane.last
    with limit_of_reading(gate, 9.0), gate.laid(gate.who(Story.IN_ORDER, SEED)):
        gate.lane.reaches("referred_at_entry")
        shows(gate, "wait_for_officer")
        assert answers(gate, since)["boarding-pass"] == "undetermined"
        decide(gate, "refuse")


@pytest.mark.parametrize("what", ["another's", "yesteryear's", "from elsewhere"])
def test_a_pass_that_does_not_fit(gate: GateWorld, what: str) -> None:
    who, since = gate.who(Story.IN_ORDER, SEED), gate.lane.last
    shown = {
        "another's": own_pass(gate.who(Story.IN_ORDER, 12)),
        "yesteryear's": own_pass(who, days=-40),
        "from elsewhere": own_pass(who, origin="XXX"),
    }[what]
    gate.sim.shows(shown)
    with gate.laid(who):
        gate.lane.reaches("referred_at_entry")
        assert answers(gate, since)["boarding-pass"] == "failed"
        decide(gate, "refuse")


def test_a_visa_s_seal_with_the_passport(gate: GateWorld, signer: tuple[Signer, bytes]) -> None:
    who, since = gate.who(Story.IN_ORDER, SEED), gate.lane.last
    holds = dataclasses.replace(who, codes=(own_visa(signer[0]), own_pass(who)))
    assert gate.sim.passes(holds) is Left.CROSSED
    found = {name: status for name, status in answers(gate, since).items() if "seal." in name}
    assert set(found.values()) == {"successful"}, found


def test_a_seal_of_another_and_a_bent_one(gate: GateWorld, signer: tuple[Signer, bytes]) -> None:
    who = gate.who(Story.IN_ORDER, SEED)
    bent = bytearray(own_visa(signer[0]))
    bent[-1] ^= 1
    for seal, name in ((own_visa(signer[0], 12), "seal.mrz"), (bytes(bent), "seal.signature")):
        since = gate.lane.last
        gate.sim.shows(seal, own_pass(who))
        with gate.laid(who):
            gate.lane.reaches("referred_at_entry")
            assert answers(gate, since)[name] == "failed"
            decide(gate, "refuse")
        gate.lane.reaches("idle")


def test_what_nobody_used_is_forgotten(gate: GateWorld) -> None:
    who = gate.who(Story.IN_ORDER, SEED)
    waiting = gate.lane.unit._codes
    gate.sim.shows(own_pass(who))
    until(lambda: waiting._waiting.codes)
    waiting._waiting.until = 0.0
    until(lambda: not waiting._waiting.codes)


def test_without_its_reader_nobody_can_be_asked(gate: GateWorld) -> None:
    section, workers = gate.lane.agent._config.boarding_pass, gate.lane.unit._workers
    assert "barcode-reader" in devices.needed(workers, section)
    welcome = section.model_copy(update={"required": False})
    assert "barcode-reader" not in devices.needed(workers, welcome)
    assert "barcode-reader" not in devices.needed(workers, None)


def test_a_required_pass_is_mandatory_whatever_the_profile_says(gate: GateWorld) -> None:
    config = gate.lane.agent._config
    assert profile_of(config).need("boarding-pass") is Need.MANDATORY
    section = config.boarding_pass.model_copy(update={"required": False})
    other = config.model_copy(update={"boarding_pass": section})
    assert profile_of(other).need("boarding-pass") is Need.OPTIONAL


# The lower camera


def test_who_asks_for_a_lower_camera_is_seen_by_it(gate: GateWorld) -> None:
    who, since = gate.who(Story.IN_ORDER, SEED), gate.lane.last
    gate.sim.seated = True
    assert "lower-camera" in gate.lane.unit._display.now()["kinds"]
    gate.sim.shows(own_pass(who))
    press(gate, "lower-camera")
    assert gate.sim.passes(who) is Left.CROSSED
    assert answers(gate, since)["face-comparison"] == "successful"


def test_asked_while_the_other_camera_looks(gate: GateWorld) -> None:
    who = gate.who(Story.IN_ORDER, SEED)
    gate.sim.seated = True
    gate.sim.shows(own_pass(who))
    with gate.laid(who):
        gate.lane.reaches("entering")
    gate.sim.in_front = who.face
    gate.sim.gate.person_enters()
    gate.lane.reaches("deciding")
    examination = gate.lane.unit._examination
    until(lambda: examination._taking)
    press(gate, "lower-camera")
    gate.lane.reaches("exiting")
