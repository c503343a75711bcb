"""Face and page at a real agent: who crosses, who is referred, and what they are told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.documents.optical.light import Light
from models.face.pack import open_pack
from simulators.lanes.egate import Left
from simulators.world.travellers import FORGED, Story
from tests.system.gate_world import REST, GateWorld, decide, gate_world
from tests.system.lanes import until

pytestmark = pytest.mark.realtime

FACE = ("face-image", "face-quality", "face-pad", "face-comparison")
PAGE = ("spectral", "document-model", "printed-face")


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


def decided(gate: GateWorld, since: int) -> dict[str, Any]:
    [found] = until(lambda: gate.lane.told(since, "passage.decided"))
    return dict(found)


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["status"] for check in found["checks"]}


def detail(found: dict[str, Any], name: str) -> str:
    return next(str(check["detail"]) for check in found["checks"] if check["name"] == name)


def shows(gate: GateWorld, screen: str) -> None:
    display = gate.lane.unit._display
    until(
        lambda: display.now()["screen"] == screen, why=lambda: f"{display.now()['screen']}, not it"
    )


def left(gate: GateWorld, coming: Future[Left]) -> Left:
    """Wait for what becomes of a traveller; say how the gate is where nothing does."""
    until(coming.done, 60.0, why=lambda: f"{gate.lane.phase}; {gate.lane.faults}")
    return coming.result()


# Who crosses


def test_an_honest_traveller_crosses_on_the_face_and_the_page(gate: GateWorld) -> None:
    since = gate.lane.last
    assert left(gate, gate.comes(Story.IN_ORDER, seed=11)) is Left.CROSSED
    found = decided(gate, since)
    assert (found["verdict"], found["reasons"]) == ("clear", [])
    assert {statuses(found)[name] for name in (*FACE, *PAGE)} == {"successful"}
    assert "threshold 0.485 for FMR 0.001" in detail(found, "face-comparison"), "the site's rate"
    assert detail(found, "document-model").startswith("uto-p-1")


def test_the_stages_tell_own_work_from_waiting(gate: GateWorld) -> None:
    since = gate.lane.last
    assert left(gate, gate.comes(Story.IN_ORDER, seed=11)) is Left.CROSSED
    stages = decided(gate, since)["stages_ms"]
    assert {"recognise", "optical", "printed_face", "look", "compare"} <= stages.keys()
    assert stages["look"] < stages["face"], "most of a capture is waiting for the camera"
    assert stages["optical"] < stages["page"] + stages["chip"]


def test_the_models_are_in_the_lane_s_health(gate: GateWorld) -> None:
    told = gate.lane.unit.lane.report().models
    card = open_pack().embed.card  # type: ignore[union-attr]
    assert told["face-embedding"] == f"{card.name}@{card.version} {card.sha256[:16]}"
    assert told.keys() == {
        *("mrz-lines", "face-detector", "face-landmarks", "face-embedding", "face-pad"),
        "document-patches",
    }


# Who does not


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        (Story.IMPOSTOR, ["face-comparison.failed"]),
        (Story.HOLDS_UP_PRINT, ["face-pad.failed"]),
        (Story.HOLDS_UP_SCREEN, ["face-pad.failed"]),
        (
            Story.STANDS_ASIDE,
            ["face-image.failed", "face-pad.undetermined", "face-comparison.undetermined"],
        ),
    ],
)
def test_the_wrong_face_goes_to_an_officer_and_never_hears_why(
    gate: GateWorld, story: Story, reason: list[str]
) -> None:
    since, start = gate.lane.last, time.monotonic()
    coming = gate.comes(story, seed=12)
    gate.lane.reaches("referred_inside")
    found = decided(gate, since)
    assert (found["verdict"], found["reasons"]) == ("refer", reason)
    kinds = [picture["kind"] for picture in found["pictures"]]
    seen = story is not Story.STANDS_ASIDE
    assert kinds == ["page", "portrait", *["face"] * seen], "kept for the officer, alarm or not"
    shows(gate, "wait_for_officer")
    assert not gate.exits_opened(start)
    decide(gate, "refuse")
    assert left(gate, coming) is Left.WALKED_BACK


def test_an_officer_may_let_somebody_pass_whom_the_camera_does_not_know(gate: GateWorld) -> None:
    coming = gate.comes(Story.IMPOSTOR, seed=12)
    gate.lane.reaches("referred_inside")
    decide(gate, "approve")
    assert left(gate, coming) is Left.CROSSED


FOUND_BY = {
    Story.BRIGHT_PAPER: ("spectral", "uv-dullness"),
    Story.MRZ_DYE: ("spectral", "ir-mrz-visible"),
    Story.LASER_PRINT: ("spectral", "ir-background-gone"),
    Story.NO_MOTIF: ("spectral", "uv-motif"),
    Story.PHOTO_SUBSTITUTED: ("printed-face", "two faces"),
    Story.COPIED: ("spectral", "security-features"),
    Story.FOREIGN_TYPE: ("spectral", "mrz-typeface"),
}


def test_every_forgery_is_tried() -> None:
    assert FOUND_BY.keys() == FORGED.keys()


@pytest.mark.parametrize("story", FOUND_BY)
def test_a_forged_page_is_referred_by_the_name_of_what_is_wrong(
    gate: GateWorld, story: Story
) -> None:
    since, start = gate.lane.last, time.monotonic()
    coming = gate.comes(story, seed=13)
    gate.lane.reaches("referred_at_entry")
    found = decided(gate, since)
    check, word = FOUND_BY[story]
    assert found["reasons"] == [f"{check}.failed"]
    assert detail(found, check).startswith(word)
    assert statuses(found)["mrz"] == statuses(found)["page"] == "successful", "read all the same"
    decide(gate, "refuse")
    assert left(gate, coming) is Left.SENT_AWAY
    assert not [order for order in gate.orders if order.open and order.at >= start]


# What fails, and what is not there


def test_a_light_that_fails_is_no_evidence(gate: GateWorld) -> None:
    since, who = gate.lane.last, gate.who(seed=14)
    gate.sim.page_cameras[Light.ULTRAVIOLET].faults.stall = True  # some s until that is noticed
    with gate.laid(who):
        gate.lane.reaches("referred_at_entry")
    found = decided(gate, since)
    assert found["reasons"] == ["spectral.aborted"]
    assert detail(found, "spectral").startswith("ultraviolet: NoAnswer")
    decide(gate, "refuse")


def test_a_light_that_is_away_pauses_the_gate(gate: GateWorld) -> None:
    gate.sim.page_cameras[Light.INFRARED].faults.stall = True
    gate.lane.reaches("paused", within=20)
    gate.lane.tells("page-camera-infrared", "NoAnswer")
    gate.sim.page_cameras[Light.INFRARED].faults.stall = False
    gate.lane.reaches("idle")


def test_a_lamp_that_is_out_is_undetermined(gate: GateWorld) -> None:
    since, who = gate.lane.last, gate.who(seed=14)
    dark = {**who.pages, Light.INFRARED: np.zeros_like(who.pages[Light.INFRARED])}
    with gate.laid(replace(who, pages=dark)):
        gate.lane.reaches("referred_at_entry")
    found = decided(gate, since)
    assert found["reasons"] == ["spectral.undetermined"]
    assert "the lamp seems to be off" in detail(found, "spectral")
    decide(gate, "refuse")


def test_a_lane_with_white_light_alone_asks_no_other(tmp_path: Path) -> None:
    with gate_world(tmp_path, lights=(Light.WHITE,)) as gate:
        since = gate.lane.last
        assert left(gate, gate.comes(Story.NO_MOTIF, seed=13)) is Left.CROSSED, "nobody could see"
        assert statuses(decided(gate, since))["spectral"] == "successful"
        since = gate.lane.last
        coming = gate.comes(Story.COPIED, seed=13)
        gate.lane.reaches("referred_at_entry")
        assert decided(gate, since)["reasons"] == ["spectral.failed"], "what white light shows"
        decide(gate, "refuse")
        assert left(gate, coming) is Left.SENT_AWAY


# What the traveller is told while the camera looks


def test_who_is_not_seen_is_asked_into_view_and_crosses(tmp_path: Path) -> None:
    with gate_world(tmp_path, REST.replace("within = 3.0", "within = 10.0")) as gate:
        who = gate.who(seed=11)
        with gate.laid(who):
            gate.lane.reaches("entering")
        gate.sim.gate.person_enters()
        gate.lane.reaches("deciding")
        shows(gate, "into_view")
        gate.sim.in_front = np.clip(who.face.astype(int) // 6, 0, 255).astype(np.uint8)
        shows(gate, "more_light")
        gate.sim.in_front = who.face
        gate.lane.reaches("exiting")
        shows(gate, "walk_on")
