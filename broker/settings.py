"""How to reach the broker and sign in to it, as a configuration file says it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from settings.files import Section, Where

PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerSettings(Section):
    """What both sides set; each names the broker's address in a key of its own."""

    protocol: Literal["5", "3.1.1"] = "5"
    username: str | None = None
    password_file: Where | None = Field(default=None, description="its first line is the password")
    ca_file: Where | None = Field(default=None, description="PEM; whom mqtts and https believe")
    certificate: Where | None = Field(default=None, description="PEM; its CN is who we are")
    certificate_key: Where | None = Field(default=None, description="PEM; its private key")
    keepalive: int = Field(default=20, ge=1, le=600, description="s of silence before a ping")

    @model_validator(mode="after")
    def _pairs_are_whole(self) -> Self:
        if (self.certificate is None) != (self.certificate_key is None):
            raise ValueError("certificate and certificate_key go together: give both, or neither")
        return self

    @property
    @abstractmethod
    def address(self) -> str:
        """The broker's mqtt or mqtts address."""

    @property
    def tls(self) -> bool:
        """Whether the broker is reached by TLS."""
        return urlsplit(self.address).scheme == "mqtts"

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.address).hostname or ""

    @property
    def port(self) -> int:
        """The broker's port; 1883, or 8883 with TLS, where none is written."""
        parts = urlsplit(self.address)
        return parts.port or PORTS[parts.scheme]

    def password(self) -> str | None:
        """Return the first line of the password file, None without one; raise OSError."""
        if self.password_file is None:
            return None
        return self.password_file.read_text(encoding="utf-8").partition("\n")[0].strip()
