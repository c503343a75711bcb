"""The container number camera's word on an item: every reading since the item before, settled.

1. Several cameras, and several looks, read one number; edge/scanner/container_number.py weighs
   them. A number that had to be repaired is told as such.
2. Texts that do not settle on one number are an answer too, and no number: a person has to look.
"""

from __future__ import annotations

import asyncio

from drivers.container_camera.camera import Missed, Seen
from edge.scanner.container_number import Reading, read, settle

LINGER = 0.5  # s behind the first reading in which another place may still be read


class CameraWatch:
    """Hears the camera; answers for one item at a time. It lives in the agent's loop."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._missed: list[str] = []
        self._heard = asyncio.Event()

    def feed(self, reading: Seen | Missed) -> None:
        """Take in one reading."""
        if isinstance(reading, Missed):
            self._missed.append(f"{reading.place.value.lower()}: {reading.reason}")
        else:
            self._readings.append(read(reading.text, reading.confidences))
        self._heard.set()

    async def number(self, within: float) -> Reading:
        """Return the number that the readings settle on. TimeoutError says why there is none."""
        try:
            async with asyncio.timeout(within):
                while not self._readings:
                    self._heard.clear()
                    await self._heard.wait()
                await asyncio.sleep(min(LINGER, within / 2))
        except TimeoutError:
            pass  # what was read is all there is
        readings, self._readings = self._readings, []
        missed, self._missed = self._missed, []
        settled = settle(readings)
        if settled is None or settled.number is None:
            raise TimeoutError(_why(settled, missed, within))
        return settled


def _why(settled: Reading | None, missed: list[str], within: float) -> str:
    if settled is not None:
        return f"{settled.detail}; read it by eye"
    if missed:
        return f"the camera read nothing ({'; '.join(missed)})"[:200]
    return f"the camera read nothing within {within:g} s"
