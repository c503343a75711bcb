"""How an e-gate is set up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from contract.names import Identifier
from contract.presence import Kind
from edge.display.display import Families
from edge.display.requests import SILENT, Presses
from edge.display.requests import Kind as Asking
from edge.display.screens import TEXTS, language
from edge.egate.badge import Badges
from edge.egate.boarding import BoardingSection
from edge.egate.face.settings import FaceSection
from edge.egate.passage import LIMITS, Phase
from edge.runtime.config import LaneSection, Serial
from settings.addresses import Listen
from settings.files import Section, Where


class GateDevice(Serial):
    """A gate controller on a Modbus RTU line."""

    address: int = Field(default=1, ge=1, le=247)


class DocumentReaderDevice(Serial):
    """A document reader that sends MRZ lines."""

    dialect: Literal["framed", "framed-lrc", "lines"] = "framed-lrc"


class CameraDevice(Section):
    """A camera: device number or path, file, or an RTSP, HTTP or MJPEG address."""

    url: str
    frozen_after: float = Field(default=2.0, gt=0, le=60, description="s of the very same picture")


class BadgeReaderDevice(Serial):
    """An officers' badge reader on an OSDP line."""

    address: int = Field(default=0, ge=0, le=126)
    key: Where = Field(description="file with its base key, which nobody else can read")


class BarcodeReaderDevice(Serial):
    """A reader of boarding passes and digital seals, in front of the gate."""

    dialect: Literal["framed", "lines"] = "framed"


class EGateDevices(Section):
    """What an e-gate is made of."""

    gate: GateDevice
    document_reader: DocumentReaderDevice
    chip_reader: Serial
    page_camera: CameraDevice
    page_camera_infrared: CameraDevice | None = Field(
        default=None, description="the same page in the same place, lit at B900"
    )
    page_camera_ultraviolet: CameraDevice | None = Field(
        default=None, description="the same, lit at 365 nm"
    )
    face_camera: CameraDevice
    face_camera_low: CameraDevice | None = Field(
        default=None, description="looks at whoever asks for a lower camera"
    )
    badge_reader: BadgeReaderDevice | None = None
    barcode_reader: BarcodeReaderDevice | None = None


class Display(Section):
    """The traveller's screen."""

    listen: Listen = "127.0.0.1:8301"
    texts: Where = Field(default=TEXTS, description="folder with a file for each language")
    languages: list[str] = Field(
        default=["en", "fr", "es", "ar"], min_length=1, validate_default=True
    )
    families: Families = Field(
        default=Families.STAFFED, description="what travellers with children are told"
    )
    sound: bool = Field(default=True, description="whether the page sounds a tone")
    silent: tuple[Asking, ...] = Field(
        default=SILENT, description="presses that ask for help in silence; none if empty"
    )
    more_time: float = Field(
        default=3.0, ge=1, le=20, description="times longer, for who asks for more time"
    )

    @field_validator("languages")
    @classmethod
    def _spoken(cls, codes: list[str], info: ValidationInfo) -> list[str]:
        for code in codes if "texts" in info.data else ():
            language(code, info.data["texts"])
        return codes

    @field_validator("silent")
    @classmethod
    def _a_pattern(cls, pattern: tuple[Asking, ...]) -> tuple[Asking, ...]:
        if Asking.LANGUAGE in pattern:
            raise ValueError("a choice of language is no part of a pattern")
        Presses(lambda: 0.0, pattern)  # says what is wrong with it
        return pattern


class Documents(Section):
    """Whose documents are believed."""

    trust: list[Where] = Field(default=[], description="folders, master lists, certificates")
    snapshots: Where | None = Field(
        default=None, description="cache of sealed trust snapshots; then used instead of trust"
    )
    profile: str = Field(default="self-service", description="a shipped profile, or a file")


class PassagePolicy(Section):
    """What the authority decided for this gate."""

    page_must_be_read: bool = Field(
        default=True,
        description="the page must be seen, read as the reader reads it, and judged",
    )
    chip_within: float = Field(default=10.0, gt=0, le=60, description="s for the whole chip")
    bac_after_pace: bool = Field(
        default=False, description="read a chip whose PACE failed by BAC, for an officer to see"
    )
    chip_answers_within: float = Field(default=5.0, gt=0, le=30, description="s for one answer")
    limits: dict[Phase, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)


class EGateConfig(LaneSection):
    """One e-gate."""

    kind: Literal[Kind.EGATE]
    devices: EGateDevices
    display: Display = Display()
    documents: Documents = Documents()
    face: FaceSection = FaceSection()
    policy: PassagePolicy = PassagePolicy()
    boarding_pass: BoardingSection | None = Field(
        default=None, description="which boarding passes count; else none is looked at"
    )
    badges: Badges | None = Field(default=None, description="whose badge may do what")

    @field_validator("badges")
    @classmethod
    def _operators(cls, badges: Badges | None) -> Badges | None:
        for officer in badges.officers if badges is not None else ():
            TypeAdapter(Identifier).validate_python(officer.name)  # it stands in the record
        return badges

    @model_validator(mode="after")
    def _face_within_its_phase(self) -> EGateConfig:
        limit = (LIMITS | self.policy.limits)[Phase.DECIDING]
        if self.face.within + self.face.JUDGED_IN > limit:
            raise ValueError(
                f"face.within leaves less than {self.face.JUDGED_IN} s of the {limit:g} s that "
                f"policy.limits.deciding allows: make the one shorter or the other longer"
            )
        return self

    @model_validator(mode="after")
    def _badges_and_their_reader(self) -> EGateConfig:
        if (self.badges is None) != (self.devices.badge_reader is None):
            raise ValueError("badges and devices.badge_reader need each other: give both or none")
        return self

    @model_validator(mode="after")
    def _passes_and_their_reader(self) -> EGateConfig:
        if self.boarding_pass is not None and self.devices.barcode_reader is None:
            raise ValueError("boarding_pass needs devices.barcode_reader: give it, or neither")
        return self
