"""Travellers at a real agent on a simulated gate: who passes, who does not, what is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.command import Execution, Verb
from simulators.chip.faults import ChipFaults
from simulators.lanes.egate import Left
from simulators.world.travellers import Story
from tests.system.gate_world import GateWorld, bring, decide, gate_world
from tests.system.lanes import OFFICER, until

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def running_gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateWorld]:
    with gate_world(tmp_path_factory.mktemp("egate")) as world:
        yield world


@pytest.fixture
def gate(running_gate: GateWorld) -> Iterator[GateWorld]:
    """The module's gate, idle, and made idle again behind the test."""
    running_gate.mend()
    yield running_gate
    running_gate.mend()


def reasons(gate: GateWorld, since: int) -> list[str]:
    [decided] = until(lambda: gate.lane.told(since, "passage.decided"))
    assert decided["verdict"] == "refer"
    found: list[str] = decided["reasons"]
    return found


def outcome(gate: GateWorld, since: int) -> str:
    [ended] = until(lambda: gate.lane.told(since, "passage.ended"))
    return str(ended["outcome"])


def test_a_traveller_in_order_crosses(gate: GateWorld) -> None:
    since, start = gate.lane.last, time.monotonic()
    assert gate.comes(Story.IN_ORDER).result(60) is Left.CROSSED
    gate.lane.reaches("idle")
    events = gate.lane.events(after=since)
    assert [e["type"] for e in events] == ["passage.started", "passage.decided", "passage.ended"]
    assert len({e["data"]["passage"] for e in events}) == 1
    decided, ended = events[1], events[2]
    assert (decided["data"]["verdict"], decided["data"]["reasons"]) == ("clear", [])
    assert decided["data"]["pictures"] == []
    proofs = {c["name"]: c["status"] for c in decided["data"]["checks"] if "chip." in c["name"]}
    assert {name for name, status in proofs.items() if status == "successful"} >= {
        *("chip.pace", "chip.chip_authentication", "chip.active_authentication"),
    }
    assert ended["data"]["outcome"] == "crossed"
    [opened] = gate.exits_opened(start)
    assert decided["mono_ns"] / 1e9 < opened.at, "decided, on disk, before the exit was asked for"
    stages = decided["data"]["stages_ms"]
    print(f"stages in ms: {stages}; whole passage {ended['data']['seconds']:.2f} s")


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        (Story.EXPIRED, ["expiry.failed"]),
        (
            Story.FORGED_CHIP,  # its portrait is another person's, and nobody signed it
            ["printed-face.failed", "authenticity.data_group_hashes.failed"],
        ),
        (Story.SWAPPED_PAGE, ["page.failed"]),
        (
            Story.MUTE_CHIP,
            ["chip.undetermined", "chip-data.undetermined", "authenticity.undetermined"],
        ),
    ],
)
def test_a_document_with_something_wrong_is_referred(
    gate: GateWorld, story: Story, reason: list[str]
) -> None:
    since, start = gate.lane.last, time.monotonic()
    sent = gate.comes(story, seed=7)
    gate.lane.reaches("referred_at_entry")
    assert reasons(gate, since) == reason
    decide(gate, "refuse")
    assert sent.result(60) is Left.SENT_AWAY
    assert outcome(gate, since) == "refused"
    [resolved] = gate.lane.told(since, "passage.resolved")
    assert (resolved["decision"], resolved["operator"]) == ("refuse", OFFICER)
    assert not [o for o in gate.orders if o.open and o.at >= start], "nothing opened"


def test_a_document_without_a_chip_is_referred(gate: GateWorld) -> None:
    since, who = gate.lane.last, gate.who()
    gate.sim.on_glass = who.pages
    gate.sim.reader.place(who.lines)
    gate.lane.reaches("referred_at_entry")
    assert "chip.undetermined" in reasons(gate, since)
    gate.sim.reader.remove()
    decide(gate, "refuse")
    gate.lane.reaches("idle")


@pytest.mark.parametrize("part", ["DG2", "SOD", "DG1"])
def test_a_torn_file_in_the_chip_is_referred(gate: GateWorld, part: str) -> None:
    since, who = gate.lane.last, gate.who()
    files = {**who.chip, part: who.chip[part][: len(who.chip[part]) // 2]}
    if part == "DG1":  # opens, and says something else
        files = {**who.chip, part: who.chip[part][:-1] + b"7"}
    with gate.laid(who, files):
        gate.lane.reaches("referred_at_entry")
        found = reasons(gate, since)
        assert any(r.startswith(("chip", "authenticity")) for r in found), found
        decide(gate, "refuse")
    gate.lane.reaches("idle")


def test_a_chip_that_is_lifted_while_it_is_read_is_referred(gate: GateWorld) -> None:
    since = gate.lane.last
    with gate.laid(gate.who(), faults=ChipFaults(torn=64)):
        gate.lane.reaches("referred_at_entry")
        assert "chip.undetermined" in reasons(gate, since)
        [decided] = gate.lane.told(since, "passage.decided")
        detail = next(c["detail"] for c in decided["checks"] if c["name"] == "chip")
        assert detail.startswith("ChipLost"), detail
        decide(gate, "refuse")


def test_an_officer_lets_a_referred_traveller_in_and_the_lane_clears_him(gate: GateWorld) -> None:
    since, start = gate.lane.last, time.monotonic()
    sent = gate.comes(Story.EXPIRED)
    gate.lane.reaches("referred_at_entry")
    decide(gate, "approve")
    assert sent.result(60) is Left.CROSSED
    assert outcome(gate, since) == "crossed"
    kinds = [event["type"] for event in gate.lane.events(after=since)]
    assert kinds == [
        *("passage.started", "passage.decided", "passage.resolved"),
        *("passage.decided", "passage.ended"),
    ]
    assert len(gate.exits_opened(start)) == 1


@pytest.mark.parametrize(
    ("decision", "left"), [("approve", Left.CROSSED), ("refuse", Left.WALKED_BACK)]
)
def test_an_officer_decides_about_somebody_inside(
    gate: GateWorld, decision: str, left: Left
) -> None:
    since, start = gate.lane.last, time.monotonic()
    sent = gate.comes(Story.IN_ORDER)
    gate.lane.reaches("reading", "entering")  # a gate that waits would pause
    gate.sim.face_camera.faults.stall = True
    gate.lane.reaches("referred_inside")
    assert reasons(gate, since) == ["face-image.aborted"]
    decide(gate, decision)
    assert sent.result(60) is left
    assert outcome(gate, since) == ("crossed" if left is Left.CROSSED else "refused")
    assert len(gate.exits_opened(start)) == (1 if decision == "approve" else 0)


def test_two_at_once_are_let_back_and_nobody_is_cleared(gate: GateWorld) -> None:
    since, start = gate.lane.last, time.monotonic()
    assert gate.comes(Story.TAILGATED).result(60) is Left.WALKED_BACK
    assert outcome(gate, since) == "refused"
    assert not gate.lane.told(since, "passage.decided")
    assert not gate.exits_opened(start)


def test_who_turns_back_before_the_gate_is_no_crossing(gate: GateWorld) -> None:
    since = gate.lane.last
    bring(gate, "securing")
    assert gate.sim.gate.person_turns_back()
    until(lambda: not gate.sim.gate.people.everybody)
    gate.sim.gate.faults.stuck_entry_curtain = False
    assert outcome(gate, since) in ("abandoned", "refused", "fault")


PHASES = (
    *("closed", "idle", "paused", "reading", "referred_at_entry", "entering", "securing"),
    *("deciding", "referred_inside", "exiting", "clearing", "returning", "fault"),
)


@pytest.mark.parametrize("phase", PHASES)
def test_a_fire_opens_the_exit_by_hardware_and_withdraws_every_command(
    gate: GateWorld, phase: str
) -> None:
    bring(gate, phase)
    start, since = time.monotonic(), gate.lane.last
    gate.sim.gate.set_fire(True)
    gate.lane.reaches("evacuating")
    until(lambda: gate.sim.gate.exit.position == 1.0)
    assert not [o for o in gate.orders if o.at > start and o.open], "software opens nothing"
    until(lambda: not gate.sim.gate.entry.wanted, why="no command outlives the fire")
    until(lambda: gate.lane.unit._story is None, why="the passage is still open")
    for ended in gate.lane.told(since, "passage.ended"):
        assert ended["outcome"] == "evacuated", gate.lane.faults
    gate.sim.gate.faults.stuck_exit_curtain = gate.sim.gate.faults.stuck_entry_curtain = False
    gate.sim.gate.set_fire(False)
    gate.lane.reaches("fault")
    assert ("lane", "AllClear") in gate.lane.faults
    until(lambda: gate.sim.gate.exit.shut or gate.sim.gate.exit.obstructed)
    assert not [o for o in gate.orders if o.at > start and o.open]


def test_an_emergency_stop_takes_back_a_clearance(gate: GateWorld) -> None:
    bring(gate, "exiting")
    gate.sim.gate.set_emergency_stop(True)
    gate.lane.reaches("evacuating")
    until(lambda: not gate.sim.gate.exit.wanted, why="no command outlives the emergency")
    gate.sim.gate.set_emergency_stop(False)
    gate.lane.reaches("fault")
    assert not gate.sim.gate.exit.wanted


def test_a_power_cut_and_its_end(gate: GateWorld) -> None:
    from drivers.gate.registers import Power

    start = time.monotonic()
    gate.sim.gate.set_power(Power.OFF)
    gate.lane.reaches("evacuating")
    until(lambda: gate.sim.gate.exit.position == 1.0, why="springs open the exit")
    gate.sim.gate.set_power(Power.MAINS)
    gate.lane.reaches("fault")
    until(lambda: gate.sim.gate.exit.shut and gate.sim.gate.entry.shut)
    assert not [o for o in gate.orders if o.at > start and o.open]


# What a traveller would stumble on


def test_a_document_that_lies_there_before_the_gate_is_ready_is_read(gate: GateWorld) -> None:
    gate.lane.order(Verb.CLOSE_LANE)
    gate.lane.reaches("closed")
    with gate.laid(gate.who()):
        until(lambda: gate.lane.unit._glass.waits)
        gate.lane.open("entering")


def test_the_next_travellers_document_waits_its_turn(gate: GateWorld) -> None:
    since = gate.lane.last
    bring(gate, "exiting")
    with gate.laid(gate.who(seed=9)):
        until(lambda: gate.lane.unit._glass.waits)
        gate.sim.gate.person_leaves()
        gate.lane.reaches("entering")
    assert [e["outcome"] for e in gate.lane.told(since, "passage.ended")] == ["crossed"]
    assert len(gate.lane.told(since, "passage.started")) == 2


def test_a_document_is_read_once(gate: GateWorld) -> None:
    since = gate.lane.last
    with gate.laid(gate.who(Story.EXPIRED)):
        gate.lane.reaches("referred_at_entry")
        decide(gate, "refuse")
        gate.lane.reaches("idle")
        gate.sim.reader._say(gate.sim.reader._state)  # the reader says the same again
        with pytest.raises(AssertionError):
            gate.lane.reaches("reading", within=0.5)
    assert len(gate.lane.told(since, "passage.started")) == 1


def test_a_document_taken_away_while_it_is_read(gate: GateWorld) -> None:
    since = gate.lane.last
    bring(gate, "reading")
    gate.sim.reader.remove()
    gate.lane.reaches("idle", "paused")
    assert outcome(gate, since) == "abandoned"


def test_another_document_instead_of_the_one_that_is_read(gate: GateWorld) -> None:
    since = gate.lane.last
    bring(gate, "reading")
    with gate.laid(gate.who(seed=9)):
        until(lambda: len(gate.lane.told(since, "passage.started")) == 2)
        assert outcome(gate, since) == "abandoned"
        gate.lane.reaches("entering")


def test_a_lane_that_is_to_close_finishes_its_passage_first(gate: GateWorld) -> None:
    since = gate.lane.last
    bring(gate, "exiting")
    assert gate.lane.order(Verb.CLOSE_LANE) == (Execution.DONE, "exiting")
    gate.sim.gate.person_leaves()
    gate.lane.reaches("closed")
    assert outcome(gate, since) == "crossed"


def test_a_command_for_another_passage_is_refused(gate: GateWorld) -> None:
    bring(gate, "referred_at_entry")
    before = gate.lane.unit._engine.version
    for passage in ("an-old-one", ""):
        answer = gate.lane.order(
            Verb.DECIDE_PASSAGE, passage=passage, decision="approve", reason=""
        )
        assert answer[0] is Execution.REFUSED
    answer = gate.lane.order(Verb.DECIDE_INSPECTION, inspection="x", disposition="release")
    assert answer[0] is Execution.REFUSED
    assert gate.lane.unit._engine.version == before
    assert gate.lane.versions == sorted(set(gate.lane.versions)), "every state has its own version"
    decide(gate, "refuse")
    answer = gate.lane.order(
        Verb.DECIDE_PASSAGE, passage="an-old-one", decision="approve", reason=""
    )
    assert answer[0] is Execution.REFUSED


def test_a_restart_ends_the_passage_and_erases_its_pictures(tmp_path: Path) -> None:
    with gate_world(tmp_path) as gate, gate.laid(gate.who(Story.EXPIRED)):
        gate.lane.reaches("referred_at_entry")
        passage = gate.lane.unit._story.passage
        gate.lane.unit._recorder.ended = lambda *_: None  # as if the power went now
        since = gate.lane.last
    pictures = tmp_path / "data" / "pictures"
    assert list(pictures.iterdir())
    with gate_world(tmp_path) as gate:
        [ended] = gate.lane.told(since, "passage.ended")
        assert (ended["passage"], ended["outcome"]) == (passage, "fault")
        assert list(pictures.iterdir()) == []
