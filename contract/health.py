"""How a lane is: ``health.report`` now and then, ``health.fault`` when one comes or goes."""

from enum import StrEnum

from pydantic import Field

from contract.names import Identifier, Message


class Service(StrEnum):
    """Whether the lane serves."""

    IN_SERVICE = "in-service"
    DEGRADED = "degraded"
    OUT_OF_SERVICE = "out-of-service"


class DeviceState(StrEnum):
    """One device, as its worker sees it."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    FAILED = "failed"


class DeviceHealth(Message):
    """One device of a lane."""

    name: Identifier
    state: DeviceState
    detail: str = Field(default="", max_length=300)


class Fault(Message):
    """``health.fault``: a named error appeared (``raised``) or went away, and where the lane is."""

    name: Identifier = Field(description="the error's name, e.g. LinkLost, Frozen, DiskFull")
    device: Identifier
    detail: str = Field(max_length=500)
    phase: Identifier
    raised: bool


class Report(Message):
    """``health.report``: the whole lane at one moment."""

    service: Service
    phase: Identifier
    devices: list[DeviceHealth]
    faults: list[Fault]
    outbox_events: int = Field(ge=0)
    outbox_fill: float = Field(ge=0, le=1)
    models: dict[str, str] = Field(default_factory=dict, description="role → model@version")
