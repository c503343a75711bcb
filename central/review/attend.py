"""What officers do for a referred traveller besides deciding.

1. To say that somebody comes is a command to the lane, whose screen tells the traveller. It is said
   once; only what the lane did not do may be said again.
2. A referral may be handed over, with a reason, to a colleague by name or to whoever is free. It
   stays open, and everybody may still decide it: the traveller must not wait for one person.
3. Both are written in the audit trail in the same transaction.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from central.accounts import users
from central.accounts.roles import Role
from central.audit import trail
from central.fleet import commands
from central.review.decide import Taken, must_hit, open_passage, waiting
from central.store.fleet import CommandRow
from central.store.stories import Passage
from contract.command import Command, Execution, Verb

OFFICERS = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.ADMIN})


class NoOfficer(Exception):
    """Nobody of that name can take a referral over; the text says what to do."""


async def assist(session: AsyncSession, name: str, operator: str, now: datetime) -> Command:
    """Note that somebody comes; return the command to send after the commit."""
    story = await waiting(session, Passage, name)
    if await _is_said(session, story):
        raise Taken(f"{story.assisted_by} has told the traveller already that somebody comes")
    order = commands.Order(story.unit, Verb.ASSIST, {"passage": name}, operator, name)
    command = await commands.issue(session, order, now)
    said = open_passage(name).values(assisted_by=operator, assist_command=command.id)
    await must_hit(session, said, Passage, name, now)
    return command


async def hand_over(
    session: AsyncSession, name: str, operator: str, to: str | None, reason: str, now: datetime
) -> None:
    """Hand the referral called ``name`` over; raise Unknown, Taken or NoOfficer."""
    await waiting(session, Passage, name)
    if to is not None and (to == operator or to not in await officers(session)):
        raise NoOfficer(f"{to} is no other officer here; choose one from the list, or nobody")
    change = open_passage(name).values(
        handed_over_by=operator, handed_over_to=to, handover_reason=reason
    )
    await must_hit(session, change, Passage, name, now)
    await trail.append(session, now, operator, "referral.handover", name, to=to, reason=reason)


async def officers(session: AsyncSession) -> list[str]:
    """Return who may decide referrals, by name."""
    everyone = await users.everyone(session)
    return [user.name for user in everyone if OFFICERS.intersection(user.roles)]


async def _is_said(session: AsyncSession, story: Passage) -> bool:
    if story.assist_command is None:
        return False
    row = await session.get_one(CommandRow, story.assist_command)
    return row.state in (commands.SENT, Execution.DONE)
