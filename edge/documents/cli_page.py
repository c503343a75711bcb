"""``border-edge mrz read IMAGE… --json``: one line per image, the zone or that there is none.

A file that cannot be read is a line of its own and makes the exit code 1; the others are still
read.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.documents.page import PageError, PageReading, load, read

__all__ = ["describe", "read_images"]


def describe(path: Path) -> dict[str, Any]:
    """Return what the command says about one file."""
    began = time.perf_counter()
    try:
        reading = read(load(path))
    except PageError as error:
        return {"file": str(path), "error": str(error)}
    return {"file": str(path), **_told(reading), "seconds": round(time.perf_counter() - began, 3)}


def read_images(
    images: Annotated[
        list[Path], typer.Argument(help="JPEG, PNG, BMP or TIFF files of document pages")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False,
) -> None:
    """Read the machine-readable zone of page images."""
    failed = False
    for path in images:
        told = describe(path)
        failed |= "error" in told
        typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _plain(told))
    if failed:
        raise typer.Exit(1)


def _told(reading: PageReading) -> dict[str, Any]:
    zone = reading.zone
    if zone is None:
        return {"format": None, "lines": [], "fields": {}, "checks": {}, "valid": False}
    repairs = [
        {"line": r.line, "place": r.place, "read": r.read, "taken": r.taken, "reason": r.reason}
        for r in reading.repairs
    ]
    return {
        "format": str(zone.format),
        "lines": list(zone.lines),
        "fields": dict(zone.fields),
        "checks": dict(zone.checks),
        "valid": zone.valid,
        "repairs": repairs,
        "confidence": min(min(line) for line in reading.confidence),
        "rotation": round(reading.rotation, 1),
    }


def _plain(told: dict[str, Any]) -> str:
    if "error" in told:
        return f"{told['error']}"
    if told["format"] is None:
        return f"{told['file']}: no machine-readable zone"
    failing = [name for name, holds in told["checks"].items() if not holds]
    verdict = "all check digits hold" if told["valid"] else f"failing: {', '.join(failing)}"
    return "\n".join(
        [f"{told['file']}: {told['format']}, {verdict}", *(f"  {line}" for line in told["lines"])]
    )
