"""From what changed in the tables to what the onlookers are told.

1. Changes are gathered as (topic, id), once each, and looked up together: at once after a rest,
   else a moment after the last round. A lane that drains its outbox changes one row a thousand
   times and is told of a few times.
2. A traveller who waits does not wait for that moment, nor for a long round to end: an urgent
   change is told at once and first, and what the round has left comes after it.
3. With nobody looking on, nothing is looked up.
4. What does not fit is forgotten, the oldest first: an onlooker sees the newest.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from central.api import show_fleet, show_review
from central.api.discretion import discreet
from central.api.hub import Hub, Told
from central.store.database import Database
from contract.envelope import Event
from contract.names import Address
from contract.passage import Verdict

_log = structlog.get_logger(__name__)

Change = tuple[str, str]
"""(topic, id); the topics are fleet, review, referral and passage."""

GATHER: Final = 0.1  # s between two rounds
MOST: Final = 500  # changes kept while the database is slow


def changes_of(address: Address, event: Event) -> list[Change]:
    """Return what ``event`` changes for those who look on."""
    changes = [("fleet", address.unit)]
    match event.type.split("."):
        case ["passage", happening]:
            name = str(event.data["passage"])
            changes += [("passage", name)]
            changes += [("referral", name)] if happening != "started" else []
        case ["inspection", happening] if happening != "tested":  # that is the unit's own
            changes += [("review", str(event.data["inspection"]))]
    return changes


def is_urgent(event: Event) -> bool:
    """Return whether somebody begins to wait by ``event``."""
    return event.type == "passage.decided" and event.data["verdict"] == Verdict.REFER


class Notices:
    """Gathers changes and tells the hub."""

    def __init__(self, database: Database, hub: Hub, now: Callable[[], datetime]) -> None:
        self._database = database
        self._hub = hub
        self._now = now
        self._pending: dict[Change, bool] = {}  # and whether it is urgent
        self._some = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closed = False

    def note(self, changes: Iterable[Change], *, urgent: bool = False) -> None:
        """Remember ``changes`` for the next round."""
        if not len(self._hub):
            return
        for change in changes:
            self._pending[change] = urgent or self._pending.get(change, False)
        if urgent:
            self._urgent.set()
        while len(self._pending) > MOST:
            del self._pending[next(iter(self._pending))]
        self._some.set()

    async def run(self) -> None:
        """Tell, round after round, until closed; a round begun is finished."""
        while not self._closed:
            await self._some.wait()
            try:
                await self.tell()
            except Exception as error:  # noqa: BLE001 onlookers refetch; the service goes on
                _log.error("onlookers were not told", exc_info=error)
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER):
                    await self._urgent.wait()

    def close(self) -> None:
        """End the rounds."""
        self._closed = True
        self._some.set()
        self._urgent.set()

    async def tell(self) -> None:
        """Look up what is pending and publish it."""
        self._some.clear()
        self._urgent.clear()
        pending, self._pending = self._pending, {}
        changes = sorted(pending, key=lambda change: (not pending[change], change[0] != "referral"))
        async with self._database.reading() as session:
            for done, (topic, name) in enumerate(changes):
                if self._closed:
                    return
                if done and self._urgent.is_set():
                    self._put_back({change: pending[change] for change in changes[done:]})
                    return
                if (view := await self._look_up(session, topic, name)) is not None:
                    self._hub.publish(_told(topic, view))

    def _put_back(self, left: dict[Change, bool]) -> None:
        self._pending = left | self._pending
        self._some.set()

    async def _look_up(self, session: AsyncSession, topic: str, name: str) -> BaseModel | None:
        match topic:
            case "fleet":
                return await show_fleet.unit(session, name)
            case "review":
                return await show_review.inspection(session, name, self._now())
            case "referral":
                return await show_review.referral(session, name, self._now())
            case _:
                return await show_review.passage(session, name)


def _told(topic: str, view: BaseModel) -> Told:
    less = discreet(view)
    return Told(topic, view.model_dump_json(), None if less is view else less.model_dump_json())
