"""Train the face networks, each with one command, seeded, then judge them and write their cards.

python -m models.training.face detector --seed 1 --minutes 8
python -m models.training.face landmarks --seed 1 --minutes 10
python -m models.training.face embedding --seed 1 --minutes 12
python -m models.training.face pad --seed 1
python -m models.training.face cards
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import torch
from torch import nn

from models.catalogue import WEIGHTS
from models.face.pad import SIGNS
from models.training.face_fit import fit_detector, fit_embedding, fit_landmarks
from models.training.face_pad import fit_pad

DETECTOR, LANDMARKS, EMBEDDING = "face_detector", "face_landmarks", "face_embedding"
PAD = "face_pad"


def main() -> None:
    """Train one of the networks, or judge both."""
    parser = argparse.ArgumentParser(description="Train and judge the face networks.")
    parser.add_argument("what", choices=["detector", "landmarks", "embedding", "pad", "cards"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if given.what == "detector":
        export_detector(fit_detector(given.seed, given.minutes)[0], given.out)
    elif given.what == "landmarks":
        export_landmarks(fit_landmarks(given.seed, given.minutes)[0], given.out)
    elif given.what == "pad":
        export_pad(fit_pad(given.seed), given.out)
    elif given.what == "embedding":
        export_embedding(fit_embedding(given.seed, given.minutes)[0], given.out)
    else:
        from models.training.face_card import write_cards

        write_cards()


def export_detector(network: nn.Module, out: Path) -> None:
    """Write the detector for pictures of any size that is a multiple of 8."""
    high, wide = torch.export.Dim("high", min=2), torch.export.Dim("wide", min=2)
    _export(
        network,
        torch.zeros(1, 1, 96, 128),
        out / f"{DETECTOR}.onnx",
        {"image": {2: 8 * high, 3: 8 * wide}},
    )


def export_landmarks(network: nn.Module, out: Path) -> None:
    """Write the landmark network for any number of cuts."""
    view = torch.zeros(2, 1, 64, 64)
    _export(network, view, out / f"{LANDMARKS}.onnx", {"view": {0: torch.export.Dim("n")}})


def export_pad(network: nn.Module, out: Path) -> None:
    """Write what weighs the signs of an attack, for any number of faces."""
    signs = torch.zeros(2, len(SIGNS))
    _export(network, signs, out / f"{PAD}.onnx", {"signs": {0: torch.export.Dim("n")}})


def export_embedding(network: nn.Module, out: Path) -> None:
    """Write the embedding for any number of faces."""
    face = torch.zeros(2, 3, 112, 112)
    _export(network, face, out / f"{EMBEDDING}.onnx", {"image": {0: torch.export.Dim("n")}})


def _export(
    network: nn.Module, example: torch.Tensor, path: Path, shapes: dict[str, object]
) -> None:
    torch.onnx.export(
        network.to(memory_format=torch.contiguous_format).eval(),
        (example,),
        str(path),
        input_names=list(shapes),
        output_names=["told"],
        dynamic_shapes=tuple(shapes.values()),
        external_data=False,
        verbose=False,
    )


if __name__ == "__main__":
    main()
