"""The lists a lane keeps: sealed by central, checked every time they are read, usable without it.

1. Only central's seal counts, not where a list came from: central itself, or a file an engineer
   put into the folder.
2. A version below the one that was ever taken is refused and told; the highest is remembered in the
   outbox's own database, so that an older file on the disk is noticed too.
3. A list is replaced in one step; a crash leaves the old or the new one.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from contract.envelope import canonical
from contract.lists import ListKind, ListRequest, Published, SitePolicy, Watchlist
from contract.signing import Purpose, SealError, only, seal, unseal
from edge.runtime.backoff import Backoff
from edge.uplink.outbox import Outbox

ASK_EVERY: Final = 60.0  # s
AWAY_EVERY: Final = 2.0  # s at most, while central does not answer
LONGEST: Final = 64 * 1024**2  # bytes of one list
MOST_AHEAD: Final = 24.0  # h a list may come from the future: beyond, a clock is wrong
log = structlog.get_logger()


class ListRefused(Exception):
    """A list that must not be used; the text says why."""


class ListKeeper:
    """The lane's lists. ``changed`` is called with the kind when a newer one was taken."""

    def __init__(
        self,
        folder: Path,
        central_key: Ed25519PublicKey,
        outbox: Outbox,
        now: Callable[[], datetime],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._keys = only(central_key)
        self._outbox = outbox
        self._now = now
        self._held: dict[ListKind, Published] = {}
        self._listeners: list[Callable[[ListKind], None]] = []
        self.problems: dict[ListKind, str] = {}
        for kind in ListKind:
            self._load(kind)

    def subscribe(self, listener: Callable[[ListKind], None]) -> None:
        """Call ``listener`` when a list was replaced."""
        self._listeners.append(listener)

    def version(self, kind: ListKind) -> int:
        """Return the version held, 0 for none."""
        held = self._held.get(kind)
        return 0 if held is None else held.version

    def age_hours(self, kind: ListKind) -> float | None:
        """Return the age of the list held, None without one."""
        held = self._held.get(kind)
        return None if held is None else held.age_hours(self._now())

    @property
    def policy(self) -> SitePolicy | None:
        """The authority's word for this site, None while there is none."""
        held = self._held.get(ListKind.POLICY)
        content = None if held is None else held.content
        return content if isinstance(content, SitePolicy) else None

    @property
    def watchlist(self) -> Watchlist | None:
        """The watchlist, None while there is none."""
        held = self._held.get(ListKind.WATCHLIST)
        content = None if held is None else held.content
        return content if isinstance(content, Watchlist) else None

    def take(self, kind: ListKind, message: bytes) -> Published:
        """Check ``message`` and keep it if it is newer; raise ListRefused."""
        published = self._believed(kind, message)
        if published.version > self.version(kind):
            self._store(kind, message)
            self._remember(kind, published)
            self.problems.pop(kind, None)
            for listener in self._listeners:
                listener(kind)
        return published

    def _believed(self, kind: ListKind, message: bytes) -> Published:
        try:
            published = Published.model_validate_json(unseal(Purpose.LIST, message, self._keys))
        except (SealError, ValidationError) as error:
            raise ListRefused(f"{kind}: {str(error).splitlines()[0]}") from error
        content = published.content
        if content.kind is not kind:
            raise ListRefused(f"{kind}: this is the {content.kind}")
        if isinstance(content, SitePolicy) and content.site != self._outbox.address.site:
            raise ListRefused(f"{kind}: it is for site {content.site}")
        if published.version < max(self.version(kind), self._highest(kind)):
            raise ListRefused(
                f"{kind}: version {published.version} is older than {self._highest(kind)}, "
                f"which this lane has had"
            )
        if published.age_hours(self._now()) < -MOST_AHEAD:
            raise ListRefused(f"{kind}: issued in the future; look at this machine's clock")
        return published

    def _load(self, kind: ListKind) -> None:
        path = self._path(kind)
        if not path.exists():
            return
        try:
            published = self._believed(kind, path.read_bytes())
        except (ListRefused, OSError) as error:
            self.problems[kind] = str(error)
            log.error("list.refused", list=kind.value, reason=str(error))
            return
        self._remember(kind, published)

    def _remember(self, kind: ListKind, published: Published) -> None:
        self._held[kind] = published
        if published.version > self._highest(kind):
            with self._outbox.transaction() as db:
                db.execute(
                    "INSERT OR REPLACE INTO state VALUES (?, ?)",
                    (f"list.{kind}", str(published.version)),
                )

    def _highest(self, kind: ListKind) -> int:
        return int(self._outbox.state().get(f"list.{kind}", 0))

    def _store(self, kind: ListKind, message: bytes) -> None:
        path = self._path(kind)
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)

    def _path(self, kind: ListKind) -> Path:
        return self._folder / f"{kind}.sealed"


async def keep_asking(
    keeper: ListKeeper, client: httpx.AsyncClient, unit: str, key: Ed25519PrivateKey
) -> None:
    """Ask central for newer lists, for ever; sooner again while central does not answer."""
    backoff = Backoff(first=0.5, most=AWAY_EVERY)
    while True:
        try:
            for kind in ListKind:
                await _ask(keeper, client, unit, key, kind)
        except httpx.HTTPError:
            await asyncio.sleep(backoff.wait())
            continue
        backoff.reset()
        await asyncio.sleep(ASK_EVERY)


async def _ask(
    keeper: ListKeeper,
    client: httpx.AsyncClient,
    unit: str,
    key: Ed25519PrivateKey,
    kind: ListKind,
) -> None:
    request = ListRequest(unit=unit, kind=kind, have=keeper.version(kind))
    sealed = seal(Purpose.ASK, canonical(request.model_dump(mode="json")), key)
    header = {"Authorization": f"Seal {base64.b64encode(sealed).decode()}"}
    answer = await client.get(f"/lists/{kind}", headers=header)
    if answer.status_code >= 400:
        log.warning("list.not_given", list=kind.value, status=answer.status_code)
    if answer.status_code != 200 or len(answer.content) > LONGEST:
        return  # nothing newer, or nothing at all
    try:
        await asyncio.to_thread(keeper.take, kind, answer.content)
    except ListRefused as error:
        keeper.problems[kind] = str(error)
        log.error("list.refused", list=kind.value, reason=str(error))
