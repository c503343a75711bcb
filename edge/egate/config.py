"""How an e-gate is set up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from contract.presence import Kind
from edge.display.screens import language
from edge.egate.passage import Phase
from edge.runtime.config import LaneSection, Serial
from settings.addresses import Listen
from settings.files import Section, Where


def _spoken(code: str) -> str:
    language(code)
    return code


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


class EGateDevices(Section):
    """What an e-gate is made of."""

    gate: GateDevice
    document_reader: DocumentReaderDevice
    chip_reader: Serial
    page_camera: CameraDevice
    face_camera: CameraDevice


class Display(Section):
    """The traveller's screen."""

    listen: Listen = "127.0.0.1:8301"
    languages: list[Annotated[str, AfterValidator(_spoken)]] = Field(
        default=["en", "fr", "es", "ar"], min_length=1
    )


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
        default=True, description="the camera's reading must agree with the reader's"
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
    policy: PassagePolicy = PassagePolicy()
