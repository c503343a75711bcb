"""``border-edge xray wedges`` and ``xray colours``: a scanner's table and what it shows.

1. ``wedges`` measures the steps named in PLACES (JSON: material, zeff, areal in g/cm², region as
   left, top, width, height in pixels) in a calibrated picture, and writes the file a lane's
   ``examinations.wedges`` names.
2. ``colours`` paints a dual-energy picture; without ``--wedges`` by the design's table. Of
   organic, inorganic and metal ``--only`` leaves one in colour.
3. The exit code is 1 where a picture or file cannot be used.
"""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import cv2
import numpy as np
import typer
from pydantic import TypeAdapter, ValidationError

from edge.scanner.images import ImageError, load
from edge.scanner.materials.errors import MaterialsError
from edge.scanner.materials.maps import Materials, materials
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.picture import (
    INORGANIC_ONLY,
    METAL_ONLY,
    ORGANIC_ONLY,
    Colours,
    coloured,
    stripped,
)
from edge.scanner.materials.table import Kind, build
from edge.scanner.materials.wedges import Place, measured, save
from edge.scanner.materials.wedges import load as load_wedges


class View(StrEnum):
    """What of a picture stays in colour."""

    ALL = "all"
    ORGANIC = "organic"
    INORGANIC = "inorganic"
    METAL = "metal"


KEPT = {View.ORGANIC: ORGANIC_ONLY, View.INORGANIC: INORGANIC_ONLY, View.METAL: METAL_ONLY}

Low = Annotated[Path | None, typer.Option(help="the low energy of IMAGE, if a file of its own")]


def wedges(
    image: Annotated[Path, typer.Argument(help="calibrated picture of the step wedges")],
    places: Annotated[Path, typer.Argument(help="JSON: where each step is, and of what")],
    to: Annotated[Path, typer.Option(help="the file to write")],
    scanner: Annotated[str, typer.Option(help="which scanner it is")],
    low: Low = None,
) -> None:
    """Measure step wedges and keep them for a lane's material table."""
    try:
        known = TypeAdapter(list[Place]).validate_json(places.read_bytes())
        found = measured(load(image, low).transmission, known, scanner, time.time())
        build(found)
        save(found, to)
    except (OSError, ValidationError, ImageError, MaterialsError) as error:
        _fail(str(error))
    photons = " and ".join(f"{count:.0f}" for count in found.photons)
    typer.echo(f"{to}: {len(found.steps)} steps, {photons} photons a pixel, {found.sha256[:12]}")


def colours(
    image: Annotated[Path, typer.Argument(help="dual-energy picture")],
    to: Annotated[Path, typer.Option(help="the PNG to write")],
    low: Low = None,
    file: Annotated[Path | None, typer.Option("--wedges", help="the scanner's own wedges")] = None,
    only: Annotated[View, typer.Option(help="what stays in colour")] = View.ALL,
) -> None:
    """Paint by material: organic orange, inorganic green, metal blue, ambiguous violet."""
    now = time.time()
    try:
        known = nominal(now) if file is None else load_wedges(file)
        maps = materials(load(image, low).transmission, build(known))
        _write(_view(maps, only), to)
    except (OSError, ImageError, MaterialsError) as error:
        _fail(str(error))
    shares = np.bincount(maps.kind.ravel(), minlength=len(Kind)) / maps.kind.size
    typer.echo(", ".join(f"{kind.name.lower()} {shares[kind]:.1%}" for kind in Kind))
    typer.echo(f"wedges: {known.origin}, {known.age(now) / 86_400:.1f} days old")


def _view(maps: Materials, only: View) -> Colours:
    return coloured(maps) if only is View.ALL else stripped(maps, KEPT[only])


def _write(picture: Colours, path: Path) -> None:
    done, content = cv2.imencode(".png", picture[..., ::-1])
    if not done:
        raise MaterialsError(f"no PNG can be made of {picture.shape}")
    path.write_bytes(content.tobytes())


def _fail(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)
