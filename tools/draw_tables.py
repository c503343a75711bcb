"""Draw the lanes' tables into their documents, so that the diagrams are what the code does.

``python tools/draw_tables.py`` rewrites the text between the markers in docs/egate.md and
docs/scanner.md; a test compares them with the tables. Rows that every phase shares (an emergency, a
device that fails, a threat) are told in one line under the diagram, not drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from edge.egate import passage
from edge.runtime.machine import Table
from edge.scanner import inspection

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- drawn from the table -->", "<!-- end of the drawing -->"

PhaseT = TypeVar("PhaseT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)
DoT = TypeVar("DoT", bound=StrEnum)


def mermaid(table: Table[PhaseT, EventT, DoT], shared: Collection[EventT]) -> str:
    """Return ``table`` as a Mermaid state diagram, without the ``shared`` events."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (phase, event), step in table.steps.items():
        if event not in shared:
            arrows[phase.value, step.phase.value].append(event.value)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {table.start.value}"]
    for (start, end), events in arrows.items():
        lines.append(f"    {start} --> {end}: {', '.join(sorted(events))}")
    return "\n".join([*lines, "```"])


def drawings() -> dict[str, str]:
    """Return the diagram of each document by file name."""
    everywhere = {
        passage.Event.EMERGENCY,
        passage.Event.DEVICE_FAILED,
        passage.Event.GATE_FAULT,
        passage.Event.DISK_FULL,
    }
    return {
        "egate.md": mermaid(passage.PASSAGE, everywhere),
        "scanner.md": mermaid(inspection.INSPECTION, inspection.THREATS),
    }


def with_drawing(text: str, drawing: str) -> str:
    """Return ``text`` with ``drawing`` between its markers; ValueError if it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{drawing}\n{END}{after}"


def main() -> None:
    """Draw every table into its document."""
    for name, drawing in drawings().items():
        path = DOCS / name
        path.write_text(with_drawing(path.read_text(encoding="utf-8"), drawing), encoding="utf-8")


if __name__ == "__main__":
    main()
