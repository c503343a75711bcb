"""Bad input and broken parts, one at a time: a name, a safe phase, nothing lost, and back again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from contract.command import Verb
from edge.agent import Agent, AgentError
from edge.config import read
from edge.display.server import DisplayError
from edge.uplink.errors import DiskFull
from simulators.gate.device import FakeGate
from simulators.lanes.egate import Left
from simulators.ports import kept_port
from simulators.serve import on_pty
from simulators.world.travellers import Story
from tests.system.gate_world import GateWorld, bring, gate_world
from tests.system.lanes import RunningLane, until, written

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def running_gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateWorld]:
    with gate_world(tmp_path_factory.mktemp("egate")) as world:
        yield world


@pytest.fixture
def gate(running_gate: GateWorld) -> Iterator[GateWorld]:
    running_gate.mend()
    yield running_gate
    running_gate.mend()


@pytest.mark.parametrize(
    "fault", ["half_document", "wrong_character", "truncate", "garble", "noise"]
)
def test_a_document_readers_rubbish_is_told_and_the_document_read_all_the_same(
    gate: GateWorld, fault: str
) -> None:
    setattr(gate.sim.reader.faults, fault, 2 if fault in ("truncate", "garble") else 1)
    with gate.laid(gate.who()):
        gate.lane.reaches("entering")
    if fault != "noise":  # that is skipped between frames
        gate.lane.tells("document-reader", "Garbled")
        until(lambda: ("document-reader", "Garbled") not in gate.lane.faults)  # CALM


def test_a_document_reader_that_says_nothing_pauses_the_gate(gate: GateWorld) -> None:
    gate.sim.reader.faults.mute = 10_000
    gate.lane.reaches("paused", within=20)
    gate.lane.tells("document-reader", "NoAnswer")
    gate.sim.reader.faults.mute = 0
    gate.lane.reaches("idle")
    until(lambda: ("document-reader", "NoAnswer") not in gate.lane.faults)


@pytest.mark.parametrize(
    ("camera", "fault", "name"),
    [
        ("page_camera", "freeze", "Frozen"),
        ("face_camera", "stall", "NoAnswer"),
        ("page_camera", "torn", "Garbled"),
    ],
)
def test_a_camera_that_fails_pauses_the_gate_until_it_is_well(
    gate: GateWorld, camera: str, fault: str, name: str
) -> None:
    faults = getattr(gate.sim, camera).faults
    setattr(faults, fault, 10_000 if fault == "torn" else True)
    gate.lane.reaches("paused", within=20)
    gate.lane.tells(camera.replace("_", "-"), name)
    setattr(faults, fault, 0)
    gate.lane.reaches("idle", within=20)
    until(lambda: not gate.lane.faults)


@pytest.mark.parametrize(
    ("fault", "value", "device", "name"),
    [
        ("mute", 10_000, "gate", "NoAnswer"),
        ("garble", 10_000, "gate", "Garbled"),
        ("refuse", 10_000, "gate", "ModbusRefused"),
        ("halt", True, "gate", "ControllerStopped"),
    ],
)
def test_a_gate_controller_that_fails_while_somebody_is_inside(
    gate: GateWorld, fault: str, value: int, device: str, name: str
) -> None:
    since = gate.lane.last
    bring(gate, "exiting")
    setattr(gate.sim.gate.faults, fault, value)
    gate.lane.reaches("fault", within=20)
    gate.lane.tells(device, name)
    [ended] = until(lambda: gate.lane.told(since, "passage.ended"))
    assert ended["outcome"] == "fault"
    setattr(gate.sim.gate.faults, fault, 0)
    until(lambda: not gate.sim.gate.exit.wanted, why="the exit is closed when it can be told")
    assert gate.lane.phase == "fault", "an officer has to open the lane"
    gate.mend()
    until(lambda: not gate.lane.faults)


def test_one_refused_command_is_a_fault_that_an_officer_ends(gate: GateWorld) -> None:
    bring(gate, "referred_at_entry")
    gate.sim.gate._command = _refusing(gate.sim.gate, gate.sim.gate._command)  # type: ignore[method-assign]
    gate.lane.order(
        Verb.DECIDE_PASSAGE,
        passage=gate.lane.unit._story.passage,
        decision="approve",
        reason="",
    )
    gate.lane.reaches("fault")
    gate.lane.tells("gate", "Refused")
    gate.lane.open("idle")
    until(lambda: not gate.lane.faults, why="what was refused before is forgotten")


def _refusing(gate: FakeGate, command):  # type: ignore[no-untyped-def]
    from drivers.gate.registers import Refusal

    def once(leaf, other, open_it):  # type: ignore[no-untyped-def]
        gate._command = command  # type: ignore[method-assign]
        if open_it:
            gate._refuse_if(Refusal.FAULT_LATCHED)
        command(leaf, other, open_it)

    return once


def test_a_full_disk_clears_nobody_and_loses_nothing(gate: GateWorld) -> None:
    since = gate.lane.last
    outbox = gate.lane.unit.lane.outbox
    bring(gate, "entering")
    with patch.object(outbox, "record", side_effect=DiskFull("no space left")):
        gate.sim.gate.person_enters()
        gate.lane.reaches("fault")
        assert ("outbox", "DiskFull") in gate.lane.faults
        assert not gate.sim.gate.exit.wanted
    until(lambda: ("outbox", "DiskFull") not in gate.lane.faults)
    gate.lane.tells("outbox", "DiskFull")
    [ended] = gate.lane.told(since, "passage.ended")
    assert ended["outcome"] == "fault", "what happened meanwhile is told afterwards"


def test_a_full_outbox_pauses_an_idle_gate_until_there_is_room(gate: GateWorld) -> None:
    outbox = gate.lane.unit.lane.outbox
    with patch.object(outbox, "quota", outbox.depth):
        gate.lane.reaches("paused")
        until(lambda: ("outbox", "OutboxNearlyFull") in gate.lane.faults)
        with gate.laid(gate.who()), pytest.raises(AssertionError):
            gate.lane.reaches("reading", within=0.5)
    gate.lane.reaches("idle")
    until(lambda: not gate.lane.faults)
    assert gate.comes(Story.IN_ORDER).result(60) is Left.CROSSED


def test_a_serial_port_that_goes_and_comes_back(tmp_path: Path) -> None:
    """A cable pulled out of the gate's controller, and put in again."""
    link = tmp_path / "ttyGATE"
    with gate_world(tmp_path) as world:
        path = tmp_path / "second" / "lane.toml"
        path.parent.mkdir()
        gate = FakeGate()
        written(path.parent, "egate", {**world.sim.urls, "gate": str(link)}, _display())
        lane = RunningLane(path)
        with patch.object(world.lane, "log", lane.log):
            with on_pty(gate) as where:
                link.symlink_to(where)
                lane.start()
                until(lambda: lane.unit.lane.connected("gate"))
            until(lambda: ("gate", "LinkLost") in lane.faults)
            link.unlink()
            with on_pty(gate) as where:
                link.symlink_to(where)
                until(lambda: lane.unit.lane.connected("gate"))
                until(lambda: ("gate", "LinkLost") not in lane.faults)
                # The first lane holds every other port: each is a fault with a name here.
                until(lambda: ("document-reader", "LinkLost") in lane.faults)
        lane.stop()


def _display(port: int = 0) -> str:
    return f'[display]\nlisten = "127.0.0.1:{port}"\n'


def test_two_agents_cannot_share_a_folder_or_a_screen(gate: GateWorld, tmp_path: Path) -> None:
    second = RunningLane(gate.lane.path)
    second.start()
    second.stop()
    assert isinstance(second.error, AgentError)
    assert "another agent runs on" in str(second.error)
    first_screen, second_screen = tmp_path / "a", tmp_path / "b"
    lanes = []
    with kept_port() as port:
        for folder in (first_screen, second_screen):
            folder.mkdir()
            lanes.append(RunningLane(written(folder, "egate", gate.sim.urls, _display(port))))
        lanes[0].start()
        until(lambda: _answers(port))
        lanes[1].start()
        until(lambda: lanes[1].error)
        assert isinstance(lanes[1].error, DisplayError)
        assert f"cannot listen on 127.0.0.1:{port}" in str(lanes[1].error)
        for lane in lanes:
            lane.stop()


def _answers(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


BROKEN = [
    ("[display]", '[display]\nlanguages = ["xx"]', "display.languages"),
    ("[display]", "[display", "not TOML"),
]
URLS = {
    "gate": "/dev/null",
    "document_reader": "/dev/null",
    "chip_reader": "vpcd://127.0.0.1:9",
    "page_camera": "http://127.0.0.1:9/",
    "face_camera": "http://127.0.0.1:9/",
}


OWN = {"agent", *(name.replace("_", "-") for name in URLS)}  # threads of a lane with these


@pytest.mark.parametrize(("old", "new", "complaint"), BROKEN)
def test_a_configuration_with_a_mistake_is_named_and_nothing_starts(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = written(tmp_path, "egate", URLS, _display())
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    verb = "run" if new == "[display" else "check"
    done = subprocess.run(
        [sys.executable, "-m", "edge", verb, str(path)],
        capture_output=True,
        text=True,
        timeout=120,  # s; a busy machine may take its time to import it all
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"{path}:"), done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "outbox.db").exists()


def test_a_lane_without_one_device_starts_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "egate", URLS, _display())
    lane, before = RunningLane(path), set(threading.enumerate())
    lane.start()
    own = {thread for thread in threading.enumerate() if thread.name in OWN} - before
    assert len(own) == len(OWN)
    until(lambda: {device for device, _ in lane.faults} >= {"gate", "page-camera", "face-camera"})
    assert lane.phase == "closed"
    execution, why = lane.order(Verb.OPEN_LANE)
    assert (str(execution), why) == ("failed", "the lane is fault: device_failed while recovering")
    lane.stop()
    until(lambda: not any(thread.is_alive() for thread in own), why="its threads end with it")
    assert isinstance(Agent(read(path)), Agent)
