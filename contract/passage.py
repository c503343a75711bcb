"""One traveller through one gate: started, decided, perhaps referred to an officer, ended.

No names, numbers or dates of a traveller are in these messages. Pictures are personal blobs: they
are sent only with a referral and erased everywhere when the passage ends.
"""

from enum import StrEnum

from pydantic import Field

from contract.blob import Picture
from contract.names import Identifier, Message


class Status(StrEnum):
    """The answer of one check (BSI TR-03135-1, 5.4). Aborted is never evidence."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NOT_SUPPORTED = "not supported"
    ABORTED = "aborted"


class Check(Message):
    """One check and its answer; ``detail`` holds no personal data."""

    name: Identifier
    status: Status
    detail: str = Field(default="", max_length=300)


class Verdict(StrEnum):
    """What the lane decided by itself."""

    CLEAR = "clear"
    REFER = "refer"


class Started(Message):
    """``passage.started``: a traveller is inside, or has put a document down."""

    passage: Identifier


class Decided(Message):
    """``passage.decided``: committed before any door moves. A referral carries its pictures."""

    passage: Identifier
    verdict: Verdict
    reasons: list[Identifier]
    checks: list[Check]
    document_format: str | None = Field(default=None, max_length=16)
    issuing_state: str | None = Field(default=None, max_length=3)
    stages_ms: dict[str, float]
    pictures: list[Picture] = Field(default_factory=list)


class Asked(Message):
    """``passage.asked``: a traveller who is referred asks for an officer; ``wish`` is a reason."""

    passage: Identifier
    wish: Identifier


class OfficerDecision(StrEnum):
    """What an officer may say to a referral."""

    APPROVE = "approve"
    REFUSE = "refuse"


class Resolved(Message):
    """``passage.resolved``: an officer's decision has been taken over by the lane."""

    passage: Identifier
    decision: OfficerDecision
    operator: Identifier
    reason: str = Field(max_length=300)


class Outcome(StrEnum):
    """How a passage ended."""

    CROSSED = "crossed"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    EVACUATED = "evacuated"
    FAULT = "fault"


class Ended(Message):
    """``passage.ended``: the traveller is out, on whichever side."""

    passage: Identifier
    outcome: Outcome
    seconds: float = Field(ge=0)
    stages_ms: dict[str, float]
