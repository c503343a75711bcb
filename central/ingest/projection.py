"""What the rest of central gets to see of the events, and when.

1. ``Projection.apply`` is called in order, once in effect, for each newly contiguous event whose
   type is known and whose data is valid, inside the transaction that stores it. An exception that
   is not the database's own absence puts that event into quarantine; the stream goes on.
2. ``Listener.on_alarm`` is called inside a transaction as well, so an alarm is never lost.
3. The other hooks of the Listener are called after the commit, or without one. They may miss a
   call when the process dies; what they tell is also in the tables, or is told again by the lane.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from contract.command import Challenge
from contract.envelope import Event
from contract.names import Address
from contract.presence import Presence


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person must look at. ``detail`` holds nothing from an unverified body."""

    unit: str
    name: str
    detail: str


class Projection(Protocol):
    """One table, or several, kept up to date from the events."""

    async def apply(self, session: AsyncSession, address: Address, event: Event) -> None:
        """Take over ``event``. ``session`` is committed by the caller."""


class Listener(Protocol):
    """What the service wants to hear of."""

    async def on_presence(self, address: Address, presence: Presence) -> None:
        """Hear that a unit, whose seal held, came or went. See ``rules.presence_counts``."""

    async def on_challenge(self, unit: str, challenge: Challenge) -> None:
        """Take the nonce that the next command to ``unit``, whose seal held, must carry."""

    async def on_alarm(self, session: AsyncSession, alarm: Alarm) -> None:
        """Record a clash, a broken chain, a bad seal, unreadable data. Bounded in rate."""

    async def changed(self, events: Sequence[tuple[Address, Event]]) -> None:
        """Hear that these events have been committed and projected."""
