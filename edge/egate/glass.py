"""What lies on the document reader's glass, and whether a passage has used it.

1. A document waits from when it was read until a passage takes it: it may lie there before the
   gate is ready for it.
2. Only a document that was lifted, or another one, can wait again: nobody is read twice.
3. The reader may say the same thing again, asked or unasked; that is no news.
"""

from __future__ import annotations

from drivers.document_reader.codec import Detected, Event, Placed, Removed, Unreadable


class Glass:
    """The document on the glass."""

    def __init__(self) -> None:
        self._on_it: Event = Removed()
        self._taken = False

    @property
    def waits(self) -> bool:
        """Whether a document lies there that no passage has taken."""
        return isinstance(self._on_it, Placed | Unreadable) and not self._taken

    @property
    def used(self) -> bool:
        """Whether the document that lies there was read already."""
        return isinstance(self._on_it, Placed | Unreadable) and self._taken

    def take(self) -> tuple[str, ...] | None:
        """Return the lines that the reader read, None if it found no zone; once per document."""
        self._taken = True
        return self._on_it.lines if isinstance(self._on_it, Placed) else None

    def notice(self, event: Event) -> bool:
        """Take in what the reader says; return whether the document that lay there is gone."""
        if event == self._on_it or (isinstance(event, Detected) and self.waits):
            return False
        gone = isinstance(self._on_it, Placed | Unreadable)
        self._on_it, self._taken = event, False
        return gone
