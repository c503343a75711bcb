"""What a line says that is no message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rubbish:
    """Bytes that are no message, and why; never what they were."""

    detail: str
