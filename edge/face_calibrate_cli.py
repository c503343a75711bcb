"""``border-edge face calibrate DIR``: measure how often different persons reach a score.

1. DIR holds one picture of each of many persons, of the kind the lane will see: the more, the lower
   the rates that can be shown.
2. Every two pictures are a pair of different persons. Two of one person would spoil the table:
   whoever collects them sees to that.
3. ``--card`` writes the model's card with the table, to lie beside the model in the folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import numpy as np
import typer
from numpy.typing import NDArray

from edge.face_cli import FaceError, Folder, app, largest, models_of
from edge.face_images import FaceFileError, load
from models.catalogue import CatalogueError
from models.face.calibration import CalibrationError, estimated
from models.slots import card_text

__all__ = ["app", "calibrate"]

Vector = NDArray[np.float32]
_LIMITS = "pairs share persons and are not independent; holds for pictures like these only"


@app.command("calibrate")
def calibrate(
    people: Annotated[Path, typer.Argument(metavar="DIR", help="One picture per person.")],
    material: Annotated[str, typer.Option(help="Whose pictures these are, for the card.")],
    card: Annotated[Path | None, typer.Option(help="Write the model's card here.")] = None,
    folder: Folder = None,
) -> None:
    """Measure how often different persons reach a score; print or write the model's card."""
    try:
        detect, embed = models_of(folder)
        vectors: list[Vector] = []
        for path in sorted(p for p in people.iterdir() if p.is_file()):
            try:
                image = load(path)
                vectors.append(embed(image, largest(detect(image))))
            except (FaceFileError, ValueError):
                typer.echo(f"{path.name}: no face; passed over", err=True)
        if len(vectors) < 2:
            raise FaceError(
                f"{people}: {len(vectors)} pictures with a face; two or more are needed"
            )
        table = estimated(np.stack(vectors), np.stack(vectors), material, _LIMITS)
        text = card_text(embed.card.model_copy(update={"calibration": table}))
        _put(text, card)
    except (FaceError, CatalogueError, CalibrationError, OSError, ValueError) as error:
        _fail(error)


def _put(text: str, card: Path | None) -> None:
    if card is None:
        typer.echo(text, nl=False)
    else:
        card.write_text(text, encoding="utf-8")


def _fail(error: Exception) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(1)
