"""Where central is, as a lane's configuration says it."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from settings.addresses import BrokerUrl, WebUrl
from settings.files import Section, Where

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class UplinkSettings(Section):
    """The broker, who we are to it, and where pictures go. Unknown keys are refused."""

    broker: BrokerUrl = "mqtt://127.0.0.1:1883"
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Where | None = Field(default=None, description="its first line is the password")
    ca_file: Where | None = Field(default=None, description="PEM; whom mqtts and https believe")
    certificate: Where | None = Field(default=None, description="PEM; its CN is the unit")
    certificate_key: Where | None = Field(default=None, description="PEM; its private key")
    blobs: WebUrl | None = Field(default=None, description="central's web address")
    keepalive: int = Field(default=20, ge=1, le=600, description="s of silence before a ping")

    @model_validator(mode="after")
    def _pairs_are_whole(self) -> Self:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key go together: give both, or neither")
        return self

    @property
    def tls(self) -> bool:
        """Whether the broker is reached by TLS."""
        return urlsplit(self.broker).scheme == "mqtts"

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.broker).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port."""
        parts = urlsplit(self.broker)
        return parts.port or _PORTS[parts.scheme]

    def password(self) -> str | None:
        """Return the first line of the password file, None without one; raise OSError."""
        if self.password_file is None:
            return None
        return self.password_file.read_text(encoding="utf-8").partition("\n")[0].strip()
