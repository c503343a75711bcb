"""What the console gets to see, shape by shape. Personal data is never in these."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from central.accounts.roles import Role
from contract.names import Identifier, Level

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL cannot store it

Reason = Field(min_length=1, max_length=300, pattern=_NO_NUL, description="why, for the record")


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Request(BaseModel):
    """A request; a key that we do not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SignInRequest(Request):
    """A name and a password."""

    username: str = Field(min_length=1, max_length=64, pattern=_NO_NUL)
    password: str = Field(min_length=1, max_length=256)


class LinkRequest(Request):
    """The token of a sign-in link."""

    token: str = Field(min_length=1, max_length=128)


class UserView(View):
    """Somebody who may sign in."""

    name: str
    roles: list[str]


class SessionView(View):
    """Who is signed in, and what changing requests must carry in X-CSRF."""

    user: UserView
    csrf: str


class UserRequest(Request):
    """A user to add."""

    name: Identifier
    roles: list[Role] = Field(min_length=1)


class UsersView(View):
    """Everybody who may sign in."""

    users: list[UserView]


class SignInLinkView(View):
    """Where the new user signs in, once, within a day."""

    sign_in_link: str


class DeviceView(View):
    """One device of a lane."""

    name: str
    state: str
    detail: str


class FaultView(View):
    """A fault that has not gone away."""

    name: str
    device: str
    detail: str
    since: datetime


class CountsView(View):
    """How much passed through a unit since it was enrolled."""

    ended: int
    referred_or_held: int


class MeasureView(View):
    """One parameter of a self-test."""

    name: str
    value: float
    wanted: float
    unit: str
    passed: bool


class SelfTestView(View):
    """A scanner's latest self-test."""

    at: datetime
    passed: bool
    detail: str
    measures: list[MeasureView]


class UnitView(View):
    """One unit as a whole."""

    site: str
    unit: Level
    kind: str
    online: bool
    service: str
    phase: str
    phase_since: datetime | None
    since: datetime | None
    last_event_at: datetime | None
    software: str
    devices: list[DeviceView]
    faults: list[FaultView]
    outbox_events: int
    clock_synced: bool
    models: dict[str, str]
    self_test: SelfTestView | None
    counts: CountsView


class FleetView(View):
    """Every enrolled unit."""

    units: list[UnitView]


class LaneCommandRequest(Request):
    """Close a lane to travellers or goods, or open it to them again."""

    verb: Literal["close-lane", "open-lane"]
    reason: str = Reason


class CommandView(View):
    """A command that was sent."""

    command: str
    state: str


class PictureView(View):
    """A picture; ``available`` when its file is here and has not been erased."""

    kind: str
    sha256: str
    width: int
    height: int
    bits: int
    available: bool


class RegionView(View):
    """Where something stands out, in pixels."""

    x: int
    y: int
    w: int
    h: int
    score: float


class ItemCheckView(View):
    """One examination of an item; regions in pixels of its picture."""

    name: str
    finding: str
    detail: str
    score: float | None
    regions: list[RegionView]


class IdentityView(View):
    """What is known of an item besides its picture."""

    container: str | None
    declared: str | None
    chapter: str | None
    weight_kg: float | None


class RadiationView(View):
    """What the radiation portal counted: σ above the background."""

    occupancy: int | None
    gamma_sigma: float | None
    neutron_sigma: float | None
    alarms: list[str]


class RevealView(View):
    """A threat that was projected, told once nobody can answer any more; in pixels."""

    kind: str
    x: int
    y: int
    w: int
    h: int


class InspectionView(View):
    """One item that was held; or a ``second_look`` at one that was cleared and has left."""

    id: str
    site: str
    unit: str
    item: str
    scanned_at: datetime | None
    finding: str | None
    score: float | None
    threshold: float | None
    disposition: str | None
    state: str
    claimed_by: str | None
    decided_by: str | None
    decision: str | None
    decision_reason: str | None
    notes: list[str]
    lost_lines: int
    checks: list[ItemCheckView]
    identity: IdentityView | None
    radiation: RadiationView | None
    regions: list[RegionView]
    pictures: list[PictureView]
    command_state: str | None
    second_look: bool = False
    revealed: RevealView | None = None


class ReviewView(View):
    """The queue of held items, the longest waiting first; decided ones newest first."""

    items: list[InspectionView]


class DispositionRequest(Request):
    """An analyst's decision. ``tools``: the viewer's tools that preceded it."""

    disposition: Literal["release", "hold", "divert"]
    reason: str = Reason
    tools: list[Identifier] = Field(default_factory=list, max_length=64)


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
