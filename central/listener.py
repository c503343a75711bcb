"""What the ingestor tells, taken over by the rest of the service."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from central.api.notices import changes_of, is_urgent
from central.audit import trail
from central.core import Core
from central.fleet import presence
from central.ingest.projection import Alarm
from central.review import projections
from central.store.stories import Inspection, Passage
from contract.command import Challenge
from contract.envelope import Event
from contract.names import Address
from contract.presence import Presence


class Ears:
    """Hears of presences, challenges, alarms and committed events."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def on_presence(self, address: Address, presence_: Presence) -> None:
        """Note that a unit came or went."""
        async with self._core.database.writing() as session:
            counted = await presence.note_presence(session, address, presence_)
        if counted:
            self._core.notices.note([("fleet", address.unit)])

    async def on_challenge(self, unit: str, challenge: Challenge) -> None:
        """Note what the unit's next command must carry."""
        async with self._core.database.writing() as session:
            await presence.note_challenge(session, unit, challenge, self._core.now())

    async def on_alarm(self, session: AsyncSession, alarm: Alarm) -> None:
        """Put what a person must look at into the audit trail."""
        await trail.append(
            session,
            self._core.now(),
            alarm.unit or "unknown",
            "alarm",
            alarm.name,
            detail=alarm.detail,
        )
        self._core.metrics.alarms.labels(alarm.name).inc()

    async def changed(self, events: Sequence[tuple[Address, Event]]) -> None:
        """Measure what was committed, tell the onlookers, erase, draw second looks."""
        for address, event in events:
            self._measure(event)
            self._core.notices.note(changes_of(address, event), urgent=is_urgent(event))
        await self._after_results([event for _, event in events if event.type == "command.result"])
        if any(_ends(event) for _, event in events):
            self._core.erasures.soon()
        await self._sample([event for _, event in events])

    async def _sample(self, events: Sequence[Event]) -> None:
        share = self._core.config.review.sample_share
        await projections.sample(self._core.database, share, events, self._core.now())

    def _measure(self, event: Event) -> None:
        self._core.metrics.events.labels(event.type).inc()
        lag = (self._core.now() - event.time).total_seconds()
        self._core.metrics.ack_lag.observe(max(0.0, lag))

    async def _after_results(self, results: Sequence[Event]) -> None:
        if results:
            await note_commands(self._core, [str(event.data["command"]) for event in results])


async def note_commands(core: Core, commands: Sequence[str]) -> None:
    """Tell the onlookers of the stories that ``commands`` were to decide or to attend to."""
    async with core.database.reading() as session:
        reviews = await session.scalars(
            select(Inspection.id).where(Inspection.command.in_(commands))
        )
        core.notices.note(("review", name) for name in reviews)
        about = or_(Passage.command.in_(commands), Passage.assist_command.in_(commands))
        referrals = await session.scalars(select(Passage.id).where(about))
        core.notices.note(("referral", name) for name in referrals)


def _ends(event: Event) -> bool:
    return event.type in ("passage.ended", "passage.decided", "inspection.ended")
