from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from contract.inspection import Finding
from edge.scanner.analysis import Analysis
from edge.scanner.phantom.limits import SelfTest
from edge.scanner.phantom.perform import SCAN
from edge.scanner.self_test import GRACE, SelfTestDuty, measures

DAY = 86_400.0


class Clock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at)


def duty(folder: Path, clock: Clock, required: bool = True) -> SelfTestDuty:
    return SelfTestDuty(SelfTest(required=required), folder, clock)


def scan(level: float) -> Analysis:
    overview = np.full((2, 300, 300), level, np.float32)
    return Analysis(Finding.CLEAR, 0.0, [], [], [], {}, overview=overview)


def test_a_lane_that_need_not_test_itself_is_never_due(tmp_path: Path) -> None:
    free = duty(tmp_path, Clock(), required=False)
    assert not free.due
    assert not free.overdue


def test_a_lane_that_never_passed_is_due_at_once(tmp_path: Path) -> None:
    mine = duty(tmp_path, Clock())
    assert mine.due
    assert mine.overdue


def test_a_test_is_good_for_a_day_then_due_then_overdue(tmp_path: Path) -> None:
    clock = Clock()
    mine = duty(tmp_path, clock)
    mine._passed_at = clock.now().timestamp()
    said = []
    for later in (0.0, DAY - 1, DAY, DAY + GRACE - 1, DAY + GRACE, -1.0):
        now, clock.at = clock.at, clock.at + later
        said.append((mine.due, mine.overdue))
        clock.at = now
    free, due, over = (False, False), (True, False), (True, True)
    assert said == [free, free, due, due, over, over], "a clock set back makes it due as well"


def test_what_is_no_phantom_fails_and_is_due_again(tmp_path: Path) -> None:
    clock = Clock()
    mine = duty(tmp_path, clock)
    result = mine.judge(scan(1.0))
    assert not result.passed
    assert (tmp_path / SCAN).exists(), "the scan can be looked at"
    mine._passed_at = clock.now().timestamp()
    mine.concluded(result)
    assert mine.due
    assert duty(tmp_path, clock).due, "and after a restart too"


def test_a_disk_that_refuses_changes_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.scanner.self_test.keep_scan", refuses)
    result = duty(tmp_path, Clock()).judge(scan(1.0))
    assert not result.passed
    assert "No space left" in " ".join(result.warnings)


def test_what_could_not_be_measured_is_no_measure(tmp_path: Path) -> None:
    result = duty(tmp_path, Clock()).judge(scan(0.5))
    told = measures(result.measurements)
    assert len(told) == sum(one.value is not None for one in result.measurements)
