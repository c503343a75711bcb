"""What the reader that ships gets right, on pages it never saw.

``rendered``: photographs of fictitious documents from seeds that no training uses, all five
formats, any quarter turn and a lean. ``specimens``: real pictures with known lines, from a folder
with ``truth.jsonl``; they take no part in training, in choosing weights or in choosing thresholds.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np

from models.mrz.reader import read_page
from simulators.world.documents import render_document
from simulators.world.documents_camera import photograph
from simulators.world.documents_holder import FORMATS, fictitious, zone

__all__ = ["rendered", "specimens"]

UNSEEN = 1 << 40  # training seeds lie below 2^30
Figures = dict[str, float]


def rendered(count: int = 150) -> Figures:
    """Return the figures on ``count`` rendered photographs and as many empty ones."""
    right = wrong = false = 0
    seconds = []
    for index in range(count):
        truth, picture = _photo(index)
        began = time.process_time()
        found = read_page(picture)
        seconds.append(time.process_time() - began)
        right += found is not None and found.lines == truth
        wrong += found is not None and found.lines != truth
        false += read_page(_without(picture)) is not None
    return {
        "rendered_pages": count,
        "rendered_exact": round(right / count, 4),
        "rendered_read_with_an_error": round(wrong / count, 4),
        "rendered_noise_read": round(false / count, 4),
        "rendered_median_processor_seconds": round(float(np.median(seconds)), 3),
    }


def specimens(folder: Path) -> Figures:
    """Return the figures on the real pictures in ``folder``."""
    rows = [
        json.loads(line)
        for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    zones = [row for row in rows if row["mrz"]]
    exact = sum(_lines(folder / row["file"]) == tuple(row["mrz"]) for row in zones)
    false = sum(_lines(folder / row["file"]) is not None for row in rows if not row["mrz"])
    return {
        "specimens_with_zone": len(zones),
        "specimens_exact": round(exact / len(zones), 4),
        "specimens_without_zone": len(rows) - len(zones),
        "specimens_false_reads": false,
    }


def _photo(index: int) -> tuple[tuple[str, ...], np.ndarray]:
    seed = UNSEEN + index
    rng = np.random.default_rng(seed)
    lines = zone(fictitious(seed), FORMATS[index % len(FORMATS)])
    page = render_document(lines, float(rng.uniform(130, 300)), seed)
    turn = float(rng.choice([0, 90, 180, 270]) + rng.normal(0, 6))
    share, wear = float(rng.uniform(0.6, 1)), float(rng.uniform(0, 0.8))
    return lines, photograph(page, seed, turn=turn, frame=(900, 1200), share=share, wear=wear)


def _without(picture: np.ndarray) -> np.ndarray:
    """Return the picture with its tiles in another order: its texture without its lines."""
    side = 60
    tiles = [
        picture[y : y + side, x : x + side]
        for y in range(0, 900, side)
        for x in range(0, 1200, side)
    ]
    order = np.random.default_rng(len(tiles)).permutation(len(tiles))
    rows = [np.hstack([tiles[k] for k in order[r : r + 20]]) for r in range(0, len(tiles), 20)]
    return np.vstack(rows)


def _lines(path: Path) -> tuple[str, ...] | None:
    image = cv2.imread(str(path))
    if image is None:
        raise FileNotFoundError(f"{path}: named in truth.jsonl and no image")
    found = read_page(np.asarray(image, np.uint8))
    return found.lines if found else None
