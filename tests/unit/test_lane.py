import queue
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from contract.health import DeviceState
from contract.names import Address
from contract.passage import Ended, Outcome
from contract.topics import Stream
from drivers.errors import Garbled, LinkLost
from edge.runtime.controller import ControllerWatch
from edge.runtime.lane import CALM, OUTBOX, Lane
from edge.runtime.worker import Condition, Seen, Trouble, Worker
from edge.uplink.errors import DiskFull
from edge.uplink.outbox import Outbox


class Time:
    """A clock that a test turns."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def lane(tmp_path: Path, time: Time) -> Iterator[Lane]:
    outbox = Outbox(tmp_path / "outbox.db", Address(site="s", unit="u"), time)
    made = Lane(outbox, time, lambda: "idle", {})
    made.add(Worker("reader", lambda: None, lambda _: None))  # type: ignore[arg-type, return-value]
    made.notice(Condition("reader", DeviceState.CONNECTED))
    yield made
    outbox.close()


def names(lane: Lane) -> list[tuple[str, str]]:
    return [(fault.device, fault.name) for fault in lane.faults.all]


def told(lane: Lane) -> list[tuple[str, bool]]:
    import json

    events = [json.loads(row.body) for row in lane.outbox.pending(Stream.HEALTH, 0, 100)]
    return [(e["data"]["name"], e["data"]["raised"]) for e in events if "raised" in e["data"]]


def test_a_noisy_line_is_one_fault_until_it_has_been_calm(lane: Lane, time: Time) -> None:
    for _ in range(50):
        time.seconds += CALM / 10
        lane.notice(Trouble("reader", Garbled("rubbish")))
        lane.tick()
    assert told(lane) == [("Garbled", True)]
    time.seconds += CALM
    lane.tick()
    assert told(lane) == [("Garbled", True), ("Garbled", False)]


def test_a_device_that_is_away_is_not_calm(lane: Lane, time: Time) -> None:
    lane.notice(Trouble("reader", Garbled("rubbish")))
    lane.notice(Condition("reader", DeviceState.FAILED, Garbled("rubbish")))
    time.seconds += 10 * CALM
    lane.tick()
    assert names(lane) == [("reader", "Garbled")]
    lane.notice(Condition("reader", DeviceState.RECONNECTING, LinkLost("gone")))
    assert names(lane) == [("reader", "LinkLost")]
    lane.notice(Condition("reader", DeviceState.CONNECTED))
    assert names(lane) == []


def test_what_is_owed_is_written_when_the_disk_takes_it_again(lane: Lane, time: Time) -> None:
    ended = Ended(passage="p", outcome=Outcome.FAULT, seconds=1, stages_ms={})
    with patch.object(lane.outbox, "record", side_effect=DiskFull("no space")):
        lane.owe(Stream.DECISION, "passage.ended", ended, {"passage": ""})
        assert lane.disk_full
        assert names(lane) == [(OUTBOX, "DiskFull")]
    time.seconds += 5
    lane.tick()
    assert not lane.disk_full
    assert names(lane) == []
    assert len(lane.outbox.pending(Stream.DECISION, 0, 10)) == 1
    assert told(lane) == [("DiskFull", True), ("DiskFull", False)]


def test_an_outbox_that_is_nearly_full_is_a_fault_with_a_name(lane: Lane) -> None:
    ended = Ended(passage="p", outcome=Outcome.FAULT, seconds=1, stages_ms={})
    lane.owe(Stream.DECISION, "passage.ended", ended)
    with patch.object(lane.outbox, "quota", 1):
        lane.tick()
        assert lane.disk_full
        assert names(lane) == [(OUTBOX, "OutboxNearlyFull")]
    lane.tick()
    assert names(lane) == []


def test_a_controller_that_stands_still(lane: Lane, time: Time) -> None:
    watch = ControllerWatch("gate", lane, time)
    assert watch.alive(7)
    time.seconds += 0.9
    assert watch.alive(7)
    time.seconds += 0.2
    assert not watch.alive(7)
    assert names(lane) == [("gate", "ControllerStopped")]
    assert watch.alive(8)
    assert names(lane) == []


def job(_: Any) -> None:
    """Do nothing."""


def test_a_job_that_nobody_wants_any_more_does_not_end_the_thread() -> None:
    """A cancelled job was waiting when the device went away: the device must come back."""
    conditions: list[Any] = []
    worker: Worker[Any] = Worker("thing", object, conditions.append)
    worker._away = None
    kept, dropped = worker.ask(job), worker.ask(job)
    dropped.cancel()
    worker._gone(LinkLost("gone"), DeviceState.RECONNECTING)
    assert isinstance(kept.exception(0), LinkLost)
    assert dropped.cancelled()
    assert isinstance(worker.ask(job).exception(0), LinkLost)
    worker._well()
    assert worker._jobs.empty(), "no old command waits for the device to come back"


def test_jobs_without_end_do_not_keep_a_device_from_being_looked_at() -> None:
    seen: queue.SimpleQueue[Any] = queue.SimpleQueue()

    class Thing:
        def close(self) -> None:
            """Nothing to let go of."""

    def post(happening: Any) -> None:
        if isinstance(happening, Seen):
            seen.put(happening)

    worker: Worker[Thing] = Worker("thing", Thing, post, poll=lambda _: "here", every=0.001)

    def again(_: Thing) -> None:
        worker.ask(again)  # there is always a job waiting

    worker.start()
    try:
        assert seen.get(timeout=30).value == "here"
        worker.ask(again)
        for _ in range(10):
            assert seen.get(timeout=30).value == "here"
    finally:
        worker.stop()
