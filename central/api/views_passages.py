"""What the console gets to see of passages and of travellers referred to an officer."""

from datetime import datetime
from typing import Literal

from central.api.views import Reason, Request, View
from central.api.views_review import PictureView
from contract.names import Identifier


class CheckView(View):
    """One check of a passage."""

    name: str
    status: str
    detail: str


class ReferralView(View):
    """One traveller who was referred. ``assist_state``: how the word that somebody comes went."""

    id: str
    site: str
    unit: str
    decided_at: datetime | None
    reasons: list[str]
    checks: list[CheckView]
    document_format: str | None
    issuing_state: str | None
    pictures: list[PictureView]
    state: str
    decision: str | None
    decided_by: str | None
    command_state: str | None
    waiting_since: datetime | None
    assisted_by: str | None
    assist_state: str | None
    handed_over_by: str | None
    handed_over_to: str | None
    handover_reason: str | None


class ReferralsView(View):
    """The queue of referrals, the longest waiting first."""

    referrals: list[ReferralView]


class OfficerRequest(Request):
    """An officer's decision."""

    decision: Literal["approve", "refuse"]
    reason: str = Reason


class HandoverRequest(Request):
    """A referral for a colleague, or for whoever is free."""

    to: Identifier | None = None
    reason: str = Reason


class OfficersView(View):
    """Who may take a referral over, by name."""

    officers: list[str]


class PassageView(View):
    """One passage; nothing in it says who passed."""

    id: str
    unit: str
    site: str
    verdict: str | None
    reasons: list[str]
    outcome: str | None
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    stages_ms: dict[str, float]


class PassagesView(View):
    """Passages, newest first."""

    passages: list[PassageView]
