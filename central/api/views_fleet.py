"""What the console gets to see of lanes, their devices, and what they were told."""

from datetime import datetime
from typing import Literal

from central.api.views import Reason, Request, View
from contract.names import Level


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
