"""What happens at the border, as central tells it: a line for each thing, and figures for a report.

Alarms are what a supervisor would want to know: faults, referrals, items that are held.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from simulators.demo.operator import CentralClient, Json

RETRY_AFTER = 0.5  # s before the stream is asked for again


@dataclass
class Record:
    """What has happened so far."""

    phases: dict[str, str] = field(default_factory=dict)
    faults: set[tuple[str, str, str]] = field(default_factory=set)
    referrals: set[str] = field(default_factory=set)
    alarms: list[Json] = field(default_factory=list)
    passages: dict[str, Json] = field(default_factory=dict)
    inspections: dict[str, Json] = field(default_factory=dict)
    on_screen_after: list[float] = field(default_factory=list)  # s from the last line


class NewsReader:
    """Listens to central's stream in a thread of its own."""

    def __init__(
        self, client: CentralClient, say: Callable[[str], None], last_line_at: Callable[[], float]
    ) -> None:
        self._client = client
        self._say = say
        self._last_line_at = last_line_at
        self._stopping = threading.Event()
        self.record = Record()
        self._thread = threading.Thread(target=self._listen, name="news", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; what is on its way is not waited for."""
        self._stopping.set()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                for kind, what in self._client.news():
                    self._hear(kind, what)
                    if self._stopping.is_set():
                        return
            except httpx.HTTPError:
                self._stopping.wait(RETRY_AFTER)

    def _hear(self, kind: str, what: Json) -> None:
        match kind:
            case "fleet":
                self._fleet(what)
            case "passage":
                self._passage(what)
            case "referral":
                self._referral(what)
            case "review":
                self._review(what)

    def _fleet(self, unit: Json) -> None:
        name = unit["unit"]
        if unit["phase"] and self.record.phases.get(name) != unit["phase"]:
            self.record.phases[name] = unit["phase"]
            self._say(f"{name}: {unit['phase'].replace('_', ' ')}")
        for fault in unit["faults"]:
            key = (name, fault["device"], fault["name"])
            if key not in self.record.faults:
                self.record.faults.add(key)
                self._alarm("fault", name, f"{fault['name']} at {fault['device']}")

    def _passage(self, passage: Json) -> None:
        self.record.passages[passage["id"]] = passage
        if passage["outcome"]:
            seconds = passage["seconds"] or 0.0
            self._say(f"{passage['unit']}: traveller {passage['outcome']} after {seconds:.1f} s")

    def _referral(self, case: Json) -> None:
        if case["state"] == "open" and case["id"] not in self.record.referrals:
            self.record.referrals.add(case["id"])
            self._alarm("referral", case["unit"], ", ".join(case["reasons"]))

    def _review(self, item: Json) -> None:
        if item["second_look"]:
            return  # it has left: nothing waits, and no figure is of it
        known = self.record.inspections.get(item["id"])
        self.record.inspections[item["id"]] = item
        if known is None and item["state"] == "open":
            waited = time.monotonic() - self._last_line_at()
            self.record.on_screen_after.append(waited)
            self._alarm("held item", item["unit"], f"{item['finding']}, score {item['score']}")
        elif item["state"] == "ended" and (known or {}).get("state") != "ended":
            self._say(f"{item['unit']}: item {item['item']} left: {item['disposition']}")

    def _alarm(self, kind: str, unit: str, detail: str) -> None:
        self.record.alarms.append({"kind": kind, "unit": unit, "detail": detail})
        self._say(f"{unit}: {kind}: {detail}")


def counts(record: Record) -> dict[str, Any]:
    """Return how many of each: verdicts and outcomes of passages, findings of held items."""
    passages, items = record.passages.values(), record.inspections.values()
    return {
        "passages": dict(Counter(p["outcome"] or "open" for p in passages)),
        "verdicts": dict(Counter(p["verdict"] or "none" for p in passages)),
        "held_items": dict(Counter(i["finding"] for i in items)),
    }
