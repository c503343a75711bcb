"""Records any link to a file, and plays a recording back as a link.

An engineer's tool. It is never on by itself, and by default it keeps when and how much was said
but not what: what travels on a lane's cables (a machine readable zone, a chip's data groups) is
personal data. ``content=True`` keeps the bytes, in a file only its owner can read, whose first
line says so: use it with test documents, delete it after use.

One JSON object per line. First ``{"capture": 1, "content": …, "note": …}``, then per chunk
``{"t": seconds since the start, "dir": "tx" | "rx", "size": bytes, "hex": "…"}``.
``tx`` is host to device. ``hex`` is absent where the content was not kept.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from drivers.errors import LinkLost, NoAnswer
from drivers.link import Link
from drivers.patience import Clock

NOTE = "engineering capture: may hold personal data if content is kept; delete after use"


class Recorder:
    """A link that writes down what passes through it."""

    def __init__(
        self, link: Link, path: Path, *, content: bool = False, clock: Clock = time.monotonic
    ) -> None:
        self._link, self._content, self._clock = link, content, clock
        self._start = clock()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "w", encoding="ascii")
        self._line({"capture": 1, "content": content, "note": NOTE})

    def write(self, data: bytes) -> None:
        """Send all of ``data`` and note it."""
        self._note("tx", data)
        self._link.write(data)

    def read(self, timeout: float) -> bytes:
        """Return what arrived within ``timeout`` seconds, and note it."""
        data = self._link.read(timeout)
        if data:
            self._note("rx", data)
        return data

    def close(self) -> None:
        """Close the file and the link."""
        self._file.close()
        self._link.close()

    def _note(self, direction: str, data: bytes) -> None:
        row = {"t": round(self._clock() - self._start, 6), "dir": direction, "size": len(data)}
        self._line(row | {"hex": data.hex()} if self._content else row)

    def _line(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()


class Replay:
    """A link whose other end is a recording. Strict: what is written must be what was written.

    Chunk boundaries of writes may differ, bytes and order may not: a deviation is NoAnswer with
    both sides shown, since a device that was never asked this has no answer. Reads return the
    recorded chunks without their pauses; past the end of the recording the link is lost.
    """

    def __init__(self, path: Path) -> None:
        lines = path.read_text("ascii").splitlines()
        head = json.loads(lines[0]) if lines else {}
        if head.get("capture") != 1 or not head.get("content"):
            raise ValueError(f"{path.name}: not a capture with content; record with content=True")
        self._turns = _turns(json.loads(line) for line in lines[1:])

    def write(self, data: bytes) -> None:
        """Check ``data`` against the recording."""
        direction, expected = self._turns[0] if self._turns else ("end", b"")
        if direction != "tx" or not expected.startswith(data):
            raise NoAnswer(
                f"replay: wrote {data.hex()}, the recording has {direction} {expected.hex()}"
            )
        self._advance("tx", expected[len(data) :])

    def read(self, timeout: float) -> bytes:
        """Return the next recorded chunk, nothing if the recording waits for a write first."""
        del timeout
        if not self._turns:
            raise LinkLost("replay: the recording ends here")
        direction, data = self._turns[0]
        if direction != "rx":
            return b""
        self._advance("rx", b"")
        return data

    def close(self) -> None:
        """Nothing to let go of."""

    def _advance(self, direction: str, rest: bytes) -> None:
        self._turns.popleft()
        if rest:
            self._turns.appendleft((direction, rest))


def _turns(rows: Iterable[dict[str, Any]]) -> deque[tuple[str, bytes]]:
    """Join neighbouring writes: a driver may cut its requests differently than it used to."""
    turns: deque[tuple[str, bytes]] = deque()
    for row in rows:
        data = bytes.fromhex(row["hex"])
        if row["dir"] == "tx" and turns and turns[-1][0] == "tx":
            data = turns.pop()[1] + data
        turns.append((row["dir"], data))
    return turns
