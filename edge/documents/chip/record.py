"""What is noted while a chip is read, besides its files."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.documents.result import Check


@dataclass(slots=True)
class Record:
    """Files by name; those not read, and why; what each authentication said; what was odd.

    ``downgrades`` name each weaker way that was taken although a stronger one was offered;
    ``habits`` what the chip needed beyond the standard.
    """

    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    skipped: dict[str, str] = field(default_factory=dict)
    authentications: dict[str, Check] = field(default_factory=dict)
    downgrades: list[str] = field(default_factory=list)
    habits: list[str] = field(default_factory=list)
