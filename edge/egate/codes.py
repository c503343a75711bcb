"""What is held before the bar code reader: a boarding pass, a digital seal.

1. A code counts for the passage whose document is being read. In front of a gate that waits, or
   while the one before is inside with the entry closed, it counts for the next passage, for
   ``WAITS`` seconds. At any other time nobody knows whose it is, and it counts for nobody.
2. Of each kind the last one shown counts. A code that is neither is nobody's business.
3. Where a pass is required the traveller is asked for it while the document is read, and waited for
   as long as the reading may last.
4. What a code says is judged in a thread beside the loop, and gone with the passage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from edge.documents.mrz import Mrz
from edge.documents.result import Check, undetermined
from edge.documents.seals import vds, vds_nc
from edge.egate.boarding import BCBP, BoardingSection, boarding_check
from edge.egate.evidence import Evidence
from edge.egate.passage import Phase
from edge.runtime.clock import Clock

__all__ = ["CheckSeal", "Codes"]

CheckSeal = Callable[[bytes, Mrz | None], Mapping[str, Check]]
"""From a seal's content and the printed zone to its checks, by name without ``seal.``."""

WAITS = 30.0  # s; from the pass in the hand to the passport on the glass
_LOOK = 0.5  # s between looks at the time that is left: it grows for who asks for more
_FOR_THE_NEXT = frozenset(
    {Phase.IDLE, Phase.SECURING, Phase.DECIDING, Phase.EXITING, Phase.CLEARING}
)


class Guide(Protocol):
    """Who tells the traveller what is wanted."""

    def wants_pass(self, wanted: bool) -> None:
        """Ask for the boarding pass, or ask no more."""


@dataclass
class _Waiting:
    """What was shown for the passage that has not begun."""

    until: float = 0.0
    codes: dict[str, bytes] = field(default_factory=dict, repr=False)


class Codes:
    """The codes of one gate. It lives in the agent's loop; ``how`` None: passes do not matter."""

    def __init__(self, how: BoardingSection | None, check_seal: CheckSeal, clock: Clock) -> None:
        self._how, self._check_seal, self._clock = how, check_seal, clock
        self._waiting = _Waiting()
        self._shown = asyncio.Event()

    def notice(self, content: bytes, phase: Phase, evidence: Evidence | None) -> None:
        """Take in one code."""
        kind = _kind(content)
        if kind is None or (kind == BCBP and self._how is None):
            return
        if phase is Phase.READING and evidence is not None:
            evidence.codes[kind] = content
            self._shown.set()
        elif phase in _FOR_THE_NEXT:
            self._expire()
            self._waiting.codes[kind] = content
            self._waiting.until = self._clock.monotonic() + WAITS

    def begin(self, evidence: Evidence) -> None:
        """Give what waits to the passage that begins."""
        self._expire()
        evidence.codes |= self._waiting.codes
        self._waiting = _Waiting()

    def tick(self) -> None:
        """Forget what has waited for too long."""
        self._expire()

    async def awaited(self, evidence: Evidence, guide: Guide, left: Callable[[], float]) -> None:
        """Ask for a pass that is required, until it is shown or nothing is ``left`` (s)."""
        if self._how is None or not self._how.required:
            return
        guide.wants_pass(BCBP not in evidence.codes)
        while BCBP not in evidence.codes and (wait := min(left(), _LOOK)) > 0:
            self._shown.clear()
            try:
                await asyncio.wait_for(self._shown.wait(), wait)
            except TimeoutError:
                continue
        guide.wants_pass(False)

    async def judge(self, evidence: Evidence) -> None:
        """Put what was shown with the document into ``evidence`` as checks."""
        today = self._clock.now().date()
        evidence.shown = await asyncio.to_thread(self._checks, evidence, today)

    def _checks(self, evidence: Evidence, today: date) -> dict[str, Check]:
        found: dict[str, Check] = {}
        shown = evidence.codes.get(BCBP)
        if shown is not None and self._how is not None:
            found[BCBP] = boarding_check(shown, self._how, evidence.printed, today)
        elif self._how is not None and self._how.required:
            found[BCBP] = undetermined("no boarding pass was shown")
        if (seal := evidence.codes.get(_SEAL)) is not None:
            answers = self._check_seal(seal, evidence.printed)
            found |= {f"seal.{name}": check for name, check in answers.items()}
        return found

    def _expire(self) -> None:
        if self._clock.monotonic() >= self._waiting.until:
            self._waiting = _Waiting()


_SEAL = "seal"


def _kind(content: bytes) -> str | None:
    """Return which kind of code ``content`` begins as."""
    if content[:1] == b"M" and content[1:2] in (b"1", b"2", b"3", b"4"):
        return BCBP
    if content[:1] == bytes([vds.MAGIC]) or vds_nc.looks_like(content):
        return _SEAL
    return None
