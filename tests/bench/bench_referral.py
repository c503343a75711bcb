"""A referred traveller, from the lane's record to the officer's screen.

A lane's real outbox and uplink, the embedded broker, the real central on a real port, the console
in chromium. The gate refers travellers one after another, each with a page, a portrait and a face
of 100 kB in all. The parts: from ``passage.decided`` in the outbox to central's commit; from there
to the live link; from there to the DOM. All clocks are this machine's.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import statistics
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, expect, sync_playwright

from central.api.hub import Told
from central.config import Config
from central.service import Service
from contract import passage
from contract.blob import Picture
from contract.health import Report
from contract.health import Service as Serves
from contract.passage import Check, Outcome, Status, Verdict
from contract.topics import Stream
from tests.browser.conftest import CHROMIUM, FLAGS, opened
from tests.browser.fake_central import DIST
from tests.browser.steps import go_to, sign_in
from tests.system.delivery import Amqtt
from tests.system.test_central_lane import Lane, lane, populate

Row = tuple[str, str, str]
REFERRALS = 24
PATIENCE = 30.0  # s; a deadline on a busy machine
SIZES = {"page": 70_000, "portrait": 15_000, "face": 15_000}

# Notes when a referral, and each of its pictures, first stands in the page; in ms since 1970.
_WATCH = """() => {
  window.seen = {};
  const note = (name) => { window.seen[name] ??= performance.timeOrigin + performance.now(); };
  new MutationObserver(() => {
    const all = (what) => document.querySelectorAll(what);
    for (const one of all('[data-testid=referral-item]')) note(one.dataset.id);
    for (const one of all('[data-testid^=picture-] img')) note(one.src);
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
}"""


class Border:
    """Everything but the browser, in a thread with a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self.committed: dict[str, float] = {}
        self.told: dict[str, float] = {}
        self._folder = folder
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(PATIENCE), "central did not come up"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    def call(self, work: Callable[[], Any]) -> Any:
        """Do ``work`` in the loop of the lane."""

        async def now() -> Any:
            return work()

        return self.do(now())

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def refers(self, name: str) -> float:
        """Let the lane refer a traveller as an e-gate does; return when that was on its disk."""
        pictures = [self._picture(kind, size) for kind, size in SIZES.items()]
        checks = [Check(name=f"check-{n}", status=Status.SUCCESSFUL) for n in range(20)]
        decided = passage.Decided(
            passage=name, verdict=Verdict.REFER, reasons=["face-comparison.failed"], checks=checks,
            document_format="TD3", issuing_state="UTO", stages_ms={}, pictures=pictures,
        )  # fmt: skip
        self.lane.outbox.record(Stream.DECISION, "passage.decided", decided)
        recorded = time.time()
        self.lane.outbox.record(Stream.HEALTH, "health.report", _report("referred_inside"))
        return recorded

    def ends(self, name: str) -> None:
        ended = passage.Ended(passage=name, outcome=Outcome.REFUSED, seconds=9.0, stages_ms={})
        self.lane.outbox.record(Stream.DECISION, "passage.ended", ended)
        self.lane.outbox.record(Stream.HEALTH, "health.report", _report("idle"))

    def _picture(self, kind: str, size: int) -> Picture:
        blob = self.lane.spool.put(os.urandom(size), "image/jpeg", personal=True)
        return Picture(kind=kind, blob=blob, width=600, height=800, bits=8, personal=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with self._everything():
            self._ready.set()
            await self._over.wait()

    @asynccontextmanager
    async def _everything(self) -> AsyncIterator[None]:
        broker, key = Amqtt(self._folder), Ed25519PrivateKey.generate()
        await broker.start()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(broker.kill)
            service = await stack.enter_async_context(Service(self._config(broker)))
            self.url, token = service.url, await populate(service, key)
            self.link = f"/enter/{token}"
            self.lane: Lane = await stack.enter_async_context(
                lane(self._folder, broker, service, key)
            )
            self._watch(service)
            yield

    def _config(self, broker: Amqtt) -> Config:
        data = self._folder / "central"
        mqtt = {"url": f"mqtt://127.0.0.1:{broker.port}", "protocol": broker.protocol}
        settings = {"listen": "127.0.0.1:0", "data": data, "signing_key": data / "key.pem"}
        return Config.model_validate({**settings, "mqtt": mqtt})

    def _watch(self, service: Service) -> None:
        """Note when a referral is committed, and when it is told."""
        assert service.core is not None
        notices, hub = service.core.notices, service.core.hub
        note, publish = notices.note, hub.publish

        def noted(changes: Any, *, urgent: bool = False) -> None:
            changes = list(changes)
            for _, name in changes:
                self.committed.setdefault(name, time.time())
            note(changes, urgent=urgent)

        def published(told: Told) -> None:
            if told.topic == "referral":
                self.told.setdefault(
                    told.data.partition('"id":"')[2].partition('"')[0], time.time()
                )
            publish(told)

        notices.note, hub.publish = noted, published  # type: ignore[method-assign]


def _report(phase: str) -> Report:
    return Report(
        service=Serves.IN_SERVICE, phase=phase, devices=[], faults=[], outbox_events=0,
        outbox_fill=0.0,
    )  # fmt: skip


def run() -> list[Row]:
    if not CHROMIUM.is_file() or not (DIST / "index.html").is_file():
        return [("referral, lane to screen", "not run: no chromium, or no console", "≤ 300 ms")]
    with tempfile.TemporaryDirectory() as folder:
        border = Border(Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                with opened(browser) as page:
                    moments, pictures = _measured(border, page)
                browser.close()
        finally:
            border.stop()
    parts = [[b - a for a, b in itertools.pairwise(one)] for one in moments]
    whole = [one[-1] - one[0] for one in moments]
    return [
        ("referral, lane's record to officer's screen, p50 / p95", _spread(whole), "≤ 300 ms"),
        *(
            (f"· {name}", _spread([part[index] for part in parts]), "")
            for index, name in enumerate(
                ("record to central's commit", "to the live link", "to the DOM")
            )
        ),
        ("· its three pictures, when it is open, after the record", _spread(pictures), ""),
    ]


def _measured(border: Border, page: Page) -> tuple[list[list[float]], list[float]]:
    sign_in(page, border.url, border.link)
    go_to(page, "gates")
    expect(page.get_by_test_id("waiting-count")).to_contain_text("Nobody")
    page.evaluate(_WATCH)
    moments, pictures = [], []
    for number in range(REFERRALS + 2):
        moment, shown = _one(border, page, f"p-{number}")
        if number >= 2:  # the first ones compile and connect
            moments.append(moment)
            pictures.append(shown)
    return moments, pictures


def _one(border: Border, page: Page, name: str) -> tuple[list[float], float]:
    recorded = border.call(lambda: border.refers(name))
    page.wait_for_function("name => window.seen[name]", arg=name, timeout=PATIENCE * 1000)
    dom = page.evaluate("name => window.seen[name]", name) / 1000
    page.keyboard.press("Space")
    for kind in SIZES:
        expect(page.get_by_test_id(f"picture-{kind}").locator("img")).to_be_attached(timeout=9000)
    shown = max(page.evaluate("Object.values(window.seen)")) / 1000
    border.call(lambda: border.ends(name))
    expect(page.get_by_test_id("waiting-count")).to_contain_text("Nobody", timeout=9000)
    page.keyboard.press("Escape")
    return [recorded, border.committed[name], border.told[name], dom], shown - recorded


def _spread(seconds: Sequence[float]) -> str:
    cut = statistics.quantiles(seconds, n=20, method="inclusive")
    return f"{statistics.median(seconds) * 1000:.0f} / {cut[-1] * 1000:.0f} ms (n = {len(seconds)})"
