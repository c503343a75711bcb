"""Cuts a byte stream into lines. They end in CR, LF or both; an empty one is half of an end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from drivers.rubbish import Rubbish

MessageT = TypeVar("MessageT")
_END = re.compile(rb"[\r\n]")


class LineDecoder(Generic[MessageT]):
    """Gives each line, without its end, to ``parse``; none is longer than ``longest`` bytes."""

    def __init__(self, parse: Callable[[bytes], MessageT | Rubbish], longest: int) -> None:
        self._parse, self._longest = parse, longest
        self._buffer = bytearray()

    @property
    def half(self) -> bool:
        """Whether a line has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[MessageT | Rubbish]:
        """Yield everything completed by ``data``."""
        self._buffer += data
        while end := _END.search(self._buffer):
            line = bytes(self._buffer[: end.start()])
            del self._buffer[: end.end()]
            if line:
                yield self._parse(line)
        if len(self._buffer) > self._longest:
            yield self._dropped(f"no end of line within {self._longest} bytes")

    def give_up(self) -> Rubbish:
        """Drop the half line: nothing more came."""
        return self._dropped(f"half a line of {len(self._buffer)} bytes, then silence")

    def _dropped(self, why: str) -> Rubbish:
        self._buffer.clear()
        return Rubbish(why)
