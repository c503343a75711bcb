"""``border-edge xray selftest``: measure a scan of the phantom, from a file or of a lane.

1. IMAGE is any picture that ``xray inspect`` reads. A lane's file gives limits, pitch, the earlier
   results for the trend and, without IMAGE, that lane's latest scan of the phantom.
2. Nothing is kept: to look at a scan again is no self-test of the lane.
3. The exit code is 0 for a scanner that passed, 1 for one that failed or a picture that cannot be
   read, 2 where the command could not begin.
4. ``--json`` prints one JSON object on one line: file, the result, or file and error.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from edge.scanner.config import ScannerConfig
from edge.scanner.images import ImageError, load
from edge.scanner.phantom.history import FILE, History, HistoryError
from edge.scanner.phantom.limits import SelfTestLimits
from edge.scanner.phantom.measure import self_test
from edge.scanner.phantom.perform import SCAN, drifts
from edge.scanner.phantom.result import Measurement, Result, line
from settings.files import ConfigError
from settings.files import load as read_settings

CANNOT_BEGIN = 2


@dataclass(frozen=True)
class Task:
    """What to look at: a picture, the limits it is held to, and where earlier results are."""

    image: Path
    limits: SelfTestLimits
    pitch_mm: float | None
    folder: Path | None


def selftest(
    image: Annotated[Path | None, typer.Argument(help="PNG or TIFF of the phantom")] = None,
    low: Annotated[Path | None, typer.Option(help="the low energy of a single IMAGE")] = None,
    lane: Annotated[
        Path | None, typer.Option(metavar="CONFIG.toml", help="the scanner whose test it is")
    ] = None,
    pitch: Annotated[
        float | None,
        typer.Option(min=0.1, max=10, help="mm of a pixel; else the lane's, the file's, or 1"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Measure a scan of the self-test's phantom and say whether the scanner is good enough."""
    try:
        task = _task(image, lane, pitch)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CANNOT_BEGIN) from error
    try:
        picture = load(task.image, low)
    except ImageError as error:
        _fail(task.image, str(error), as_json=as_json)
    pitch_mm = task.pitch_mm or picture.pitch_mm or 1.0
    result = self_test(picture.transmission, time.time(), task.limits, pitch_mm)
    _show(task.image, _with_trend(result, task.folder), as_json=as_json)
    raise typer.Exit(0 if result.passed else 1)


def _task(image: Path | None, lane: Path | None, pitch: float | None) -> Task:
    if lane is None:
        if image is None:
            raise typer.BadParameter("give an IMAGE, or a lane with --lane CONFIG.toml")
        return Task(image, SelfTestLimits(), pitch, None)
    config = read_settings(lane, ScannerConfig)
    known = pitch or config.geometry.pitch
    return Task(image or config.data / SCAN, config.self_test.limits, known, config.data)


def _with_trend(result: Result, folder: Path | None) -> Result:
    """Return ``result`` with what the lane's earlier ones say of its drifts."""
    if folder is None or not (folder / FILE).exists():
        return result
    try:
        return replace(result, warnings=tuple(drifts(result, History(folder))))
    except HistoryError as error:
        return replace(result, warnings=(str(error),))


def _show(image: Path, result: Result, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"file": str(image), **result.as_json()}, ensure_ascii=False))
        return
    for measurement in result.measurements:
        typer.echo(_told(measurement))
    for said in result.warnings:
        typer.echo(f"warning: {said}")
    typer.echo(result.told())


def _told(m: Measurement) -> str:
    mark = "ok  " if m.passed else "FAIL"
    return f"{mark} {line(m)} (confidence {m.confidence:.2f})"


def _fail(image: Path, error: str, *, as_json: bool) -> NoReturn:
    answer: dict[str, Any] = {"file": str(image), "error": error}
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else f"{image}: {error}")
    raise typer.Exit(1)
