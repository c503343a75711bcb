"""What can go wrong on any cable, as a menu: each fault is off until somebody turns it on.

A counter breaks that many answers and then stops by itself; a flag stays until it is cleared.
Devices extend the menu with faults of their own.
"""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass
from typing import Any


@dataclass
class LineFaults:
    """Faults of the line between device and host."""

    mute: int = 0  # answers swallowed
    garble: int = 0  # answers with one bit wrong
    truncate: int = 0  # answers that end half way
    noise: int = 0  # answers with rubbish before them
    hang_up: int = 0  # connections closed by the device (TCP only: a pseudo-terminal has no hook)
    seed: int = 1

    def spoil(self, raw: bytes) -> bytes:
        """Return ``raw`` as it arrives, using up one count of the first fault that is on."""
        for name in ("mute", "garble", "truncate", "noise"):
            if raw and self.take(name):
                self.seed += 1
                return _spoilt(raw, name, random.Random(self.seed))  # noqa: S311 not a secret
        return raw

    def take(self, name: str) -> bool:
        """Use up one count of fault ``name``; say whether it was on."""
        left = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return bool(left)


def _spoilt(raw: bytes, how: str, rng: random.Random) -> bytes:
    match how:
        case "mute":
            return b""
        case "truncate":
            return raw[: len(raw) // 2]
        case "noise":
            return rng.randbytes(rng.randrange(1, 12)) + raw
        case _:
            spoilt = bytearray(raw)
            spoilt[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            return bytes(spoilt)


def menu(faults: object) -> dict[str, Any]:
    """Return every fault on offer with its present value, by name."""
    return {
        field.name: getattr(faults, field.name)
        for field in dataclasses.fields(faults)  # type: ignore[arg-type]
        if field.name != "seed"
    }


def inject(faults: object, name: str, value: float = 1) -> None:
    """Turn fault ``name`` on; ValueError with the menu if there is none of that name."""
    offered = menu(faults)
    if name not in offered:
        raise ValueError(f"no fault {name!r}; there are: {', '.join(sorted(offered))}")
    setattr(faults, name, type(offered[name])(value))
