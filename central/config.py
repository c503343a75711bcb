"""How the service is set up: one TOML file, frozen once read.

1. A key that is not listed here is refused, and the nearest known one is named.
2. Every complaint says which file, which line, which key, why, and what to do.
3. Paths are taken from the folder that holds the file.
4. Only loopback may be served without TLS, unless a proxy in front is said to speak it.
"""

import difflib
import ipaddress
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from central.errors import ConfigError

MIB = 1024 * 1024


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / path.expanduser()


def _host_and_port(text: str) -> str:
    parts = urlsplit(f"//{text}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise ValueError(f'{text!r} is not HOST:PORT; write for example "127.0.0.1:8080"')
    return text


def _broker(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f'{text!r} is not a broker; write for example "mqtt://127.0.0.1:1883"')
    return text


def _database(value: SecretStr) -> SecretStr:
    scheme = value.get_secret_value().partition("://")[0]
    if scheme not in ("sqlite", "postgresql"):
        raise ValueError(
            f"{scheme!r} is not a database we speak; write sqlite:///FILE or "
            f"postgresql://USER@HOST/NAME, or leave the key out for SQLite in the data folder"
        )
    return value


Where = Annotated[Path, AfterValidator(_beside_the_file)]


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tls(Section):
    """Certificate and key, PEM, that the service shows."""

    certificate: Where
    key: Where


class Mqtt(Section):
    """The broker, and how to sign in to it."""

    url: Annotated[str, AfterValidator(_broker)] = "mqtt://127.0.0.1:1883"
    username: str | None = None
    password_file: Where | None = None
    protocol: Literal["5", "3.1.1"] = "5"
    ca_file: Where | None = None

    @property
    def host(self) -> str:
        """The broker's host."""
        return urlsplit(self.url).hostname or "127.0.0.1"

    @property
    def port(self) -> int:
        """The broker's port; 1883, or 8883 with TLS, where none is written."""
        return urlsplit(self.url).port or (8883 if self.tls else 1883)

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "mqtts"

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


class Config(Section):
    """The whole file."""

    listen: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:8080"
    behind_tls_proxy: bool = False
    tls: Tls | None = None
    data: Where = Field(default=Path("central-data"), validate_default=True)
    database: Annotated[SecretStr, AfterValidator(_database)] | None = None
    signing_key: Where = Field(default=Path("central-data/signing.pem"), validate_default=True)
    metrics_token_file: Where | None = None
    mqtt: Mqtt = Mqtt()
    blobs: Blobs = Blobs()
    retention: Retention = Retention()

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
        return urlsplit(f"//{self.listen}").hostname or ""

    @property
    def port(self) -> int:
        """The port that is listened on; 0 lets the system choose."""
        return urlsplit(f"//{self.listen}").port or 0

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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); give the path of a file") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """Return the configuration written in ``text``, which stands in ``path``."""
    try:
        return Config.model_validate(tomllib.loads(text), context={"folder": path.parent})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}; mend that line") from error
    except ValidationError as error:
        raise ConfigError("\n".join(_complaints(error, text, path))) from error


def _complaints(error: ValidationError, text: str, path: Path) -> list[str]:
    return [
        f"{path}{_line(text, problem['loc'])}: {_name(problem['loc'])}{_why(dict(problem))}"
        for problem in error.errors(include_url=False, include_input=False)
    ]


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) + ": " if location else ""


def _why(problem: dict[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        known = _known_keys(problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key; {hint}"
    return str(problem["msg"]).removeprefix("Value error, ")


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    sections: dict[str, type[Section]] = {
        "mqtt": Mqtt, "tls": Tls, "blobs": Blobs, "retention": Retention,
    }  # fmt: skip
    section = sections.get(str(location[0]), Config) if location else Config
    return sorted(section.model_fields)


def _line(text: str, location: tuple[int | str, ...]) -> str:
    if not location:
        return ""
    *tables, key = map(str, location)
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = header[1].strip()
            if table == key and not tables:
                return f":{number}"
        elif table == ".".join(tables) and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
            return f":{number}"
    return ""
