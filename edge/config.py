"""How a lane is set up: one TOML file per agent, frozen once read, unknown keys refused.

``kind`` decides which devices and which policy a file must have. ``hardware`` says what is at the
other end of the cables: a lane with real travellers or goods refuses models that were only ever
shown rendered worlds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, Field

from contract.names import Address, Level
from contract.presence import Kind
from contract.signing import public_key
from edge.egate import passage
from edge.scanner import inspection
from edge.uplink.settings import UplinkSettings
from settings.files import ConfigError, Section, Where, load


def _host_and_port(text: str) -> str:
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise ValueError(f'{text!r} is not HOST:PORT; write for example "127.0.0.1:8301"')
    return text


def _broker(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f'{text!r} is not a broker; write for example "mqtts://border.example"')
    return text


def _web(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'{text!r} is not a web address; write for example "https://host"')
    return text.rstrip("/")


def _key(text: str) -> str:
    public_key(text)
    return text


class Central(Section):
    """How central is reached and known."""

    broker: Annotated[str, AfterValidator(_broker)]
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Where | None = None
    ca_file: Where | None = None
    certificate: Where | None = None
    certificate_key: Where | None = None
    blobs: Annotated[str, AfterValidator(_web)] = Field(description="central's web address")
    key: Annotated[str, AfterValidator(_key)] = Field(
        description="central's public key, base64; only commands sealed with it are obeyed"
    )

    @property
    def uplink(self) -> UplinkSettings:
        """What the uplink needs of this."""
        return UplinkSettings(
            broker=self.broker,
            protocol=self.protocol,
            username=self.username,
            password_file=self.password_file,
            ca=self.ca_file,
            certificate=self.certificate,
            key=self.certificate_key,
            blobs=self.blobs,
        )

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Central's key, ready to check seals."""
        return public_key(self.key)


class Serial(Section):
    """A device at the end of a cable: /dev/ttyUSB0, a pseudo-terminal, or socket://host:port."""

    url: str
    baudrate: int | None = Field(default=None, ge=300, le=4_000_000)


class ModbusDevice(Serial):
    """A controller on a Modbus RTU line."""

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

    gate: ModbusDevice
    document_reader: DocumentReaderDevice
    chip_reader: Serial
    page_camera: CameraDevice
    face_camera: CameraDevice


class XRaySourceDevice(Serial):
    """An X-ray generator."""

    trailing_comma: bool = Field(default=True, description="the checksum covers the last comma")
    kilovolts: float = Field(default=160.0, gt=0, le=450)
    milliamperes: float = Field(default=1.0, gt=0, le=50)


class DetectorDevice(Section):
    """A line detector, its data arriving over TCP."""

    url: str
    pixels: int = Field(default=512, ge=1, le=65_535)


class ScannerDevices(Section):
    """What a scanner is made of."""

    conveyor: ModbusDevice
    xray_source: XRaySourceDevice
    detector: DetectorDevice
    radiation_portal: Serial | None = None


class Display(Section):
    """The traveller's screen."""

    listen: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:8301"
    languages: list[str] = Field(default=["en", "fr", "es", "ar"], min_length=1)


class Documents(Section):
    """Whose documents are believed."""

    trust: list[Where] = Field(default=[], description="folders, master lists, certificates")


class PassagePolicy(Section):
    """What the authority decided for this gate."""

    page_must_be_read: bool = Field(
        default=True, description="the camera's reading must agree with the reader's"
    )
    chip_within: float = Field(default=10.0, gt=0, le=60, description="s for the whole chip")
    limits: dict[passage.Phase, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)


class InspectionPolicy(Section):
    """What the authority decided for this scanner."""

    threshold: float | None = Field(
        default=None, ge=0, le=1, description="score from which an item is held; the model's own"
    )
    air_fresh_for: float = Field(default=600.0, gt=0, description="s an air reference may be used")
    most_lost_lines: int = Field(
        default=0, ge=0, description="more of them make an image unreadable"
    )
    limits: dict[inspection.Phase, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)


class _Lane(Section):
    site: Level
    unit: Level
    data: Where = Field(description="folder for the outbox, the pictures on their way, the key")
    hardware: Literal["real", "simulated"] = "real"
    quota: int = Field(default=200_000, ge=1000, description="events kept while central is away")
    central: Central

    @property
    def address(self) -> Address:
        """Who this agent is."""
        return Address(site=self.site, unit=self.unit)


class EGateConfig(_Lane):
    """One e-gate."""

    kind: Literal[Kind.EGATE]
    devices: EGateDevices
    display: Display = Display()
    documents: Documents = Documents()
    policy: PassagePolicy = PassagePolicy()


class ScannerConfig(_Lane):
    """One scanner."""

    kind: Literal[Kind.SCANNER]
    devices: ScannerDevices
    policy: InspectionPolicy = InspectionPolicy()


LaneConfig = Annotated[EGateConfig | ScannerConfig, Field(discriminator="kind")]


def read(path: Path) -> EGateConfig | ScannerConfig:
    """Return the lane that ``path`` describes, or raise ConfigError."""
    config: EGateConfig | ScannerConfig = load(path, LaneConfig)  # type: ignore[arg-type]
    return config


__all__ = ["ConfigError", "EGateConfig", "ScannerConfig", "read"]
