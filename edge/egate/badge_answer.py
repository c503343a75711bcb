"""How the badge reader answers a badge: green and one tone, or red and three; then dark again.

The answer tells an officer whether something was done, and a stranger nothing else. A reader that
is away, or has no light, answers nothing: what was done stands.
"""

from __future__ import annotations

import asyncio

from drivers.badge_reader.messages import Colour
from drivers.badge_reader.reader import BadgeReader
from edge.runtime.worker import Worker

__all__ = ["LASTS", "BadgeAnswer"]

LASTS = 1.5  # s of the light


class BadgeAnswer:
    """Answers at the reader of one gate, where it has one. It lives in the agent's loop."""

    def __init__(self, reader: Worker[BadgeReader] | None) -> None:
        self._reader = reader
        self._dark: asyncio.TimerHandle | None = None

    def __call__(self, accepted: bool) -> None:
        """Show whether what the badge asked for was done."""
        if self._dark is not None:
            self._dark.cancel()
        self._light(Colour.GREEN if accepted else Colour.RED)
        self._beep(1 if accepted else 3)
        self._dark = asyncio.get_running_loop().call_later(LASTS, self._light, Colour.OFF)

    def _light(self, colour: Colour) -> None:
        if self._reader is not None:
            self._reader.ask(lambda reader: reader.led(colour))

    def _beep(self, times: int) -> None:
        if self._reader is not None:
            self._reader.ask(lambda reader: reader.beep(times))
