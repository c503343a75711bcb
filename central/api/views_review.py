"""What the console gets to see of inspected items, and how they are decided."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from central.api.views import Reason, Request, View
from contract.names import Identifier


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
