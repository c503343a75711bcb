"""What the service does by itself, now and then.

every 2 s       the keys of enrolled units are read again
every 2 s       second looks that are due are offered, those whose time is over end
every 5 s       commands met with silence are given up, and what they were to decide reopens
every 10 s      what released cargo looked like is remembered
every minute    files marked for erasure go; personal ones that nothing open shows are marked
every hour      records past their retention go; the audit trail's head is anchored

Each duty is one transaction of its own; one that fails is logged and tried again in its time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from central.audit import trail
from central.core import Core
from central.fleet import commands
from central.listener import note_commands
from central.review import pictures, projections_steps, retention

_log = structlog.get_logger(__name__)

Duty = Callable[[Core], Awaitable[None]]
Duties = tuple[tuple[float, Duty], ...]
"""Each duty behind its period in seconds."""


async def read_keys(core: Core) -> None:
    """Trust those who were enrolled by another process."""
    await core.keys.refresh()


async def look_again(core: Core) -> None:
    """Offer and end second looks."""
    async with core.database.reading() as session:
        if not await projections_steps.is_anything_due(session, core.now()):
            return
    async with core.database.writing() as session:
        ended = await projections_steps.end_late(session, core.now())
        offered = await projections_steps.offer(session, core.now())
    core.notices.note(("review", name) for name in [*ended, *offered])


async def give_up_on_silence(core: Core) -> None:
    """Settle commands that have had no answer."""
    async with core.database.writing() as session:
        given_up = await commands.give_up(session, core.now())
    if given_up:
        await note_commands(core, given_up)


async def erase(core: Core) -> None:
    """Let personal files go that nothing open shows."""
    async with core.database.writing() as session:
        await pictures.erase_stale(session, core.now())
    await core.uploads.erase_marked()


async def retain(core: Core) -> None:
    """Delete what is past its time, and say in the audit trail how much that was."""
    async with core.database.writing() as session:
        gone = await retention.delete_old(session, core.config.retention, core.now())
        if any(gone.values()):
            many = {kind: len(names) for kind, names in gone.items()}
            await trail.append(session, core.now(), "central", "retention", "stories", **many)
    await core.similar.forget(gone["inspections"])
    await core.uploads.erase_marked()


async def remember(core: Core) -> None:
    """Remember what released cargo looked like."""
    await core.similar.catch_up()


async def anchor(core: Core) -> None:
    """Anchor the audit trail's head."""
    async with core.database.reading() as session:
        head = await trail.newest(session)
    if head is not None:
        await asyncio.to_thread(core.anchors.add, head.seq, head.hash)


DUTIES: Final[Duties] = (
    (2.0, read_keys),
    (2.0, look_again),
    (5.0, give_up_on_silence),
    (10.0, remember),
    (60.0, erase),
    (3600.0, retain),
    (3600.0, anchor),
)


async def run(core: Core, stop: asyncio.Event, duties: Duties = DUTIES) -> None:
    """Do every duty at once and then in its time, until ``stop``; a duty begun is finished."""
    await asyncio.gather(*(_repeat(core, stop, period, duty) for period, duty in duties))


async def _repeat(core: Core, stop: asyncio.Event, period: float, duty: Duty) -> None:
    while not stop.is_set():
        try:
            await duty(core)
        except Exception as error:  # noqa: BLE001 a duty that fails must not end the others
            _log.error("duty failed", duty=duty.__name__, exc_info=error)
        with suppress(TimeoutError):
            async with asyncio.timeout(period):
                await stop.wait()
