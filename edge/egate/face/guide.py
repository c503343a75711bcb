"""What the traveller is asked for while the camera looks: one thing, long enough to be read.

1. An instruction is told once it has stood for ``SETTLES`` seconds: a frame in between is no news.
2. What is told stays for ``LASTS`` seconds, then gives way to what is asked for by then, if
   anything.
3. Who looks is in the camera's thread; all that is shown is shown in the loop. After ``close``
   nothing is shown any more: the next phase has its own words.
"""

from __future__ import annotations

import asyncio

from edge.display.display import Display
from edge.display.storyboard import OF_INSTRUCTION
from models.face.quality import Instruction

__all__ = ["FaceGuide"]

SETTLES = 0.5  # s
LASTS = 2.5  # s; a sentence of twelve words is read in about that


class FaceGuide:
    """Tells one traveller, while one picture is taken."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._loop = asyncio.get_running_loop()
        self._asked: Instruction | None = None
        self._told: Instruction | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def tell(self, asked: Instruction | None) -> None:
        """Take in what the camera's thread asks for now."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, asked)

    def close(self) -> None:
        """Show nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _take(self, asked: Instruction | None) -> None:
        self._asked = asked
        if self._timer is not None:
            self._timer.cancel()
        if self._closed or asked is self._told:
            return
        now = self._loop.time()
        lasts = self._since + LASTS if self._told is not None else now
        self._timer = self._loop.call_at(max(now + SETTLES, lasts), self._show)

    def _show(self) -> None:
        self._told, self._since = self._asked, self._loop.time()
        self._display.advise(None if self._told is None else OF_INSTRUCTION[self._told])
