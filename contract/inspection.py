"""One item through one scanner: scanned and judged, perhaps held for an operator, ended."""

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


class Ended(Message):
    """``inspection.ended``: the item has left the lane."""

    inspection: Identifier
    disposition: Disposition
    seconds: float = Field(ge=0)
    beam_on_s: float = Field(ge=0)
    stages_ms: dict[str, float]
