"""``border-edge xray``: what is made of picture files, without a scanner.

1. A picture that cannot be read is reported in its place and does not stop the others.
2. The exit code is 1 if any picture failed, else 0; a threat found is a result, not a failure.
3. ``inspect --json`` prints one JSON object a line: file, score, regions, the threshold of the
   network that looked, finding, remarks if there are any, seconds; or file, error and finding.
4. A score at or above the threshold is suspect. Below it a picture is clear only if it shows enough
   to be called so: what is blind (edge/scanner/legible.py), or is whole and of unknown size so that
   a blade in it would be a pixel, is unreadable, and a remark says why.
5. ``convert`` and ``evidence`` are in formats/cli.py, ``selftest`` in phantom/cli.py,
   ``wedges`` and ``colours`` in materials/cli.py, ``empty`` in cargo/cli.py.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from contract.inspection import Finding
from edge.scanner.cargo.cli import empty
from edge.scanner.formats import cli as formats
from edge.scanner.images import ImageError, load
from edge.scanner.materials.cli import colours, wedges
from edge.scanner.phantom.cli import selftest
from models.catalogue import CatalogueError
from models.xray import segmenter
from models.xray.segmenter import BadPicture, inspect
from models.xray.thresholds import thresholds
from models.xray.view import TILE

LARGE = 3 * TILE  # pixels a side: more than a crop, which may well be looked at in TILE
SIZE_UNKNOWN = f"pixel size unknown: looked at in {TILE} × {TILE} pixels only; give --pitch"

app = typer.Typer(help="X-ray pictures.", no_args_is_help=True)
app.command("convert")(formats.convert)
app.add_typer(formats.evidence, name="evidence")
app.command("selftest")(selftest)
app.command("wedges")(wedges)
app.command("colours")(colours)
app.command("empty")(empty)

Answer = dict[str, Any]


@app.callback()
def _group() -> None:
    """X-ray pictures from files, without a scanner."""


@app.command("inspect")
def inspect_files(
    images: Annotated[
        list[Path], typer.Argument(help="PNG, TIFF or JPEG of 8 or 16 bits, DICOS, or UFF-shaped")
    ],
    low: Annotated[Path | None, typer.Option(help="the low energy of a single IMAGE")] = None,
    pitch: Annotated[
        float | None,
        typer.Option(help="size of a pixel in mm; else the file's own, if any"),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, max=64)] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Score X-ray pictures and mark suspect regions."""
    if low is not None and len(images) != 1:
        raise typer.BadParameter("--low belongs to exactly one IMAGE")
    if pitch is not None and not 0.01 <= pitch <= 100:
        raise typer.BadParameter("--pitch is in mm, 0.01 to 100")
    failed = False
    for path in images:
        answer = inspect_file(path, low, pitch, threads)
        failed |= "error" in answer
        typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else _told(answer))
    raise typer.Exit(1 if failed else 0)


def inspect_file(
    path: Path, low: Path | None = None, pitch_mm: float | None = None, threads: int = 1
) -> Answer:
    """Return what is said about one file: its findings, or why there are none."""
    begun = time.perf_counter()
    try:
        image = load(path, low)
        pitch = pitch_mm or image.pitch_mm
        threshold = thresholds(pitch).of(len(image.transmission))
        found = inspect(image.transmission, pitch, threads)
    except (ImageError, BadPicture, CatalogueError) as error:
        return {"file": str(path), "error": str(error), "finding": Finding.UNREADABLE.value}
    unknown = pitch is None and max(found.shape) > LARGE
    finding = _finding(found.score, threshold, image.readable and not unknown)
    answer = {"file": str(path), **_seen(found), "threshold": threshold, "finding": finding.value}
    if remarks := [*image.remarks, *([SIZE_UNKNOWN] if unknown else [])]:
        answer["remarks"] = remarks
    return answer | {"seconds": round(time.perf_counter() - begun, 4)}


def _seen(found: segmenter.Finding) -> Answer:
    regions = [
        {"x": r.x, "y": r.y, "w": r.w, "h": r.h, "score": r.score, "kind": r.kind}
        for r in found.regions
    ]
    return {"score": round(found.score, 4), "regions": regions}


def _finding(score: float, threshold: float, readable: bool) -> Finding:
    if score >= threshold:
        return Finding.SUSPECT
    return Finding.CLEAR if readable else Finding.UNREADABLE


def _told(answer: Answer) -> str:
    if "error" in answer:
        return f"{answer['file']}: {answer['error']}"
    parts = [f"{r['kind']} {r['score']:.2f} at {r['x']},{r['y']} {r['w']}×{r['h']}"
             for r in answer["regions"]]  # fmt: skip
    seen = "; ".join([*parts, *answer.get("remarks", [])]) or "nothing marked"
    score = f"score {answer['score']:.2f} in {answer['seconds']:.3f} s"
    return f"{answer['file']}: {answer['finding']}, {score}: {seen}"
