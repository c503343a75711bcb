"""What central may ask of a lane, and what the lane answers.

The edge checks in this order: seal → addressed to me → challenge current on my own monotonic clock
(≤ 120 s) → state guard → not seen before → persist ``started`` → act → persist the result. After a
restart a ``started`` command is ``indeterminate`` and is never executed again.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import Field, JsonValue

from contract.names import Identifier, Level, Message

CHALLENGE_LIFETIME: Final = 120.0  # s on the edge's monotonic clock


class Verb(StrEnum):
    """Everything that can be asked. There is no verb that opens a door."""

    DECIDE_PASSAGE = "decide-passage"
    ASSIST = "assist"
    DECIDE_INSPECTION = "decide-inspection"
    CLOSE_LANE = "close-lane"
    OPEN_LANE = "open-lane"


class Challenge(Message):
    """The nonce that the next command must carry, and the state it was given in."""

    unit: Level
    nonce: Identifier
    boot_id: Identifier
    state_version: int = Field(ge=0)


class Command(Message):
    """One request by one operator to one unit."""

    id: Identifier
    unit: Level
    verb: Verb
    args: dict[str, JsonValue]
    challenge: Identifier
    if_state_version: int | None = Field(default=None, ge=0)
    not_after: datetime
    operator: Identifier
    approver: Identifier | None = None


class Execution(StrEnum):
    """How a command ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    INDETERMINATE = "indeterminate"


class Result(Message):
    """``command.result`` on the audit stream: exactly one per command that was believed."""

    command: Identifier
    verb: Verb
    execution: Execution
    detail: str = Field(default="", max_length=300)
