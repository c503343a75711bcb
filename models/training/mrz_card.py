"""The cards of the reader's two networks: what each is, and the figures of the reader they make."""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any

from models.catalogue import WEIGHTS

__all__ = ["ABOUT", "write_card"]

_SHARED = {
    "version": "1",
    "licence": "as the project",
    "source": "trained from random weights by models/training/mrz.py",
    "trained_on": "rendered documents of fictitious travellers only "
    "(simulators/world/documents*.py), in OCR-B and, one in four, in the DejaVu, Liberation and "
    "Noto faces of the training machine; no real picture took part in training or in the choice "
    "of weights",
    "limits": "printed zones of the sizes of Doc 9303 with about 5 or more pixels to the "
    "character; not handwriting, not zones of one line, not infrared; one zone is read per "
    "picture. Judged on 22 real pictures, all specimens: 20 were read at first sight; the two "
    "others prompted two general changes of the reader (strips reach further where a line goes "
    "on, lines are centred on their ink), so specimens_exact is not blind to them. 0 and O of "
    "faces that print them alike are told apart by the zone's own rules, not by the network",
}

ABOUT: dict[str, dict[str, str]] = {
    "mrz_finder": {
        "role": "mrz-zone",
        "input": "image: float32 (1, 1, 16h, 16w), grey, -1 to 1",
        "output": "scores: float32 (1, 4, 4h, 4w): logit of the core of a zone's line, cos and "
        "sin of twice its angle, log2 of the pitch over 8 pixels",
    },
    "mrz_lines": {
        "role": "mrz-lines",
        "input": "image: float32 (n, 1, 32, 4t), grey strips of one line each, mean 0, "
        "deviation 1, about 20 pixels to the character",
        "output": "scores: float32 (n, 38, t): logits of blank, A to Z, 0 to 9 and < for every "
        "4 pixels",
    },
}


def write_card(name: str, recipe: str | None, grade: str | None, figures: dict[str, float]) -> None:
    """Write the card of ``weights/<name>.onnx``; what is None or empty stays as it is there."""
    path = WEIGHTS / f"{name}.toml"
    before: dict[str, Any] = {}
    if path.is_file():
        before = tomllib.loads(path.read_text(encoding="utf-8"))
    entry: dict[str, Any] = {
        "name": name,
        **ABOUT[name],
        **_SHARED,
        "sha256": hashlib.sha256((WEIGHTS / f"{name}.onnx").read_bytes()).hexdigest(),
        "grade": grade or before.get("grade", "simulation"),
        "recipe": recipe or before.get("recipe", ""),
    }
    metrics = figures or before.get("metrics", {})
    lines = [f"{key} = {_quoted(value)}" for key, value in entry.items()]
    lines += ["", "[metrics]", *(f"{key} = {value}" for key, value in metrics.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
