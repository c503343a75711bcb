"""A bell that any thread may ring and one task waits for."""

from __future__ import annotations

import asyncio
import contextlib


class Wake:
    """Rung any number of times before a wait, it wakes once. Made inside the loop it wakes."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake whoever waits. Does nothing once the loop has closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float | None = None) -> None:
        """Return when rung, or after ``seconds``."""
        with contextlib.suppress(TimeoutError):
            # Not wait_for: before Python 3.12 it loses a cancellation that comes with the bell.
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()
