"""How a scanner is set up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contract.presence import Kind
from edge.runtime.config import LaneSection, Serial
from edge.scanner.inspection import Phase
from models.catalogue import Card, CatalogueError
from settings.files import Section


class ConveyorDevice(Serial):
    """A conveyor and interlock controller on a Modbus RTU line."""

    address: int = Field(default=2, ge=1, le=247)


class XRaySourceDevice(Serial):
    """An X-ray generator."""

    trailing_comma: bool = Field(default=True, description="the checksum covers the last comma")
    kilovolts: float = Field(default=160.0, gt=0, le=450)
    milliamperes: float = Field(default=1.0, gt=0, le=50)


class DetectorDevice(Section):
    """A line detector, its data arriving over TCP."""

    url: str
    pixels: int = Field(default=512, ge=1, le=65_535)


class Geometry(Section):
    """Where things stand along the belt, in mm, and how fast it goes."""

    entry_to_beam: float = Field(default=600.0, gt=0, description="mm from barrier to beam")
    entry_to_diverter: float = Field(default=1800.0, gt=0, description="mm, barrier to diverter")
    entry_to_end: float = Field(default=2400.0, gt=0, description="mm from barrier to belt's end")
    scan_speed: float = Field(default=400.0, ge=50, le=1000, description="mm/s in the beam")
    move_speed: float = Field(default=800.0, ge=50, le=1000, description="mm/s elsewhere")
    pitch: float = Field(default=1.0, gt=0, le=10, description="mm per pixel, both ways")


class ScannerDevices(Section):
    """What a scanner is made of."""

    conveyor: ConveyorDevice
    xray_source: XRaySourceDevice
    detector: DetectorDevice
    radiation_portal: Serial | None = None


class InspectionPolicy(Section):
    """What the authority decided for this scanner."""

    threshold: float | None = Field(
        default=None, ge=0, le=1, description="score from which an item is held; the model's own"
    )
    air_fresh_for: float = Field(default=600.0, gt=0, description="s an air reference may be used")
    most_lost_lines: int = Field(
        default=0, ge=0, description="more of them make an image unreadable"
    )
    limits: dict[Phase, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)


class ScannerConfig(LaneSection):
    """One scanner."""

    kind: Literal[Kind.SCANNER]
    devices: ScannerDevices
    geometry: Geometry = Geometry()
    policy: InspectionPolicy = InspectionPolicy()


def threshold_of(config: ScannerConfig, card: Card) -> float:
    """Return the score from which an item is held: the site's, or else the model's own."""
    known = config.policy.threshold if config.policy.threshold is not None else card.threshold
    if known is None:
        raise CatalogueError(
            f"model {card.name}: its card has no threshold; set policy.threshold in the lane's file"
        )
    return known
