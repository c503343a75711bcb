"""What a passage leaves behind, on disk, in the log and in memory: nothing of the traveller."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.egate.evidence import Evidence
from edge.egate.pictures import portrait_of
from models.face.pack import open_pack
from simulators.lanes.egate import NOBODY, Left
from simulators.world.travellers import Story, Traveller
from tests.system.gate_world import GateWorld, decide, gate_world
from tests.system.lanes import until

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


def left(gate: GateWorld, coming: Future[Left]) -> Left:
    """Wait for what becomes of a traveller; say how the gate is where nothing does."""
    until(coming.done, 60.0, why=lambda: f"{gate.lane.phase}; {gate.lane.faults}")
    return coming.result()


def needles(who: Traveller) -> Iterator[bytes]:
    """Yield what must be found nowhere: text, files, pictures and templates, as bytes."""
    name, number = who.lines[0][5:].split("<")[0], who.lines[1][:9]
    for text in (*who.lines, name, number, number.rstrip("<")):
        yield text.encode()
    portrait = portrait_of(who.chip)
    assert portrait is not None
    yield who.chip["DG2"][200:400]
    yield who.chip["DG1"]
    pack = open_pack()
    for image in (portrait, who.face, *who.pages.values()):
        colour = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        yield image[len(image) // 2].tobytes()  # a row through the middle
        for face in pack.detect(np.asarray(colour, np.uint8)):  # type: ignore[misc]
            yield pack.embed(np.asarray(colour, np.uint8), face).tobytes()[:32]  # type: ignore[misc]


def test_nothing_personal_is_left_anywhere(gate: GateWorld) -> None:
    folder = gate.lane.path.parent / "data"
    stories = (Story.IN_ORDER, 31), (Story.EXPIRED, 32), (Story.HOLDS_UP_SCREEN, 33)
    (honest, expired, spoof) = (gate.who(story, seed=seed) for story, seed in stories)
    assert left(gate, gate.crowd.submit(gate.sim.passes, honest)) is Left.CROSSED
    for who, phase in ((expired, "referred_at_entry"), (spoof, "referred_inside")):
        coming = gate.crowd.submit(gate.sim.passes, who)
        gate.lane.reaches(phase)
        pictures = until(lambda: whole_pictures(folder), why="the officer's pictures")
        decide(gate, "refuse")
        assert left(gate, coming) in (Left.SENT_AWAY, Left.WALKED_BACK)
        gate.lane.reaches("idle")
        assert list((folder / "pictures").iterdir()) == []
        rest = everything(gate)
        assert not any(middle(picture) in rest for picture in pictures)
    rest = everything(gate)
    for who in (honest, expired, spoof):
        for sought in needles(who):
            assert sought not in rest, sought


def whole_pictures(folder: Path) -> list[bytes]:
    """Return the pictures that wait, none of them half written."""
    return [path.read_bytes() for path in (folder / "pictures").glob("*.personal")]


def middle(picture: bytes) -> bytes:
    """Return what no other picture has: what begins a JPEG is the same for all."""
    assert len(picture) > 1000
    return picture[len(picture) // 2 :][:100]


def everything(gate: GateWorld) -> bytes:
    """Return all that the lane wrote: its folder and its log."""
    folder = gate.lane.path.parent / "data"
    kept = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return b"\n\n".join([*kept, gate.lane.log.getvalue().encode()])


@pytest.mark.parametrize("story", [Story.IN_ORDER, Story.IMPOSTOR])
def test_the_pictures_in_memory_are_overwritten_when_the_passage_ends(
    gate: GateWorld, story: Story
) -> None:
    who = gate.who(story, seed=12)
    with gate.laid(who):
        gate.lane.reaches("entering")
    gate.sim.in_front = who.face
    gate.sim.gate.person_enters()
    gate.lane.reaches("exiting", "referred_inside")
    evidence = gate.lane.unit._story.evidence
    pictures = [*evidence.pages.values(), evidence.portrait, evidence.captured.image]
    captured = evidence.captured
    assert len(pictures) == 5
    assert all(picture.any() for picture in pictures)
    if story is Story.IMPOSTOR:
        decide(gate, "approve")
    gate.lane.reaches("exiting")
    gate.sim.in_front = NOBODY
    gate.sim.gate.person_leaves()
    gate.lane.reaches("idle")
    assert not any(picture.any() for picture in pictures)
    assert (captured.image, captured.portrait, captured.face) == (None, None, None)
    assert evidence == Evidence()
