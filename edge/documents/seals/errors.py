"""What a digital seal gets wrong."""

from __future__ import annotations


class SealError(ValueError):
    """What was given is no digital seal; ``offset`` counts from its first byte."""

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(f"seal, offset {offset}: {what}")
        self.offset, self.what = offset, what
