"""What people do to a story: claim it, decide it; and the rules of the race.

1. A claim counts for five minutes and belongs to one analyst; claiming again renews it, and who
   has it may put the item back.
2. A story is decided once. The one statement that sets the decision also checks that nobody else
   has decided or claimed it, so of two at the same moment one is told that they were late.
3. The decision, its command and their audit entry are one transaction; only then is it sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, Update, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from central.audit import trail
from central.fleet import commands
from central.review.story import State, Story, state_of
from central.store.stories import Inspection, Passage
from contract.command import Command, Verb

CLAIM: Final = timedelta(minutes=5)


class Unknown(Exception):
    """There is no such story, or it waits for nobody."""


class Taken(Exception):
    """Somebody else was first, or the story is over; the text says who or what."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What an operator chose, and why. ``tools``: what they looked with, for the record."""

    decision: str
    reason: str
    operator: str
    tools: tuple[str, ...] = ()


async def claim(session: AsyncSession, name: str, operator: str, now: datetime) -> None:
    """Take the inspection called ``name`` for ``operator``; raise Unknown or Taken."""
    await waiting(session, Inspection, name)
    take = _free_inspection(name, operator, now).values(
        claimed_by=operator, claimed_until=now + CLAIM
    )
    await must_hit(session, take, Inspection, name, now)
    await trail.append(session, now, operator, "review.claim", name)


async def put_back(session: AsyncSession, name: str, operator: str, now: datetime) -> None:
    """End the claim of ``operator``, if there is one; raise Unknown, or Taken by another."""
    story = await waiting(session, Inspection, name)
    if story.claimed_by is None:
        return
    free = _free_inspection(name, operator, now).values(claimed_by=None, claimed_until=None)
    await must_hit(session, free, Inspection, name, now)
    await trail.append(session, now, operator, "review.put-back", name)


async def decide_inspection(
    session: AsyncSession, name: str, choice: Choice, now: datetime
) -> Command:
    """Decide the inspection called ``name``; return the command to send after the commit."""
    story = await waiting(session, Inspection, name)
    args = {"inspection": name, "disposition": choice.decision, "reason": choice.reason}
    order = commands.Order(story.unit, Verb.DECIDE_INSPECTION, {**args}, choice.operator, name)
    command = await commands.issue(session, order, now)
    take = _free_inspection(name, choice.operator, now).values(
        tools=list(choice.tools), **_decided(choice, command)
    )
    await must_hit(session, take, Inspection, name, now)
    return command


async def decide_passage(
    session: AsyncSession, name: str, choice: Choice, now: datetime
) -> Command:
    """Decide the referral called ``name``; return the command to send after the commit."""
    story = await waiting(session, Passage, name)
    args = {"passage": name, "decision": choice.decision, "reason": choice.reason}
    order = commands.Order(story.unit, Verb.DECIDE_PASSAGE, {**args}, choice.operator, name)
    command = await commands.issue(session, order, now)
    take = open_passage(name).values(**_decided(choice, command))
    await must_hit(session, take, Passage, name, now)
    return command


def open_passage(name: str) -> Update:
    """Return the beginning of a change to a referral that still waits."""
    return update(Passage).where(
        Passage.id == name, Passage.decision.is_(None), Passage.ended_at.is_(None)
    )


def _free_inspection(name: str, operator: str, now: datetime) -> Update:
    return update(Inspection).where(
        Inspection.id == name,
        Inspection.decision.is_(None),
        Inspection.ended_at.is_(None),
        or_(
            Inspection.claimed_by.is_(None),
            Inspection.claimed_by == operator,
            Inspection.claimed_until <= now,
        ),
    )


def _decided(choice: Choice, command: Command) -> dict[str, Any]:
    return {
        "decision": choice.decision,
        "decision_reason": choice.reason,
        "decided_by": choice.operator,
        "command": command.id,
    }


async def waiting(session: AsyncSession, table: type[Story], name: str) -> Story:
    """Return the story called ``name``, which was held or referred; or raise Unknown."""
    story = await session.get(table, name)
    if story is None or not story.waits:
        raise Unknown(f"nothing called {name} waits for a decision; refresh the list")
    return story


async def must_hit(
    session: AsyncSession, take: Update, table: type[Story], name: str, now: datetime
) -> None:
    """Execute ``take``, which names the story and its conditions; Taken if they do not hold."""
    outcome = await session.execute(take.execution_options(synchronize_session=False))
    assert isinstance(outcome, CursorResult)
    if outcome.rowcount != 1:
        raise Taken(_why(await session.get_one(table, name, populate_existing=True), now))


def _why(story: Inspection | Passage, now: datetime) -> str:
    match state_of(story, now):
        case State.ENDED:
            return f"{story.id} is over; nothing is left to decide"
        case State.DECIDED:
            return f"{story.decided_by} has decided {story.id} already: {story.decision}"
        case _:
            claimed_by = story.claimed_by if isinstance(story, Inspection) else None
            return f"{claimed_by} has {story.id} in hand; take another, or wait five minutes"
