"""``border-edge models``: which models fill which slots; bring others in by hash.

1. ``list`` says of every slot what fills it, and of every file in the folder who vouches for it.
2. ``add`` takes a file, ``fetch`` an address that the operator gives; both check the hash first.
3. What cannot be done is one line, exit code 1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from models.slots import Found, Role, SlotError, fill, known, look
from models.slots_store import add, fetch

app = typer.Typer(no_args_is_help=True, help="Models by role: list, add, fetch.")

Folder = Annotated[
    Path, typer.Option("--model-folder", envvar="BORDER_MODEL_FOLDER", help="Where they lie.")
]
MaybeFolder = Annotated[
    Path | None, typer.Option("--model-folder", envvar="BORDER_MODEL_FOLDER", help="Added models.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


@app.command("list")
def list_models(folder: MaybeFolder = None, as_json: AsJson = False) -> None:
    """Say what fills each slot, what lies in the folder, and which models are known by hash."""
    try:
        told = {
            "slots": {str(role): _slot(role, folder) for role in Role},
            "folder": [] if folder is None else [_file(found) for found in look(folder)],
            "known": {c.name: {"role": c.role, "sha256": c.sha256} for c in known().values()},
        }
    except SlotError as error:
        _fail(error)
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _plain(told))


@app.command("add")
def add_model(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ONNX model.")],
    role: Annotated[Role, typer.Option(help="What it is for.")],
    folder: Folder,
    card: Annotated[
        Path | None, typer.Option(help="Your card for it; needed for a hash unknown here.")
    ] = None,
) -> None:
    """Copy FILE into the model folder if its hash is vouched for."""
    try:
        entry = add(file, role, folder, card)
    except (SlotError, OSError) as error:
        _fail(error)
    typer.echo(
        f"{role}: {entry.name}@{entry.version}, graded {entry.grade}, licence {entry.licence}"
    )


@app.command("fetch")
def fetch_model(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A known model; see list.")],
    source: Annotated[str, typer.Option("--from", metavar="URL", help="Where it is to be had.")],
    folder: Folder,
) -> None:
    """Fetch a known model from URL; keep it only if it is that very file."""
    try:
        entry = fetch(name, source, folder)
    except (SlotError, OSError) as error:
        _fail(error)
    typer.echo(f"{entry.role}: {entry.name}@{entry.version}, sha256 as known")


def _slot(role: Role, folder: Path | None) -> dict[str, Any]:
    filled = fill(role, folder)
    if filled is None:
        return {"model": None}
    entry = filled.card
    return {
        "model": f"{entry.name}@{entry.version}",
        "grade": str(entry.grade),
        "where": "ours" if filled.path is None else str(filled.path),
        "calibrated": entry.calibration is not None,
    }


def _file(found: Found) -> dict[str, Any]:
    name = found.card.name if found.card else None
    return {
        "file": found.path.name,
        "sha256": found.sha256,
        "model": name,
        "problem": found.problem,
    }


def _plain(told: dict[str, Any]) -> str:
    lines = [f"{role}: {slot['model'] or 'empty'}" for role, slot in told["slots"].items()]
    lines += [f"  {f['file']}: {f['problem'] or f['model']}" for f in told["folder"]]
    lines += [f"known: {name} ({entry['role']})" for name, entry in told["known"].items()]
    return "\n".join(lines)


def _fail(error: Exception) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(1)
