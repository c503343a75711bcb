"""How a scanner is set up."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contract.presence import Kind
from drivers.radiation.verdict import Thresholds as RadiationThresholds
from edge.runtime.config import LaneSection, Serial
from edge.scanner.inspection import Phase
from edge.scanner.phantom.limits import SelfTest
from edge.scanner.source_config import XRaySourceDevice, by_hardware
from models.xray.thresholds import Thresholds, thresholds
from settings.files import Section, Where


class ConveyorDevice(Serial):
    """A conveyor and interlock controller on a Modbus RTU line."""

    address: int = Field(default=2, ge=1, le=247)


class DetectorDevice(Section):
    """A line detector, its data arriving over TCP."""

    url: str
    pixels: int = Field(default=512, ge=1, le=65_535)


class WeighbridgeDevice(Serial):
    """A weighbridge's indicator on a serial line."""

    checksum: bool = Field(default=True, description="a setting of the indicator")


class Geometry(Section):
    """Where things stand along the belt, in mm, and how fast it goes."""

    entry_to_beam: float = Field(default=600.0, gt=0, description="mm from barrier to beam")
    entry_to_diverter: float = Field(default=1800.0, gt=0, description="mm, barrier to diverter")
    entry_to_end: float = Field(default=2400.0, gt=0, description="mm from barrier to belt's end")
    scan_speed: float = Field(default=400.0, ge=50, le=1000, description="mm/s in the beam")
    move_speed: float = Field(default=800.0, ge=50, le=1000, description="mm/s elsewhere")
    pitch: float = Field(default=1.0, gt=0, le=10, description="mm per pixel, both ways")
    free_edge: float = Field(
        default=0.0, ge=0, description="mm at each edge of the belt that goods never cover"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Check that no item comes to the diverter while the one before leaves."""
        if not self.entry_to_beam < self.entry_to_diverter < self.entry_to_end:
            raise ValueError("the belt goes: entry barrier, beam, diverter, end; check the lengths")
        if self.entry_to_end - self.entry_to_beam > self.entry_to_diverter:
            raise ValueError(
                "entry_to_end is so far that the next item could reach the diverter while one "
                "leaves: entry_to_end - entry_to_beam must not exceed entry_to_diverter"
            )
        return self


class ScannerDevices(Section):
    """What a scanner is made of."""

    conveyor: ConveyorDevice
    xray_source: XRaySourceDevice
    detector: DetectorDevice
    radiation_portal: Serial | None = None
    weighbridge: WeighbridgeDevice | None = None
    container_camera: Serial | None = None


class InspectionPolicy(Section):
    """What the authority decided for this scanner."""

    threshold: float | None = Field(
        default=None, ge=0, le=1, description="score from which an item is held; the model's own"
    )
    air_fresh_for: float = Field(default=600.0, gt=0, description="s an air reference may be used")
    most_lost_lines: int = Field(
        default=0, ge=0, description="more of them make an image unreadable"
    )
    most_saturated: float = Field(
        default=0.001, ge=0, le=1, description="of the picture; more makes it unreadable"
    )
    silent_for: float = Field(
        default=0.12, ge=0.05, le=1.0, description="s; a guard of the beam unheard so long ends it"
    )
    limits: dict[Phase, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    tip_share: float = Field(
        default=0.0, ge=0, le=1, description="of the cleared items that get a projected threat"
    )


class Wanted(Section):
    """One thing that is asked about an item: how long to wait, and what if it stays unknown."""

    within: float = Field(default=3.0, gt=0, le=60, description="s from the entry barrier on")
    missing: Literal["hold", "tell"] = Field(
        default="hold", description="an item that it is not known of is held, or a note says so"
    )


class Welcome(Wanted):
    """One thing that is good to know: unless the site says otherwise, nothing is held for it."""

    missing: Literal["hold", "tell"] = Field(default="tell", description="see above")


class Identification(Section):
    """What is asked of the devices that are there."""

    radiation: Wanted = Wanted()
    weight: Welcome = Welcome(within=5.0)
    container: Welcome = Welcome()
    manifest: Welcome = Welcome()
    gamma: float = Field(default=6.0, gt=0, description="σ above background that are an alarm")
    neutron: float = Field(default=5.0, gt=0, description="σ above background that are an alarm")

    @property
    def thresholds(self) -> RadiationThresholds:
        """From what on a passage through the portal is an alarm."""
        return RadiationThresholds(gamma=self.gamma, neutron=self.neutron)


class Examinations(Section):
    """What is looked at besides the recogniser; what is not named here is not looked at."""

    recognisers: Where | None = Field(
        default=None, description="folder of other makers' recognisers, with their cards"
    )
    most_black: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="share of the goods that no beam may have passed; 1: any",
    )
    most_black_area: float = Field(
        default=250.0,
        gt=0,
        description="cm² of one piece that no beam passed, at most, whatever its share; inf: any",
    )
    empty_template: Where | None = Field(
        default=None, description="of the empty thing, learned from this scanner's own scans"
    )
    empty: Literal["declared", "always"] = Field(
        default="declared", description="what is compared with the template"
    )
    manifests: Where | None = Field(
        default=None, description="folder of manifests, one file for each container number"
    )
    wedges: Where | None = Field(
        default=None, description="this scanner's material wedges; without them no Zeff"
    )
    wedges_fresh_for: float = Field(
        default=30 * 86_400.0, gt=0, description="s they may be used; then they are scanned anew"
    )


class DoseEstimate(Section):
    """From the tube's settings to an estimate of dose; from the generator's commissioning."""

    output: float = Field(
        default=100.0, gt=0, description="μGy of air kerma per mA·s, 1 m from the focus, at at_kv"
    )
    at_kv: float = Field(default=160.0, gt=0, description="kV for which that was measured")
    distance: float = Field(default=1.0, gt=0, description="m from the focus to the belt")


class Evidence(Section):
    """Sealed bundles that the lane keeps on its own disk."""

    of: Literal["none", "held", "all"] = Field(
        default="held", description="items of which one is kept; held: or diverted"
    )
    quota_mb: int = Field(default=4096, ge=1, description="MB of them; beyond it the oldest go")
    days: float = Field(default=90.0, gt=0, description="older ones are removed")


class ScannerConfig(LaneSection):
    """One scanner."""

    kind: Literal[Kind.SCANNER]
    devices: ScannerDevices
    geometry: Geometry = Geometry()
    policy: InspectionPolicy = InspectionPolicy()
    identification: Identification = Identification()
    examinations: Examinations = Examinations()
    dose: DoseEstimate = DoseEstimate()
    self_test: SelfTest = SelfTest()
    evidence: Evidence = Evidence()

    @model_validator(mode="before")
    @classmethod
    def _by_hardware(cls, given: object) -> object:
        """Have real hardware tested, and a simulated tube fresh, where the file does not say."""
        return by_hardware(given)

    @model_validator(mode="after")
    def _never_rests(self) -> Self:
        """Check that a tube is worked up before an air reference, and so before any item."""
        least = self.devices.xray_source.rests_from
        if self.policy.air_fresh_for > least:
            raise ValueError(
                f"policy.air_fresh_for is {self.policy.air_fresh_for:g} s, but after {least:g} s "
                "of rest the tube has to be worked up (devices.xray_source.warm_up), which is done "
                "before an air reference is taken; make air_fresh_for shorter"
            )
        return self


def thresholds_of(config: ScannerConfig) -> Thresholds:
    """Return the scores from which an item is held: the site's own, or else the models'.

    Raises CatalogueError.
    """
    if (own := config.policy.threshold) is not None:
        return Thresholds(own, own)
    return thresholds(config.geometry.pitch)
