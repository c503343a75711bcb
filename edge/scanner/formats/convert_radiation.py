"""Radiation data from one format into another, chosen by the ending of the file's name.

1. N42 (.n42, .xml) into N42, checked and otherwise unchanged, or into .json.
2. A portal's own lines (.txt, .log) into N42, a file for each passage: OUT, then with -2, -3, …
   before the ending. A passage begins at the time that its first line carries, else at ``began``.
3. What departs from the standard's structure, and lines that are none, are remarks, not errors.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from drivers.radiation.codec import SCAN, Scan, decoder
from drivers.radiation.occupancy import Occupancy, OccupancyTracker
from drivers.rubbish import Rubbish
from edge.scanner.formats import n42, n42_portal, safe_xml
from edge.scanner.formats.convert import replace_file
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.n42_model import Instrument, Recording

N42, LINES, JSON = (".n42", ".xml"), (".txt", ".log"), (".json",)


@dataclasses.dataclass(frozen=True)
class Passage:
    """One passage and when its first scan was."""

    occupancy: Occupancy
    began: datetime


def is_radiation(path: Path) -> bool:
    """Whether the file's name ends like one of these."""
    return path.suffix.lower() in (*N42, *LINES)


def convert_radiation(
    path: Path, out: Path, began: datetime, item: str | None = None
) -> tuple[list[Path], list[str]]:
    """Write what is in ``path`` as ``out``; return files written and remarks; raise FormatError."""
    if out.suffix.lower() not in (*N42, *JSON):
        raise FormatError(f"no radiation data is written as {out.suffix!r}: .n42, .xml, .json")
    data = _bytes(path)
    if path.suffix.lower() in N42:
        contents, remarks = _from_n42(data, out)
    else:
        contents, remarks = _from_lines(data, out, began, item or path.stem)
    for target, content in contents.items():
        replace_file(target, content)
    return list(contents), remarks


def _from_n42(data: bytes, out: Path) -> tuple[dict[Path, bytes], list[str]]:
    root = n42.read(data)
    found = n42.recording(data)
    content = _json(found) if out.suffix.lower() in JSON else n42.write(root)
    return {out: content}, n42.problems(root)


def _from_lines(
    data: bytes, out: Path, began: datetime, item: str
) -> tuple[dict[Path, bytes], list[str]]:
    remarks: list[str] = []
    contents = {}
    for number, passage in enumerate(_passages(data, began, remarks), 1):
        target = out if number == 1 else out.with_stem(f"{out.stem}-{number}")
        content = n42_portal.encode(passage.occupancy, passage.began, Instrument(), item)
        json_wanted = out.suffix.lower() in JSON
        contents[target] = _json(n42.recording(content)) if json_wanted else content
    if not contents:
        raise FormatError("no passage is in these lines: a portal says GS or NS, and GX at the end")
    return contents, remarks


def _passages(data: bytes, began: datetime, remarks: list[str]) -> Iterator[Passage]:
    """Yield every passage; time goes on by a scan each where lines carry none."""
    tracker, first, clock = OccupancyTracker(), None, began
    for item in decoder().feed(data if data.endswith(b"\n") else data + b"\n"):
        if isinstance(item, Rubbish):
            remarks.append(item.detail)
            tracker.spoil()
            continue
        if isinstance(item, Scan) and not tracker.occupied:
            first = clock = _time(item.stamp, clock)
        done = tracker.feed(item)
        if isinstance(item, Scan):
            clock += timedelta(seconds=SCAN / 2)  # one of gamma and one of neutrons each time
        if done is not None and first is not None:
            yield Passage(done, first)
    if tracker.occupied:
        remarks.append("the lines break off in the middle of a passage, which is left out")


def _time(stamp: str | None, otherwise: datetime) -> datetime:
    """Return the time a line carries: with its date, or on the day of ``otherwise``."""
    if stamp is None:
        return otherwise
    try:
        if len(stamp) > 15 or "T" in stamp:
            at = datetime.fromisoformat(stamp)
            return at if at.tzinfo else at.replace(tzinfo=otherwise.tzinfo)
        hours = datetime.strptime(stamp.rstrip("Z").replace("-", ":")[:8], "%H:%M:%S")
    except ValueError:
        return otherwise
    return otherwise.replace(hour=hours.hour, minute=hours.minute, second=hours.second)


def _json(found: Recording) -> bytes:
    text = json.dumps(
        dataclasses.asdict(found), indent=1, ensure_ascii=False, default=datetime.isoformat
    )
    return text.encode()


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > safe_xml.MOST_BYTES:
            raise FormatError(f"larger than {safe_xml.MOST_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}") from error
