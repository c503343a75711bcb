"""What every lane's configuration has: who it is, where central is, what hangs on a cable."""

from __future__ import annotations

from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, Field

from contract.names import Address, Level
from contract.signing import public_key
from edge.uplink.settings import UplinkSettings
from settings.addresses import BrokerUrl, WebUrl
from settings.files import Section, Where


def _key(text: str) -> str:
    public_key(text)
    return text


class Central(UplinkSettings):
    """How central is reached and known."""

    broker: BrokerUrl
    blobs: WebUrl = Field(description="central's web address")
    key: Annotated[str, AfterValidator(_key)] = Field(
        description="central's public key, base64; only commands sealed with it are obeyed"
    )

    @property
    def public_key(self) -> Ed25519PublicKey:
        """Central's key, ready to check seals."""
        return public_key(self.key)


class Serial(Section):
    """A device at the end of a cable: /dev/ttyUSB0, a pseudo-terminal, or socket://host:port."""

    url: str
    baudrate: int | None = Field(default=None, ge=300, le=4_000_000)


class LaneSection(Section):
    """What the file of any lane has."""

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
