"""The shapes of requests and answers, and those of no one subject. None holds personal data."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue

NO_NUL = r"^[^\x00]*$"  # PostgreSQL cannot store it

Reason = Field(min_length=1, max_length=300, pattern=NO_NUL, description="why, for the record")


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Request(BaseModel):
    """A request; a key that we do not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AuditEntryView(View):
    """One line of the audit trail."""

    seq: int
    at: str
    actor: str
    action: str
    object: str
    detail: JsonValue
    hash: str


class AuditView(View):
    """A page of the trail, and whether the whole of it still holds."""

    entries: list[AuditEntryView]
    chain_valid: bool


class ErrorView(View):
    """What, where, and what to do."""

    code: str
    message: str


class ProblemView(View):
    """Any answer that is not the one asked for."""

    error: ErrorView
