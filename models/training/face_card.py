"""The cards of the face networks: what each is, and figures on rendered people it never saw.

Everything is judged as it runs, from detector to comparison. The calibration of the embedding
(``known/face_embedding.toml``) is measured in the same way.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.catalogue import WEIGHTS
from models.face.calibration import Calibration, estimated

__all__ = ["UNSEEN", "write_calibration", "write_cards"]

UNSEEN = 1 << 43  # first seed of the people whom no training saw
PEOPLE = 500
_RENDERED = "rendered people only (simulators/world/faces*.py), who do not exist; no photograph"
_SHARED = {
    "version": "1",
    "grade": "simulation",
    "licence": "as the project",
    "source": "trained from random weights by models/training/face.py",
    "trained_on": _RENDERED,
}
ABOUT: dict[str, dict[str, Any]] = {
    "face_detector": {
        "role": "face-detector",
        "threshold": 0.7,
        "input": "image: float32 (1, 1, 8h, 8w), grey, 0 to 255",
        "output": "told: float32 (1, 15, h, w): logit of a face's middle, its box, five points",
        "recipe": "python -m models.training.face detector --seed 1 --minutes 8",
        "limits": "rendered faces of 18 to 64 pixels at one of its looks, turned by 40 degrees at "
        "most; on photographs it finds most large faces and takes other things for faces too: "
        "not for travellers. Trained for a time, not a number of steps: another machine gets "
        "other weights",
    },
    "face_landmarks": {
        "role": "face-landmarks",
        "input": "view: float32 (n, 1, 64, 64), grey, 0 to 255",
        "output": "told: float32 (n, 11): logit of a face, five points as shares of the view",
        "recipe": "python -m models.training.face landmarks --seed 1 --minutes 10",
        "limits": "rendered faces only, turned by 40 degrees at most; not for travellers",
    },
    "face_embedding": {
        "role": "face-embedding",
        "input": "image: float32 (n, 3, 112, 112), RGB, (value - 127.5) / 128, aligned",
        "output": "told: float32 (n, 128), compared by the cosine",
        "recipe": "python -m models.training.face embedding --seed 1 --minutes 12",
        "limits": "tells rendered people apart; says nothing about real ones: not for travellers",
    },
    "face_pad": {
        "role": "face-pad",
        "threshold": 0.5,
        "input": "signs: float32 (n, 8), models/face/pad.py",
        "output": "told: float32 (n, 1), 0 to 1, how much it looks like a picture held up",
        "recipe": "python -m models.training.face pad --seed 1",
        "limits": "learnt from rendered prints and screens; no real attack was ever shown to it, "
        "so its misses on real ones are not known. Masks, make-up, films of fine screens: not "
        "tried. The score orders pictures; it is no probability",
    },
}


def write_cards() -> None:
    """Judge the networks in ``weights`` and write every card."""
    for name in ABOUT:  # the judges open them by their cards, so these come first
        write_card(name, {})
    from models.training.face_judge import judge_pad, judge_people

    figures, live, stored = judge_people(UNSEEN, PEOPLE)
    table = estimated(live, stored, _MATERIAL, _LIMITS)
    write_calibration(table)
    figures["face_embedding"] |= rates(live, stored, table)
    figures["face_pad"] = judge_pad(UNSEEN)
    for name, some in figures.items():
        write_card(name, some)


_MATERIAL = (
    f"{PEOPLE} rendered people of seeds that training did not use: one picture as on a passport, "
    "one at the gate, found and cut by the project's own detector"
)
_LIMITS = (
    "rendered people are more alike, and their pictures better, than real ones; pairs share "
    "persons and are not independent; it says nothing about real travellers"
)


def rates(
    live: NDArray[np.float32], stored: NDArray[np.float32], table: Calibration
) -> dict[str, float]:
    """Return the share of genuine pairs that are missed at the two rates of the standard."""
    genuine = (live * stored).sum(1)
    found = {"persons": float(len(live)), "impostor_pairs": float(table.pairs)}
    for fmr in (0.001, 0.0001):
        missed = float((genuine < table.threshold(fmr)).mean())
        found[f"fnmr_at_fmr_{fmr:g}".replace(".", "_").replace("-", "_")] = round(missed, 4)
    return found


def write_card(name: str, figures: dict[str, float]) -> None:
    """Write ``weights/<name>.toml`` beside its model."""
    digest = hashlib.sha256((WEIGHTS / f"{name}.onnx").read_bytes()).hexdigest()
    entry = {"name": name, **ABOUT[name], **_SHARED, "sha256": digest}
    lines = [f"{key} = {_toml(value)}" for key, value in entry.items()]
    lines += ["", "[metrics]", *(f"{key} = {_toml(value)}" for key, value in figures.items())]
    (WEIGHTS / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_calibration(table: Calibration) -> None:
    """Write how our embedding is fed, and what its scores mean."""
    path: Path = WEIGHTS.parent / "known" / "face_embedding.toml"
    head = path.read_text(encoding="utf-8").split("\n[calibration]")[0].rstrip()
    lines = [head, "", "[calibration]"]
    lines += [f"pairs = {table.pairs}", f"persons = {table.persons}"]
    lines += [f"material = {_toml(table.material)}", f"limits = {_toml(table.limits)}", "table = ["]
    lines += [f"    [{score:g}, {rate:g}]," for score, rate in table.table]
    path.write_text("\n".join([*lines, "]"]) + "\n", encoding="utf-8")


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value}"
