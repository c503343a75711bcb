"""The card of a network that is judged on rendered items, written beside its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from models.training import xray_scene_judge as judge

THRESHOLDS = "threshold", "single_threshold"  # of the card itself


def write_card(
    folder: Path, name: str, text: str, figures: Mapping[str, float], **told: object
) -> None:
    """Write ``<name>.toml`` into ``folder``, where ``<name>.onnx`` lies.

    ``text`` is the card with fields in braces: the thresholds and the other ``figures``, the hash,
    how many items were judged, and what is ``told``.
    """
    metrics = {key: value for key, value in figures.items() if key not in THRESHOLDS}
    filled = text.format(
        name=name,
        digest=hashlib.sha256((folder / f"{name}.onnx").read_bytes()).hexdigest(),
        threshold=figures["threshold"],
        single=figures["single_threshold"],
        harmless=judge.HARMLESS,
        threats=judge.THREATS,
        strange=judge.STRANGE,
        tuned=judge.TUNED,
        metrics="\n".join(f"{key} = {value}" for key, value in metrics.items()),
        **told,
    )
    (folder / f"{name}.toml").write_text(filled, encoding="utf-8")
