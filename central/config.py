"""How the service is set up: one TOML file, frozen once read.

settings/files.py says how it is read. One rule is added here: only loopback may be served without
TLS, unless a proxy in front is said to speak it.
"""

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from broker.settings import BrokerSettings
from central.errors import ConfigError
from settings import files
from settings.addresses import BrokerUrl, Listen, split
from settings.files import Section, Where

MIB = 1024 * 1024


def _database(value: SecretStr) -> SecretStr:
    scheme = value.get_secret_value().partition("://")[0]
    if scheme not in ("sqlite", "postgresql"):
        raise ValueError(
            f"{scheme!r} is not a database we speak; write sqlite:///FILE or "
            f"postgresql://USER@HOST/NAME, or leave the key out for SQLite in the data folder"
        )
    return value


class Tls(Section):
    """Certificate and key, PEM, that the service shows."""

    certificate: Where
    key: Where


class Mqtt(BrokerSettings):
    """The broker, and how to sign in to it."""

    url: BrokerUrl = "mqtt://127.0.0.1:1883"

    @property
    def address(self) -> str:
        """The broker's address."""
        return self.url

    def password(self) -> str | None:
        """Return the first line of the password file, or None without one."""
        return _secret(self.password_file, "mqtt.password_file")


class Blobs(Section):
    """Limits on pictures."""

    largest: int = Field(default=64 * MIB, ge=1, description="bytes of one picture")


class Retention(Section):
    """After how long a record is deleted. Personal pictures go when their passage ends."""

    passages_days: int = Field(default=30, ge=1)
    inspections_days: int = Field(default=90, ge=1)


class Review(Section):
    """What analysts are asked to look at besides held items."""

    sample_share: float = Field(
        default=0.02, ge=0, le=1, description="of the items that were cleared and have left"
    )


class Config(Section):
    """The whole file."""

    listen: Listen = "127.0.0.1:8080"
    behind_tls_proxy: bool = False
    tls: Tls | None = None
    data: Where = Field(default=Path("central-data"), validate_default=True)
    database: Annotated[SecretStr, AfterValidator(_database)] | None = None
    signing_key: Where = Field(default=Path("central-data/signing.pem"), validate_default=True)
    metrics_token_file: Where | None = None
    mqtt: Mqtt = Mqtt()
    blobs: Blobs = Blobs()
    retention: Retention = Retention()
    review: Review = Review()

    @model_validator(mode="after")
    def _only_loopback_in_clear(self) -> "Config":
        if not (is_loopback(self.host) or self.tls or self.behind_tls_proxy):
            raise ValueError(
                f"listen: {self.listen} can be reached from other machines without TLS; listen on "
                f"127.0.0.1, or set [tls] certificate and key, or behind_tls_proxy = true"
            )
        return self

    @property
    def host(self) -> str:
        """The address that is listened on."""
        return split(self.listen)[0]

    @property
    def port(self) -> int:
        """The port that is listened on; 0 lets the system choose."""
        return split(self.listen)[1]

    @property
    def https(self) -> bool:
        """Whether browsers reach the service by https."""
        return self.tls is not None or self.behind_tls_proxy

    def metrics_token(self) -> str | None:
        """Return the bearer token that /metrics asks for, or None without one."""
        return _secret(self.metrics_token_file, "metrics_token_file")

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy's asynchronous drivers spell it."""
        if self.database is None:
            return f"sqlite+aiosqlite:///{self.data / 'central.db'}"
        scheme, _, rest = self.database.get_secret_value().partition("://")
        driver = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}[scheme]
        return f"{driver}://{rest}"


def _secret(path: Path | None, key: str) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{key}: cannot read {path} ({error}); write the secret on its first line, readable "
            f"by this user only"
        ) from error


def is_loopback(host: str) -> bool:
    """Return whether ``host`` can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(path: Path) -> Config:
    """Return the configuration in ``path`` or raise ConfigError."""
    try:
        return files.load(path, Config)
    except files.ConfigError as error:
        raise ConfigError(str(error)) from error


def parse(text: str, path: Path) -> Config:
    """Return the configuration written in ``text``, which stands in ``path``, or ConfigError."""
    try:
        return files.parse(text, path, Config)
    except files.ConfigError as error:
        raise ConfigError(str(error)) from error
