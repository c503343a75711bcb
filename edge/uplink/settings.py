"""Where central is, as a lane's configuration says it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class UplinkSettings(BaseModel):
    """The broker, who we are to it, and where pictures go. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    broker: str = Field(default="mqtt://127.0.0.1:1883", description="mqtt:// or mqtts://host:port")
    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Path | None = Field(default=None, description="its first line is the password")
    ca: Path | None = Field(default=None, description="PEM; whom to believe, for mqtts and https")
    certificate: Path | None = Field(default=None, description="PEM; its CN is the unit")
    key: Path | None = Field(default=None, description="PEM; the certificate's private key")
    blobs: str | None = Field(default=None, description="central's origin, https://host:port")
    keepalive: int = Field(default=20, ge=1, le=600, description="s of silence before a ping")

    @model_validator(mode="after")
    def _can_be_dialled(self) -> Self:
        parts = urlsplit(self.broker)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"broker {self.broker!r} is not mqtt://host:port or mqtts://host:port")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together: give both, or neither")
        if self.blobs is not None and urlsplit(self.blobs).scheme not in ("http", "https"):
            raise ValueError(f"blobs {self.blobs!r} is not http://host:port or https://host:port")
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
