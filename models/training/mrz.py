"""The recipe of the zone reader: ``python -m models.training.mrz --seed 1 --minutes 40``.

1. Learn: the finder for 45 % of the minutes, the line network for the rest, or only one, or none.
2. Write ``weights/mrz_finder.onnx`` and ``weights/mrz_lines.onnx`` with their cards.
3. Judge the reader as it ships (``mrz_judge``) and put the figures on the cards.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import torch

from models.catalogue import WEIGHTS
from models.training.mrz_card import ABOUT, write_card
from models.training.mrz_fit import fit_finder, fit_lines
from models.training.mrz_judge import rendered, specimens
from models.training.mrz_networks import export

SPECIMENS = Path(__file__).parents[2].parent / "shared" / "data" / "docimg"


def main() -> None:
    """Learn, write, judge."""
    options = _options()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    learnt = []
    if options.network in ("both", "finder"):
        share = 0.45 if options.network == "both" else 1.0
        finder, steps = fit_finder(options.seed, options.minutes * share)
        export(
            finder,
            torch.zeros(1, 1, 256, 320),
            {2: "height", 3: "width"},
            WEIGHTS / "mrz_finder.onnx",
        )
        learnt.append(("mrz_finder", steps))
    if options.network in ("both", "lines"):
        share = 0.55 if options.network == "both" else 1.0
        lines, steps = fit_lines(options.seed, options.minutes * share)
        export(
            lines, torch.zeros(2, 1, 32, 400), {0: "lines", 3: "width"}, WEIGHTS / "mrz_lines.onnx"
        )
        learnt.append(("mrz_lines", steps))
    for name, steps in learnt:
        recipe = (
            f"python -m models.training.mrz --seed {options.seed} --minutes {options.minutes:g}"
        )
        write_card(name, f"{recipe} --network {options.network} ({steps} steps)", "simulation", {})
    if not options.skip_judging:
        judge()


def judge() -> None:
    """Put the figures of the reader as it stands on the cards that are there."""
    figures = rendered()
    if SPECIMENS.is_dir():
        figures |= specimens(SPECIMENS)
    for name in ABOUT:
        write_card(name, None, _grade(figures), figures)


def _grade(figures: dict[str, float]) -> str:
    """Return ``field`` only if nine of ten real zones were read whole, and none where none is."""
    good = (
        figures.get("specimens_exact", 0.0) >= 0.9 and figures.get("specimens_false_reads", 1) == 0
    )
    return "field" if good and figures["rendered_noise_read"] == 0 else "simulation"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40.0, help="of learning, on one thread")
    parser.add_argument("--network", choices=("both", "finder", "lines", "none"), default="both")
    parser.add_argument("--skip-judging", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
