"""How long a wish holds, and what of it is shown."""

from __future__ import annotations

import json

import pytest

from edge.display.display import WISH_LASTS, Display, Families
from edge.display.requests import Asked, Kind, Wishes
from edge.display.screens import language
from edge.display.storyboard import Hint
from edge.egate.passage import Phase

OFFERED = ["en", "ar"]


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def body(kind: str, value: str = "") -> bytes:
    return json.dumps({"kind": kind, "value": value}).encode()


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def display(clock: Time) -> Display:
    return Display(OFFERED, camera_moves=True, clock=clock)


@pytest.fixture
def heard(display: Display) -> list[Asked]:
    asked: list[Asked] = []
    display.on_request(asked.append)
    return asked


def pressed(display: Display, *kinds: Kind) -> None:
    for kind in kinds:
        if asked := display.ask(body(kind)):
            display.hear(asked)


# How long


def test_a_wish_is_told_once_and_holds_for_the_passage(
    display: Display, heard: list[Asked], clock: Time
) -> None:
    pressed(display, Kind.MORE_TIME, Kind.MORE_TIME, Kind.LOWER_CAMERA)
    assert heard == [Asked(Kind.MORE_TIME), Asked(Kind.LOWER_CAMERA)]
    display.show(Phase.READING)
    clock.now += 10 * WISH_LASTS
    display.show(Phase.DECIDING)
    assert display.wishes == Wishes(more_time=True, lower_camera=True)
    display.show(Phase.IDLE)
    assert display.wishes == Wishes()
    assert display.now()["asked"] == []


@pytest.mark.parametrize("end", [Phase.CLOSED, Phase.FAULT, Phase.EVACUATING, Phase.RECOVERING])
def test_no_end_of_a_passage_leaves_a_wish(display: Display, end: Phase) -> None:
    display.show(Phase.READING)
    pressed(display, Kind.MORE_TIME)
    display.show(end)
    assert display.wishes == Wishes()


def test_who_asks_and_walks_off_is_forgotten(display: Display, clock: Time) -> None:
    display.show(Phase.IDLE)
    display.ask(body("language", "ar"))
    pressed(display, Kind.MORE_TIME)
    clock.now += WISH_LASTS - 1
    assert display.wishes.more_time
    clock.now += 2
    assert not display.wishes.more_time
    assert display.now()["texts"][0]["code"] == "en"


def test_the_traveller_s_language_goes_before_the_document_s(display: Display) -> None:
    display.ask(body("language", "en"))
    display.show(Phase.READING, "QAT")
    assert [said["code"] for said in display.now()["texts"]] == ["en", "ar"]  # type: ignore[attr-defined]
    display.show(Phase.IDLE)
    display.show(Phase.READING, "QAT")
    assert display.now()["texts"][0]["code"] == "ar"  # type: ignore[index]


def test_what_a_gate_cannot_do_is_not_offered(clock: Time) -> None:
    display = Display(OFFERED, clock=clock)
    heard: list[Asked] = []
    display.on_request(heard.append)
    pressed(display, Kind.LOWER_CAMERA)
    assert heard == []
    assert display.now()["kinds"] == ["more-time", "help", "language"]


# What is shown of it


def test_advice_changes_the_screen_and_ends_with_the_phase(display: Display) -> None:
    display.show(Phase.READING)
    display.advise(Hint.GLARE)
    assert display.now()["screen"] == "no_cover"
    display.advise(None)
    assert display.now()["screen"] == "reading"
    display.advise(Hint.GLARE)
    display.show(Phase.ENTERING)
    assert display.now()["screen"] == "walk_in"


@pytest.mark.parametrize(
    ("families", "word"),
    [(Families.STAFFED, "families_staffed"), (Families.WELCOME, "families_welcome")],
)
def test_families_are_told_in_front_of_the_gate_only(families: Families, word: str) -> None:
    display = Display(OFFERED, families=families)
    display.show(Phase.IDLE)
    assert display.now()["notice"] == dict(language("en").words)[word]  # type: ignore[index]
    display.show(Phase.READING)
    assert display.now()["notice"] == ""


def test_families_need_not_be_told() -> None:
    display = Display(OFFERED, families=Families.SILENT)
    display.show(Phase.IDLE)
    assert display.now()["notice"] == ""


def test_who_must_leave_is_not_kept_by_buttons(display: Display) -> None:
    display.show(Phase.EVACUATING)
    assert display.now()["controls"] is False
    assert display.alone()["controls"] is False
