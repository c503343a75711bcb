"""Somebody at central: signed in over HTTP like everybody else, hears the news, decides.

The stand-in decides by what a picture's score and a referral's reasons say; it is there so that a
demonstration without people does not wait for one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx

Json = dict[str, Any]
TIMEOUT = httpx.Timeout(10.0, read=30.0)  # the stream speaks every 15 s at least


class CentralClient:
    """A session at central. Every call raises httpx.HTTPError."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT)
        answer = self._http.post("/api/session/link", json={"token": token})
        answer.raise_for_status()
        self._headers = {"X-CSRF": answer.json()["csrf"]}

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Json:
        """Return what is at ``path``."""
        answer = self._http.get(path, params=query)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def post(self, path: str, body: Json | None = None) -> httpx.Response:
        """Ask for a change; the response may be a refusal."""
        return self._http.post(path, json=body, headers=self._headers)

    def news(self) -> Iterator[tuple[str, Json]]:
        """Yield what central tells its consoles: the kind, and the changed object."""
        with self._http.stream("GET", "/api/stream") as stream:
            kind = ""
            for line in stream.iter_lines():
                if line.startswith("event:"):
                    kind = line.removeprefix("event:").strip()
                elif line.startswith("data:") and line != "data:":
                    yield kind, json.loads(line.removeprefix("data:"))


class StandIn:
    """Decides what nobody else has decided after ``patience`` seconds."""

    def __init__(self, client: CentralClient, patience: float, say: Callable[[str], None]) -> None:
        self._client = client
        self._patience = patience
        self._say = say
        self._stopping = threading.Event()
        self._seen: dict[str, float] = {}
        self._thread = threading.Thread(target=self._work, name="stand-in", daemon=True)

    def start(self) -> None:
        """Begin to look at the queues."""
        self._thread.start()

    def stop(self) -> None:
        """Go home."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _work(self) -> None:
        waited = 0.0
        while not self._stopping.wait(0.25):
            waited += 0.25
            try:
                for item in self._client.get("/api/review", state="open")["items"]:
                    if self._is_due(item["id"], waited):
                        self._review(item)
                for case in self._client.get("/api/referrals", state="open")["referrals"]:
                    if self._is_due(case["id"], waited):
                        self._answer(case)
            except httpx.HTTPError as error:
                self._say(f"the stand-in cannot reach central: {type(error).__name__}")

    def _is_due(self, name: str, now: float) -> bool:
        return now - self._seen.setdefault(name, now) >= self._patience

    def _review(self, item: Json) -> None:
        kind = "divert" if item["regions"] else "release"
        self._client.post(f"/api/review/{item['id']}/claim")
        body = {"disposition": kind, "reason": "stand-in: by the picture's score", "tools": []}
        self._decided(self._client.post(f"/api/review/{item['id']}/decision", body), item, kind)

    def _answer(self, case: Json) -> None:
        body = {"decision": "refuse", "reason": "stand-in: sent to the counter"}
        answer = self._client.post(f"/api/referrals/{case['id']}/decision", body)
        self._decided(answer, case, "refuse")

    def _decided(self, answer: httpx.Response, what: Json, kind: str) -> None:
        if answer.is_success:
            self._seen[what["id"]] = float("inf")
            self._say(f"the stand-in decides: {kind} ({what['unit']}, {what['id'][:8]})")
