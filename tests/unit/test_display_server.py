"""The page, the stream and the requests as HTTP has them."""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest

from edge.display import server
from edge.display.display import WISH_LASTS, Display
from edge.display.page import EDITION, render
from edge.display.requests import BURST, Asked, Kind
from edge.display.server import HEADERS, app_of, stream
from edge.egate.passage import Phase

HERE = "http://127.0.0.1:8301"


def fetch(display: Display, method: str, path: str, **options: object) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app_of(display))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]

    return asyncio.run(ask())


def post(display: Display, content: object, **headers: str) -> httpx.Response:
    return fetch(display, "POST", "/request", json=content, headers={"Origin": HERE, **headers})


@pytest.fixture
def display() -> Display:
    return Display(["en", "ar"])


@pytest.mark.parametrize("path", ["/", "/plain", "/static/screen.js", "/nothing"])
def test_every_answer_has_our_headers(display: Display, path: str) -> None:
    answer = fetch(display, "GET", path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_the_page_shows_the_present_screen_before_any_script(display: Display) -> None:
    display.show(Phase.READING, "QAT")
    page = fetch(display, "GET", "/").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "تجري قراءة جواز سفرك" in page
    assert "$" not in page
    assert 'content="0;url=/plain"' in page


def test_a_page_without_scripts_looks_again(display: Display) -> None:
    answer = fetch(display, "GET", "/plain")
    assert answer.headers["Refresh"] == "2"
    assert "<script" not in answer.text


def test_nothing_inline_that_the_policy_forbids(display: Display) -> None:
    page = fetch(display, "GET", "/").text
    assert not re.search(r"<style|style=|<script[^>]*>[^<]|\son\w+=", page)


def test_no_text_can_break_out_of_the_page(display: Display) -> None:
    evil = "\"><script>alert('x')</script>&$first"
    now = display.now()
    now["texts"] = [{"code": "en", "direction": "ltr", "text": evil}] * 2
    page = render(now, {**display.alone(), "texts": now["texts"]})
    assert "<script>alert" not in page


def test_a_request_is_heard_and_answered_with_nothing(display: Display) -> None:
    heard: list[Asked] = []
    display.on_request(heard.append)
    answer = post(display, {"kind": "more-time", "value": ""})
    assert (answer.status_code, answer.content) == (204, b"")
    assert heard == [Asked(Kind.MORE_TIME)]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ({"kind": "help"}, {"Origin": "http://elsewhere.example"}, 403),
        ({"kind": "help"}, {"Host": "gate.example"}, 421),
        ({"kind": "help"}, {"Content-Type": "text/plain"}, 415),
        ({"kind": "open"}, {}, 400),
        ({"kind": "help", "value": "x" * 300}, {}, 413),
    ],
)
def test_any_other_request_is_not(
    display: Display, content: object, headers: dict[str, str], status: int
) -> None:
    heard: list[Asked] = []
    display.on_request(heard.append)
    assert post(display, content, **headers).status_code == status
    assert heard == []
    assert display.now()["asked"] == []


def test_a_form_or_a_link_cannot_ask(display: Display) -> None:
    assert fetch(display, "GET", "/request").status_code == 405
    answer = fetch(display, "POST", "/request", data={"kind": "help"}, headers={"Origin": HERE})
    assert answer.status_code == 415


def test_a_flood_is_turned_away() -> None:
    display = Display(["en"], clock=lambda: 0.0)
    statuses = [post(display, {"kind": "more-time"}).status_code for _ in range(BURST + 2)]
    assert statuses == [204] * BURST + [429] * 2


def said(event: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(event.removeprefix("data: "))
    return found


def test_the_stream_gives_the_present_screen_and_then_each_change(display: Display) -> None:
    async def watch() -> list[str]:
        events = stream(display)
        first = await anext(events)
        display.show(Phase.READING, "QAT")
        second = await anext(events)
        await events.aclose()  # type: ignore[attr-defined]
        return [first, second]

    first, second = map(said, asyncio.run(watch()))
    assert (first["screen"], second["screen"]) == ("other_gate", "reading")
    assert first["edition"] == EDITION
    assert [one["code"] for one in second["texts"]] == ["ar", "en"]  # type: ignore[attr-defined]


def test_the_stream_beats_where_nothing_changes_and_tells_what_was_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEARTBEAT", 0.001)
    now = [0.0]
    display = Display(["en", "ar"], clock=lambda: now[0])
    display.show(Phase.IDLE)
    display.ask(b'{"kind": "language", "value": "ar"}')

    async def watch() -> list[str]:
        events = stream(display)
        first, beat = await anext(events), await anext(events)
        now[0] = WISH_LASTS + 1
        changed = await anext(events)
        await events.aclose()  # type: ignore[attr-defined]
        return [first, beat, changed]

    first, beat, changed = asyncio.run(watch())
    assert beat == "event: here\ndata:\n\n"
    assert said(first)["texts"][0]["code"] == "ar"  # type: ignore[index]
    assert said(changed)["texts"][0]["code"] == "en"  # type: ignore[index]
