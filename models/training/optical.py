"""The recipe of the patch network: ``python -m models.training.optical --seed 1 --minutes 8``.

1. Learn for the minutes given, one thread, from random weights (``optical_fit``).
2. Write ``weights/optical_patches.onnx``.
3. Judge it as it runs, on whole pages of seeds, presses and typefaces that no training saw
   (``optical_judge``); write the card.
"""

from __future__ import annotations

import argparse

import cv2
import torch

from models.catalogue import WEIGHTS
from models.document.patches import NAME
from models.training.optical_fit import Network, export, fit
from models.training.optical_judge import judged, write_card


def main() -> None:
    """Learn, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=8.0, help="of learning, on one thread")
    parser.add_argument("--judge-only", action="store_true", help="leave the weights as they are")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    path = WEIGHTS / f"{NAME}.onnx"
    if not options.judge_only:
        network: Network = fit(options.seed, options.minutes)
        export(network, path)
        write_card(path, options.seed, options.minutes, 0.5, {})
    threshold, figures = judged()
    write_card(path, options.seed, options.minutes, threshold, figures)


if __name__ == "__main__":
    main()
