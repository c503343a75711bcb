"""What passages and inspections have in common: a beginning, a decision, an end.

1. A story belongs to the unit that first spoke of it; another's event about it is refused.
2. Events of one story come on several streams, so any of them may be the first to arrive.
3. Its state: ended, else decided, else claimed by somebody for a while, else open.
4. A decision whose command did not end well is taken back, unless the lane has confirmed it.
"""

from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.happening import Happening, Misplaced
from central.store import known
from central.store.stories import Inspection, Passage

Story = TypeVar("Story", Passage, Inspection)


class State(StrEnum):
    """Where a story stands for those who decide."""

    OPEN = "open"
    CLAIMED = "claimed"
    DECIDED = "decided"
    ENDED = "ended"


def state_of(story: Passage | Inspection, now: datetime) -> State:
    """Return the state of ``story`` at ``now``."""
    if story.ended_at:
        return State.ENDED
    if story.decision:
        return State.DECIDED
    claimed_until = story.claimed_until if isinstance(story, Inspection) else None
    return State.CLAIMED if claimed_until and claimed_until > now else State.OPEN


async def find_or_begin(
    session: AsyncSession, table: type[Story], name: str, happening: Happening
) -> Story:
    """Return the story called ``name``, a new one if need be; Misplaced if it is another's."""
    story = await known.find(session, table, name)
    if story is None:
        address = happening.address
        story = table(id=name, unit=address.unit, site=address.site, heard_at=happening.heard)
        story.waits, story.personal, story.stages_ms = False, False, {}
        known.begin(session, story, name)
    if story.unit != happening.address.unit:
        raise Misplaced(f"{happening.address} speaks of {name}, which is {story.unit}'s")
    return story


def confirm(
    story: Passage | Inspection, decision: str, operator: str, reason: str, at: datetime
) -> None:
    """Take over what the lane says was decided: it is the lane that did it."""
    story.decision = decision
    story.decided_by = operator
    story.decision_reason = reason
    story.resolved_at = at


async def take_back(session: AsyncSession, command: str) -> None:
    """Reopen the story that ``command`` was to decide, unless the lane has confirmed it."""
    await _take_back(session, Passage, command)
    await _take_back(session, Inspection, command)


async def _take_back(session: AsyncSession, table: type[Story], command: str) -> None:
    query = select(table).where(table.command == command, table.resolved_at.is_(None))
    if (story := await session.scalar(query)) is not None:
        story.decision = story.decided_by = story.decision_reason = None
