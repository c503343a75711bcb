"""``border-edge face``: compare two pictures, or look at one.

1. With ``--json`` each prints one JSON object on one line; without it, text for a person.
2. No picture, no face, no model: ``{"error": …}`` and exit code 1. Two different persons are an
   answer, exit code 0.
3. Pictures are looked at here and go nowhere; nothing is written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from edge.face_images import FaceFileError, load
from models.catalogue import CatalogueError
from models.face.calibration import DEFAULT_FMR, CalibrationError
from models.face.comparison import Comparison, compare
from models.face.geometry import Face
from models.face.pack import Detect, Embedder, open_pack
from models.face.pad import score as attack_score
from models.face.quality import Quality, judge

app = typer.Typer(no_args_is_help=True, help="Faces: compare, look at, calibrate.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Folder = Annotated[
    Path | None,
    typer.Option("--model-folder", envvar="BORDER_MODEL_FOLDER", help="Added models; else ours."),
]
Rate = Annotated[float, typer.Option("--fmr", min=0, max=1, help="False match rate accepted.")]


class FaceError(Exception):
    """Pictures that cannot be compared: which, and why."""


@app.callback()
def _group() -> None:
    """Keep a group a group."""


@app.command("compare")
def compare_faces(
    one: Annotated[Path, typer.Argument(metavar="A", help="A picture.")],
    other: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    fmr: Rate = DEFAULT_FMR,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the largest faces of two pictures are one person's."""
    faces: list[int] = []
    try:
        detect, embed = models_of(folder)
        images = [load(path) for path in (one, other)]
        found = [detect(image) for image in images]
        faces += [len(some) for some in found]
        for path, some in zip((one, other), found, strict=True):
            if not some:
                raise FaceError(f"{path}: no face was found")
        qualities = [judge(image, some) for image, some in zip(images, found, strict=True)]
        templates = [embed(image, largest(some)) for image, some in zip(images, found, strict=True)]
        answer = compare(templates[0], templates[1], embed, fmr)
    except (FaceFileError, FaceError, CatalogueError, CalibrationError, ValueError) as error:
        _fail(error, faces, as_json=as_json)
    told = _told(answer) | {"quality": [_quality(q) for q in qualities], "model": embed.card.name}
    _show({"faces": faces, **told}, as_json=as_json)


@app.command("look")
def look_at(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE")],
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say what faces a picture has, how good the largest is, and how much it looks held up."""
    try:
        detect, _ = models_of(folder)
        image = load(picture)
        faces = detect(image)
    except (FaceFileError, FaceError, CatalogueError) as error:
        _fail(error, [], as_json=as_json)
    told: dict[str, Any] = {"faces": [_face(face) for face in faces]}
    told["quality"] = _quality(judge(image, faces))
    told["pad"] = _rounded(attack_score(image, largest(faces))) if faces else None
    _show(told, as_json=as_json)


def models_of(folder: Path | None) -> tuple[Detect, Embedder]:
    """Return what finds and what compares faces. Raises FaceError, CatalogueError."""
    pack = open_pack(folder)
    if pack.detect is None or pack.embed is None:
        raise FaceError(
            "no model for face-detector or face-embedding; see: border-edge models list"
        )
    return pack.detect, pack.embed


def largest(faces: list[Face]) -> Face:
    """Return the face that is nearest."""
    return max(faces, key=lambda face: face.size)


def _told(found: Comparison) -> dict[str, Any]:
    return {
        "score": _rounded(found.score),
        "threshold": _rounded(found.threshold),
        "match": found.match,
        "fmr": None if found.fmr is None else float(f"{found.fmr:.3g}"),
        "threshold_fmr": found.threshold_fmr,
    }


def _quality(found: Quality) -> dict[str, Any]:
    return {
        "score": _rounded(found.score),
        "instruction": found.instruction,
        "measures": {m.name: _rounded(m.value) for m in found.measures},
    }


def _face(face: Face) -> dict[str, Any]:
    return {
        "box": [round(v, 1) for v in face.box],
        "landmarks": [[round(float(v), 1) for v in point] for point in face.landmarks],
        "score": _rounded(face.score),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in told.items():
        typer.echo(f"{name}: {value}")


def _fail(error: Exception, faces: list[int], *, as_json: bool) -> NoReturn:
    told: dict[str, Any] = {"error": str(error)} | ({"faces": faces} if faces else {})
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else str(error), err=not as_json)
    raise typer.Exit(1)
