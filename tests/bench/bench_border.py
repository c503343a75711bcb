"""The whole border: how soon it is ready, what a passage and a flagged image cost, how much memory.

Runs the demonstration as anybody would, without people, and reads its report.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

Row = tuple[str, str, str]
TRAVELLERS, ITEMS = 6, 4


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [sys.executable, "-m", "simulators", "demo", "--headless", "--seed", "0"]
        numbers = ["--travellers", str(TRAVELLERS), "--items", str(ITEMS), "--report", str(path)]
        subprocess.run([*command, *numbers], check=True, stdout=subprocess.DEVNULL, timeout=300)
        report = json.loads(path.read_text())
    seconds = report["seconds"]
    return [
        ("demo ready after", f"{seconds['ready']:.1f} s", "≤ 10 s"),
        (
            "own work in a passage, p50 / p95",
            _spread(seconds["own_work_per_passage"], 1000, "ms"),
            "≤ 300 ms",
        ),
        ("whole passage, p50 / p95", _spread(seconds["passage"], 1, "s"), "≤ 18 s (tenders)"),
        (
            "flagged image on the screen after the last line, p50 / p95",
            _spread(seconds["flagged_image_on_screen"], 1, "s"),
            "≤ 1 s",
        ),
        *(
            (f"resident memory of {name}", f"{mib:.0f} MiB", "≤ 400 MB")
            for name, mib in report["resident_mib"].items()
        ),
    ]


def _spread(figure: dict[str, float] | None, factor: float, unit: str) -> str:
    if figure is None:
        return "none seen"
    middle, high = figure["p50"] * factor, figure["p95"] * factor
    digits = 0 if unit == "ms" else 2
    return f"{middle:.{digits}f} / {high:.{digits}f} {unit} (n = {figure['n']})"
