"""How the audit trail is chained.

1. Entries count from 1 without gaps.
2. An entry's hash is the SHA-256 over the canonical JSON of all its fields and of the hash before
   it; the first carries 64 zeros.
3. So an entry that was changed, dropped or moved breaks the chain at its place. Dropping the newest
   entries is noticed by an anchor: a signed (seq, hash) kept outside the database.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from contract.envelope import canonical

FIRST: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, without its hash. ``detail`` is canonical JSON text."""

    seq: int
    at: str
    actor: str
    action: str
    object: str
    detail: str


def line_hash(line: Line, previous: str) -> str:
    """Return the hash of ``line`` that follows the entry with hash ``previous``."""
    body = {
        "seq": line.seq,
        "at": line.at,
        "actor": line.actor,
        "action": line.action,
        "object": line.object,
        "detail": line.detail,
        "previous": previous,
    }
    return hashlib.sha256(canonical(body)).hexdigest()


class Check:
    """Walks a chain from its start and remembers the first entry that does not fit.

    ``anchors``: the hash that the entry of each anchored seq must have.
    """

    def __init__(self, anchors: Mapping[int, str] | None = None) -> None:
        self._anchors = dict(anchors or {})
        self._previous = FIRST
        self.seq = 0
        self.first_bad: int | None = None

    def feed(self, entries: Iterable[tuple[Line, str]]) -> None:
        """Take the next entries, each with the hash that it claims."""
        for line, claimed in entries:
            if self.first_bad is None:
                self._step(line, claimed)

    def end(self) -> None:
        """Say that no more entries come: an anchor beyond them means that some were cut off."""
        if self.first_bad is None and self._anchors and max(self._anchors) > self.seq:
            self.first_bad = self.seq + 1

    def _step(self, line: Line, claimed: str) -> None:
        fits = line.seq == self.seq + 1 and line_hash(line, self._previous) == claimed
        if not fits or self._anchors.get(line.seq, claimed) != claimed:
            self.first_bad = self.seq + 1
            return
        self.seq, self._previous = line.seq, claimed
