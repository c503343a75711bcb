"""`border-edge xray empty`: learn what an empty container or tray looks like to this scanner.

1. The pictures are the lane's own, of empty things only, as `convert` writes them of its evidence;
   the high energy is enough. They are made small as a lane makes its items small.
2. What is learned is as old as the moment it is learned: take scans of the day.
3. The exit code is 1 where a picture or the lot of them cannot be used.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from edge.scanner.cargo.template import TemplateError, learn
from edge.scanner.cargo_checks import FLOOR
from edge.scanner.images import ImageError, load
from edge.scanner.pictures import PART, Overview, as_counts

Image = NDArray[np.float32]


def empty(
    images: Annotated[list[Path], typer.Argument(help="scans of the empty thing, five or more")],
    to: Annotated[Path, typer.Option(help="the file for examinations.empty_template")],
    name: Annotated[str, typer.Option(help="what it is, e.g. 'tray' or '40 ft box'")],
) -> None:
    """Learn the template of an empty thing."""
    try:
        scans = [_scan(path) for path in images]
        found = learn(name, scans, time.time())
        found.save(to)
    except (ImageError, TemplateError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    lines, pixels = found.tau.shape
    typer.echo(f"{to}: {name}, {found.scans} scans, {lines} × {pixels}, {found.digest[:12]}")


def _scan(path: Path) -> Image:
    try:
        return depth(load(path).transmission)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


def depth(transmission: Image) -> Image:
    """Return the high optical depth (lines, pixels) of a whole scan, small as a lane's items are.

    ``transmission`` is (1 or 2, lines, pixels), the high energy last.
    """
    counts = as_counts(transmission[-1:])
    small = Overview(counts.shape[2], 1.0)
    for first in range(0, counts.shape[1], PART):
        part = counts[:, first : first + PART]
        small.add(part, np.zeros(part.shape[1], np.bool_))
    return np.asarray(-np.log(np.maximum(small.picture()[-1], FLOOR)), np.float32)
