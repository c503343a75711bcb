"""How a lane is set up: one TOML file per agent, frozen once read, unknown keys refused.

``kind`` decides which devices and which policy a file must have. ``hardware`` says what is at the
other end of the cables: a lane with real travellers or goods refuses models that were only ever
shown rendered worlds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from edge.egate.config import EGateConfig
from edge.scanner.config import ScannerConfig
from settings.files import ConfigError, load

LaneConfig = Annotated[EGateConfig | ScannerConfig, Field(discriminator="kind")]


def read(path: Path) -> EGateConfig | ScannerConfig:
    """Return the lane that ``path`` describes, or raise ConfigError."""
    config: EGateConfig | ScannerConfig = load(path, LaneConfig)  # type: ignore[arg-type]
    return config


__all__ = ["ConfigError", "EGateConfig", "ScannerConfig", "read"]
