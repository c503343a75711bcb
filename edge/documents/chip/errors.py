"""What can go wrong with a chip, named by what the caller should do about it."""

from __future__ import annotations

from edge.documents.chip.apdu import meaning


class ChipError(Exception):
    """Any failure of a chip. Callers catch this one."""


class ChipLost(ChipError):
    """The chip went away: ask the traveller to lay the document down again, and start over."""

    def __init__(self, doing: str, offset: int, cause: Exception) -> None:
        super().__init__(f"the chip went away at {doing}, offset {offset}: {cause}")
        self.doing, self.offset = doing, offset


class ChipRefused(ChipError):
    """The chip understood and said no: ``status`` is its status word."""

    def __init__(self, doing: str, status: int) -> None:
        super().__init__(f"{doing}: the chip answered {status:04X} ({meaning(status)})")
        self.doing, self.status = doing, status


class AccessDenied(ChipError):
    """The keys do not open this chip: read the MRZ again, or it is another document's chip."""


class PaceFailed(AccessDenied):
    """PACE ended at ``step`` (1 nonce, 2 mapping, 3 agreement, 4 tokens; 0 before the first).

    A wrong password shows at step 4 only.
    """

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"PACE step {step}: {what}")
        self.step = step


class NotAuthentic(ChipError):
    """The chip answered an authentication wrongly: it is not the chip that its files belong to."""


class MessageForged(ChipError):
    """An answer's checksum or form is wrong: the session is worth nothing more, start over."""


class Endless(ChipError):
    """The chip keeps us asking: no honest one needs so many commands."""


class FileBroken(ChipError):
    """A file on the chip is not readable as a file; ``file`` and ``offset`` say where."""

    def __init__(self, file: str, offset: int, what: str) -> None:
        super().__init__(f"EF.{file}, offset {offset}: {what}")
        self.file, self.offset = file, offset
