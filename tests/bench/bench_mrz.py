"""How well and how fast zones are read: real specimens where they are at hand, rendered pages
always.

``run()`` returns rows (figure, value, limit). One core: the reader's sessions have one thread and
OpenCV is held to one here. ``make peers`` installs the tool that people use today, PassportEye with
tesseract, which is then measured on the same pictures, on as many cores as it takes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.documents.mrz_layout import Format
from models.mrz.reader import PageLines, read_page
from simulators.world.documents import render_document
from simulators.world.documents_camera import photograph
from simulators.world.documents_holder import FORMATS, fictitious, zone

ROOT = Path(__file__).parents[2]
SPECIMENS = ROOT.parent / "shared" / "data" / "docimg"
PEERS = ROOT / ".venv" / "peers" / "bin" / "python"
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
        return [("mrz: real specimens", "not measured: no pictures at hand", "≥ 95 %")]
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
        ("mrz: real specimens read whole", f"{right} of {count} ({right / count:.0%})", "≥ 95 %"),
        ("mrz: zones read where there is none", f"{false} of {len(rows) - count}", "0"),
        *_times("mrz: seconds per specimen", seconds),
        *_peer(rows),
    ]


def _peer(rows: list[dict[str, Any]]) -> Rows:
    name = "mrz: the same read by PassportEye"
    if not (PEERS.exists() and shutil.which("tesseract")):
        return [(name, "not measured: it needs `make peers` and tesseract", "peer")]
    files = [str(SPECIMENS / row["file"]) for row in rows]
    script = Path(__file__).with_name("peer_passporteye.py")
    said = subprocess.run([PEERS, script, *files], capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    pairs = list(zip(rows, answers, strict=True))
    right = sum(bool(row["mrz"]) and answer["lines"] == row["mrz"] for row, answer in pairs)
    false = sum(row["mrz"] is None and bool(answer["valid"]) for row, answer in pairs)
    count = sum(bool(row["mrz"]) for row in rows)
    return [
        (f"{name}, whole", f"{right} of {count} ({right / count:.0%})", "peer"),
        (f"{name}, valid where there is none", f"{false} of {len(rows) - count}", "peer"),
        *_times(f"{name}, seconds", [answer["seconds"] for answer in answers], "peer"),
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


def _times(name: str, seconds: list[float], limit: str = "") -> Rows:
    median, late = np.percentile(seconds, [50, 95])
    return [
        (f"{name}, median", f"{median:.3f}", limit or "≤ 0.1"),
        (f"{name}, p95", f"{late:.3f}", limit or "≤ 0.25"),
    ]


if __name__ == "__main__":
    for row in run():
        print(" | ".join(row))
