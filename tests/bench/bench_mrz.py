"""How well and how fast zones are read: real specimens where they are at hand, rendered pages
always.

``run()`` returns rows (figure, value, limit). One core: the reader's sessions have one thread and
OpenCV is held to one here.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import cv2
import numpy as np

from edge.documents.mrz_layout import Format
from models.mrz.reader import PageLines, read_page
from simulators.world.documents import render_document
from simulators.world.documents_camera import photograph
from simulators.world.documents_holder import FORMATS, fictitious, zone

SPECIMENS = Path(__file__).parents[2].parent / "shared" / "data" / "docimg"
SEEDS = 9_000_000_000
Rows = list[tuple[str, str, str]]


def run() -> Rows:
    """Return every figure with its limit."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        read_page(np.full((64, 64), 255, np.uint8))  # loads the finder
        return [*_specimens(), *_rendered(), *_large()]
    finally:
        cv2.setNumThreads(threads)


def _specimens() -> Rows:
    if not SPECIMENS.is_dir():
        return [("mrz: real specimens", "not measured: no pictures at hand", "≥ 80 %")]
    rows = [json.loads(line) for line in (SPECIMENS / "truth.jsonl").read_text().splitlines()]
    right = false = 0
    seconds = []
    for row in rows:
        found, took = _timed(np.asarray(cv2.imread(str(SPECIMENS / row["file"])), np.uint8))
        seconds.append(took)
        right += bool(row["mrz"]) and found is not None and list(found.lines) == row["mrz"]
        false += row["mrz"] is None and found is not None
    count = sum(bool(row["mrz"]) for row in rows)
    return [
        ("mrz: real specimens read whole", f"{right} of {count} ({right / count:.0%})", "≥ 80 %"),
        ("mrz: zones read where there is none", f"{false} of {len(rows) - count}", "0"),
        *_times("mrz: seconds per specimen", seconds),
    ]


def _rendered() -> Rows:
    right, seconds = 0, []
    for seed in range(SEEDS, SEEDS + 60):
        rng = np.random.default_rng(seed)
        lines = zone(fictitious(seed), FORMATS[seed % 5])
        page = render_document(lines, 200, seed)
        turn = float(rng.choice([0, 90, 180, 270]) + rng.normal(0, 5))
        found, took = _timed(photograph(page, seed, turn=turn, wear=float(rng.uniform(0, 0.7))))
        seconds.append(took)
        right += found is not None and found.lines == lines
    return [
        ("mrz: rendered photographs read whole", f"{right} of 60 ({right / 60:.0%})", "≥ 90 %"),
        *_times("mrz: seconds per photograph of 2 megapixels", seconds),
    ]


def _large() -> Rows:
    lines = zone(fictitious(SEEDS), Format.TD3)
    picture = photograph(render_document(lines, 400, SEEDS), SEEDS, frame=(3000, 4000), wear=0.2)
    seconds = [_timed(picture)[1] for _ in range(5)]
    return _times("mrz: seconds per photograph of 12 megapixels", seconds)


def _timed(image: np.ndarray) -> tuple[PageLines | None, float]:
    began = time.perf_counter()
    found = read_page(image)
    return found, time.perf_counter() - began


def _times(name: str, seconds: list[float]) -> Rows:
    median, late = np.percentile(seconds, [50, 95])
    return [(f"{name}, median", f"{median:.3f}", "≤ 0.3"), (f"{name}, p95", f"{late:.3f}", "≤ 1")]


if __name__ == "__main__":
    for row in run():
        print(" | ".join(row))
