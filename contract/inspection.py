"""One item through one scanner: scanned and judged, perhaps held for an operator, ended."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from contract.blob import Picture
from contract.names import Identifier, Message, Sha256


class Finding(StrEnum):
    """What the recogniser says. Unreadable is a hold, never a release."""

    CLEAR = "clear"
    SUSPECT = "suspect"
    UNREADABLE = "unreadable"


class Disposition(StrEnum):
    """What happens to an item."""

    RELEASE = "release"
    HOLD = "hold"
    DIVERT = "divert"


class Region(Message):
    """Where something stands out, in image pixels, and how much (0 to 1)."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    w: int = Field(ge=1)
    h: int = Field(ge=1)
    score: float = Field(ge=0, le=1)


class Check(Message):
    """One examination of an item and its answer. Any finding but clear holds the item."""

    name: Identifier
    finding: Finding
    detail: str = Field(default="", max_length=300)
    score: float | None = Field(default=None, ge=0, le=1)
    regions: list[Region] = Field(default_factory=list)


class Identity(Message):
    """What is known of an item besides its picture. What is missing is null, and a check says so.

    ``declared`` is the manifest's own name for the item. The weight is the weighbridge's.
    """

    container: str | None = Field(default=None, pattern=r"^[A-Z]{4}[0-9]{7}$")  # ISO 6346
    declared: Identifier | None = None
    chapter: str | None = Field(default=None, pattern=r"^[0-9]{2}$", description="of the HS code")
    weight_kg: float | None = Field(default=None, ge=0)


class Radiation(Message):
    """The radiation portal's word on an item: σ above the background, by the kind of ray."""

    occupancy: int | None = Field(default=None, ge=0, description="the portal's own number")
    gamma_sigma: float | None = None
    neutron_sigma: float | None = None
    alarms: list[Identifier] = Field(default_factory=list)


class Recogniser(Message):
    """The model that looked."""

    name: Identifier
    version: str = Field(max_length=32)
    sha256: Sha256


class Scanned(Message):
    """``inspection.scanned``: the image, what was found, and what the lane did at once."""

    inspection: Identifier
    item: Identifier
    finding: Finding
    disposition: Disposition
    score: float | None = Field(default=None, ge=0, le=1)
    threshold: float = Field(ge=0, le=1)
    regions: list[Region] = Field(default_factory=list)
    recogniser: Recogniser | None = None
    checks: list[Check] = Field(default_factory=list)
    identity: Identity = Identity()
    radiation: Radiation | None = None
    descriptor: str | None = Field(
        default=None, max_length=256, description="of the picture, for likeness; base64"
    )
    pictures: list[Picture] = Field(default_factory=list)
    lost_lines: int = Field(default=0, ge=0)
    notes: list[str] = Field(default_factory=list)
    stages_ms: dict[str, float]


class Resolved(Message):
    """``inspection.resolved``: an operator's disposition has been taken over by the lane."""

    inspection: Identifier
    disposition: Disposition
    operator: Identifier
    reason: str = Field(max_length=300)


class Measure(Message):
    """One parameter of a self-test: what was measured and what was wanted."""

    name: Identifier
    value: float
    wanted: float
    unit: str = Field(max_length=16)
    passed: bool


class Tested(Message):
    """``inspection.tested``: a self-test was run. A lane that fails one is out of service."""

    test: Identifier
    passed: bool
    measures: list[Measure] = Field(default_factory=list)
    detail: str = Field(default="", max_length=300)
    beam_on_s: float = Field(ge=0)


class Day(Message):
    """What a lane's beam did in one day of UTC: references, self-tests and items alike."""

    day: date
    items: int = Field(ge=0)
    beam_on_s: float = Field(ge=0)
    dose_estimate_ugy: float = Field(ge=0)


class Ended(Message):
    """``inspection.ended``: the item has left the lane.

    The dose is an estimate, in μGy of air kerma, for a point that stood in the beam all the time
    that it was on; a moving item gets less.
    """

    inspection: Identifier
    disposition: Disposition
    seconds: float = Field(ge=0)
    beam_on_s: float = Field(ge=0)
    dose_estimate_ugy: float | None = Field(default=None, ge=0)
    day: Day | None = None
    stages_ms: dict[str, float]
