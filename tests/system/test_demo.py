"""The demonstration as a newcomer runs it, without people, to its end and its report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.realtime

WITHIN = 180.0  # s; a busy machine may take its time, a hung one may not


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "simulators", "demo", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)


def test_it_runs_ends_by_itself_and_reports(tmp_path: Path) -> None:
    report, folder = tmp_path / "report.json", tmp_path / "run"
    numbers = ["--headless", "--travellers", "1", "--items", "2", "--seed", "0"]
    done = demo(*numbers, "--report", str(report), "--folder", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "console:            http://127.0.0.1:" in done.stdout
    assert "/enter/" in done.stdout
    told = json.loads(report.read_text())
    assert told["counts"]["travellers"] == 1
    assert told["counts"]["passages"] == {"crossed": 1}
    assert told["counts"]["items_scanned"] == 2
    assert None not in [item["left"] for item in told["items"]]
    assert told["seconds"]["passage"]["p95"] > 0
    assert isinstance(told["alarms"], list)
    logs = "".join(path.read_text() for path in folder.glob("*.log"))
    secret = (folder / "broker.secret").read_text().strip()
    assert secret not in logs, "no secret in a log"


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("")
    done = demo("--headless", "--folder", str(tmp_path))
    assert done.returncode == 1
    assert "is not empty; give a new folder" in done.stderr
