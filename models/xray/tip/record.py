"""What was projected, sealed until somebody has decided.

1. The record names the item, the threat, the library, the place, the seed, and the time by which
   it is revealed; with it the projection can be made again, pixel by pixel.
2. Its seal is SHA-256 over a secret nonce and the record's canonical JSON. The seal travels
   with the picture; record and nonce are kept apart and follow after the decision.
3. Opening checks the seal: nobody can say afterwards that another threat, or none, was there. The
   nonce has 16 bytes or more, so that nobody finds the record by trying them all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

VERSION = 1
LEAST_NONCE = 16  # bytes


class SealBroken(Exception):
    """A record that is not the one that was sealed, or no record at all."""


@dataclass(frozen=True, slots=True)
class Record:
    """One projection. ``row`` and ``column`` are the threat's top left pixel."""

    projection: str
    item: str
    threat: str
    kind: str
    library: str  # SHA-256 of its file
    row: int
    column: int
    height: int
    width: int
    turns: int  # quarters, against the clock, after mirroring
    mirror: bool
    seed: int
    made_at: float
    reveal_by: float
    pictures: tuple[str, ...]  # SHA-256 of each projected plane's 16-bit values, low first


def seal(record: Record, nonce: bytes) -> str:
    """Return the seal of ``record``, 64 hexadecimal digits. Raises ValueError for a short nonce."""
    if len(nonce) < LEAST_NONCE:
        raise ValueError(f"a nonce of {len(nonce)} bytes can be guessed; {LEAST_NONCE} are needed")
    return hashlib.sha256(nonce + dump(record)).hexdigest()


def opened(content: bytes, nonce: bytes, sealed: str) -> Record:
    """Return the record in ``content``; raise SealBroken unless it is the one that was sealed."""
    record = _parsed(content)
    if len(nonce) < LEAST_NONCE or not hmac.compare_digest(seal(record, nonce), sealed):
        raise SealBroken("this is not the record that was sealed; ask the lane for its own")
    return record


def dump(record: Record) -> bytes:
    """Return the canonical JSON of ``record``."""
    body = {"version": VERSION, **asdict(record)}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _parsed(content: bytes) -> Record:
    try:
        body = json.loads(content)
        version = body.pop("version")
        body["pictures"] = tuple(body["pictures"])
        record = Record(**body)
        same = dump(record) == content
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SealBroken(f"no record of a projection: {error}") from error
    if version != VERSION or not same:
        raise SealBroken(f"a record of version {version} in another form, wanted {VERSION}")
    return record
