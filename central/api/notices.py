"""From what changed in the tables to what the onlookers are told.

1. Changes are gathered as (topic, id), once each, and looked up together a moment later: a lane
   that drains its outbox changes one row a thousand times and is told of once.
2. With nobody looking on, nothing is looked up.
3. What does not fit is forgotten, the oldest first: an onlooker sees the newest.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import structlog
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from central.api import show_fleet, show_review
from central.api.hub import Hub, Told
from central.store.database import Database
from contract.envelope import Event
from contract.names import Address

_log = structlog.get_logger(__name__)

Change = tuple[str, str]
"""(topic, id); the topics are fleet, review, referral and passage."""

GATHER: Final = 0.1  # s
MOST: Final = 500  # changes kept while the database is slow


def changes_of(address: Address, event: Event) -> list[Change]:
    """Return what ``event`` changes for those who look on."""
    changes = [("fleet", address.unit)]
    match event.type.split("."):
        case ["passage", happening]:
            name = str(event.data["passage"])
            changes += [("passage", name)]
            changes += [("referral", name)] if happening != "started" else []
        case ["inspection", _]:
            changes += [("review", str(event.data["inspection"]))]
    return changes


class Notices:
    """Gathers changes and tells the hub."""

    def __init__(self, database: Database, hub: Hub, now: Callable[[], datetime]) -> None:
        self._database = database
        self._hub = hub
        self._now = now
        self._pending: dict[Change, None] = {}
        self._some = asyncio.Event()
        self._closed = False

    def note(self, changes: Iterable[Change]) -> None:
        """Remember ``changes`` for the next round."""
        if not len(self._hub):
            return
        self._pending.update(dict.fromkeys(changes))
        while len(self._pending) > MOST:
            del self._pending[next(iter(self._pending))]
        self._some.set()

    async def run(self) -> None:
        """Tell, round after round, until closed; a round begun is finished."""
        while not self._closed:
            await self._some.wait()
            await asyncio.sleep(GATHER)
            try:
                await self.tell()
            except Exception as error:  # noqa: BLE001 onlookers refetch; the service goes on
                _log.error("onlookers were not told", exc_info=error)

    def close(self) -> None:
        """End the rounds."""
        self._closed = True
        self._some.set()

    async def tell(self) -> None:
        """Look up what is pending and publish it."""
        self._some.clear()
        pending, self._pending = self._pending, {}
        async with self._database.reading() as session:
            for topic, name in pending:
                if self._closed:
                    return
                if (view := await self._look_up(session, topic, name)) is not None:
                    self._hub.publish(Told(topic, view.model_dump_json()))

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
