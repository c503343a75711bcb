"""How long a driver waits for an answer, and how often it asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer (seconds), and how often to ask (once or more)."""

    answer_within: float = 0.5
    tries: int = 3
