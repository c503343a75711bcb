"""Commands: written down with their audit entry, then sent, then settled once.

1. A command is only made for a unit that is online and whose challenge is current, and carries it.
2. It is void 30 s after it was made. One that has no answer a minute after that is indeterminate:
   nobody knows whether the lane acted.
3. It is settled by the lane's one result, or, until that comes, by a failure to send or by silence:
   the broker may deliver what it seemed not to take, so the result still replaces those.
4. A command that did not end well gives its story back to those who decide.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.audit import trail
from central.happening import Happening, Misplaced
from central.review.story import take_back
from central.store.fleet import CommandRow, Unit
from contract.command import CHALLENGE_LIFETIME, Command, Execution, Result, Verb

VALID: Final = timedelta(seconds=30)
SILENCE: Final = timedelta(seconds=60)
SENT: Final = "sent"


class Unreachable(Exception):
    """The unit cannot take a command now; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator wants of a unit."""

    unit: str
    verb: Verb
    args: dict[str, JsonValue]
    operator: str
    about: str


async def issue(session: AsyncSession, order: Order, now: datetime) -> Command:
    """Write ``order`` down and return the command to send after the commit; or Unreachable."""
    unit = await _reachable(session, order.unit, now)
    command = Command(
        id=f"cmd-{secrets.token_hex(12)}",
        unit=order.unit,
        verb=order.verb,
        args=order.args,
        challenge=unit.challenge or "",
        if_state_version=unit.state_version,
        not_after=now + VALID,
        operator=order.operator,
    )
    session.add(_row(command, now))
    await trail.append(
        session, now, order.operator, f"command.{order.verb}", order.about,
        command=command.id, unit=order.unit, args=order.args,
    )  # fmt: skip
    return command


async def settle(
    session: AsyncSession, row: CommandRow, state: str, why: str, at: datetime
) -> None:
    """Note how the command ended, in the audit trail too."""
    row.state, row.detail, row.result_at = state, why, at
    if state != Execution.DONE:
        await take_back(session, row.id)
    await trail.append(
        session, at, row.unit, "command.result", row.id, verb=row.verb, state=state, why=why
    )


async def result(session: AsyncSession, happening: Happening, message: Result) -> None:
    """command.result → the command it answers."""
    row = await session.get(CommandRow, message.command)
    if row is None or row.unit != happening.address.unit:
        raise Misplaced(f"{happening.address} answers {message.command}, which it was never sent")
    if not row.answered:
        row.answered = True
        await settle(session, row, message.execution.value, message.detail, happening.heard)


async def give_up(session: AsyncSession, now: datetime) -> list[str]:
    """Settle every command that was met with silence; return their ids."""
    query = select(CommandRow).where(CommandRow.state == SENT, CommandRow.not_after < now - SILENCE)
    rows = (await session.scalars(query)).all()
    for row in rows:
        await settle(session, row, Execution.INDETERMINATE.value, "no answer", now)
    return [row.id for row in rows]


async def _reachable(session: AsyncSession, name: str, now: datetime) -> Unit:
    unit = await session.get(Unit, name)
    if unit is None:
        raise Unreachable(f"there is no unit {name}; enrol it first")
    if not unit.online:
        raise Unreachable(f"{name} is offline; decide at the lane, or wait until it is back")
    if unit.challenge is None or unit.challenged_at is None:
        raise Unreachable(f"{name} has not said which challenge to answer; wait a moment")
    age = (now - unit.challenged_at).total_seconds()
    if age > CHALLENGE_LIFETIME:
        raise Unreachable(
            f"the last challenge of {name} is {age:.0f} s old and counts for "
            f"{CHALLENGE_LIFETIME:.0f} s; the link to it is bad, try again when it is heard"
        )
    return unit


def _row(command: Command, now: datetime) -> CommandRow:
    return CommandRow(
        id=command.id,
        unit=command.unit,
        verb=command.verb.value,
        args=dict(command.args),
        operator=command.operator,
        state=SENT,
        sent_at=now,
        not_after=command.not_after,
    )
