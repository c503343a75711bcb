"""What a traveller may ask for, from where, how often, and in silence."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.display.display import Display
from edge.display.requests import (
    BURST,
    LONGEST,
    PATTERN_WITHIN,
    Asked,
    Kind,
    Presses,
    RequestError,
    check_sender,
    parse,
)
from edge.egate.passage import Phase

JSON = "application/json"
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


# From where


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8301", "localhost:8301", "localhost", "[::1]:80", "10.0.0.7"]
)
def test_our_own_page_may_ask(host: str) -> None:
    check_sender(host, f"http://{host}", JSON)
    check_sender(host, f"http://{host}", "Application/JSON; charset=utf-8")


@pytest.mark.parametrize(
    ("host", "origin", "kind", "status"),
    [
        ("gate.example:8301", "http://gate.example:8301", JSON, 421),  # a name pointed here
        ("127.0.0.1.example", "http://127.0.0.1.example", JSON, 421),
        ("localhost.example:80", "http://localhost.example:80", JSON, 421),
        ("", "", JSON, 421),
        ("127.0.0.1:8301", "", JSON, 403),
        ("127.0.0.1:8301", "null", JSON, 403),
        ("127.0.0.1:8301", "http://127.0.0.1:8302", JSON, 403),
        ("127.0.0.1:8301", "https://127.0.0.1:8301", JSON, 403),
        ("127.0.0.1:8301", "http://elsewhere.example", JSON, 403),
        ("127.0.0.1:8301", "http://127.0.0.1:8301", "text/plain", 415),
        ("127.0.0.1:8301", "http://127.0.0.1:8301", "", 415),
    ],
)
def test_nobody_else_may(host: str, origin: str, kind: str, status: int) -> None:
    with pytest.raises(RequestError) as refused:
        check_sender(host, origin, kind)
    assert refused.value.status == status


# What


@pytest.mark.parametrize("kind", Kind)
def test_what_can_be_asked(kind: Kind) -> None:
    value = "ar" if kind is Kind.LANGUAGE else ""
    request = parse(body(kind, value), OFFERED)
    assert (request.kind, request.value) == (kind, value)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b'"help"', b"{}", b'{"value": ""}', b"\xff\xfe"),
        *(b'{"kind": "open-exit"}', b'{"kind": 1}', b'{"kind": ["help"]}', b'{"kind": "HELP"}'),
        *(b'{"kind": "help", "value": null}', b'{"kind": "help", "value": "x"}'),
        *(b'{"kind": "help", "passage": "1"}', b'{"kind": "language"}'),
        *(b'{"kind": "language", "value": "fr"}', b'{"kind": "language", "value": "../en"}'),
    ],
)
def test_anything_else_is_no_request(content: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        parse(content, OFFERED)
    assert refused.value.status == 400


def test_a_long_request_is_not_even_read() -> None:
    with pytest.raises(RequestError) as refused:
        parse(body("help") + b" " * LONGEST, OFFERED)
    assert refused.value.status == 413


@given(st.binary(max_size=LONGEST + 20))
def test_any_bytes_are_a_request_or_refused(content: bytes) -> None:
    with suppress(RequestError):
        assert parse(content, OFFERED).kind in Kind


# How often


def test_fast_fingers_are_heard_and_floods_are_not(clock: Time) -> None:
    presses = Presses(clock)
    for _ in range(BURST):
        presses.admit()
    with pytest.raises(RequestError) as refused:
        presses.admit()
    assert refused.value.status == 429
    clock.now += 1.0
    presses.admit()
    presses.admit()
    with pytest.raises(RequestError):
        presses.admit()


# In silence

AGREED = [Kind.MORE_TIME, Kind.MORE_TIME, Kind.MORE_TIME, Kind.HELP]


def pressed(display: Display, *kinds: Kind) -> None:
    for kind in kinds:
        if asked := display.ask(body(kind)):
            display.hear(asked)


def test_the_agreed_pattern_asks_in_silence(display: Display, heard: list[Asked]) -> None:
    pressed(display, *AGREED)
    assert heard == [Asked(Kind.MORE_TIME), Asked(Kind.HELP, safeguarding=True)]


@pytest.mark.parametrize(
    "kinds",
    [
        [Kind.HELP],
        [Kind.HELP, Kind.HELP, Kind.HELP, Kind.HELP],
        [Kind.MORE_TIME, Kind.MORE_TIME, Kind.HELP],
        [Kind.MORE_TIME, Kind.MORE_TIME, Kind.MORE_TIME, Kind.LOWER_CAMERA, Kind.HELP],
    ],
)
def test_impatience_is_no_pattern(display: Display, heard: list[Asked], kinds: list[Kind]) -> None:
    pressed(display, *kinds)
    assert not any(asked.safeguarding for asked in heard)


def test_the_pattern_still_counts_after_help_was_asked_for(
    display: Display, heard: list[Asked]
) -> None:
    pressed(display, Kind.HELP, *AGREED)
    assert heard[-1] == Asked(Kind.HELP, safeguarding=True)


def test_a_slow_pattern_is_none(display: Display, heard: list[Asked], clock: Time) -> None:
    pressed(display, *AGREED[:2])
    clock.now += PATTERN_WITHIN + 1
    pressed(display, *AGREED[2:])
    assert not any(asked.safeguarding for asked in heard)


def test_two_travellers_do_not_make_one_pattern(display: Display, heard: list[Asked]) -> None:
    pressed(display, *AGREED[:3])
    display.show(Phase.READING)
    display.show(Phase.IDLE)
    pressed(display, Kind.HELP)
    assert heard[-1] == Asked(Kind.HELP)


def test_nothing_that_is_drawn_tells_silence_from_help(clock: Time) -> None:
    open_, silent = (Display(OFFERED, clock=clock) for _ in range(2))
    pressed(open_, Kind.MORE_TIME, Kind.HELP)
    pressed(silent, *AGREED)
    assert silent.now() == open_.now()
    assert silent.wishes == open_.wishes


def test_a_site_may_agree_on_another_pattern_or_none(clock: Time) -> None:
    heard: list[Asked] = []
    other = Display(OFFERED, silent=[Kind.MORE_TIME, Kind.HELP], clock=clock)
    none = Display(OFFERED, silent=[], clock=clock)
    for display in (other, none):
        display.on_request(heard.append)
        pressed(display, Kind.MORE_TIME, Kind.HELP)
    assert [asked.safeguarding for asked in heard] == [False, True, False, False]
    with pytest.raises(ValueError, match="must end in a request for help"):
        Display(OFFERED, silent=[Kind.HELP, Kind.MORE_TIME])
