import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import health, passage
from contract.envelope import FIRST_PREVIOUS, Event, canonical, event_hash
from contract.names import Address
from contract.schema import dataschema
from contract.topics import Stream
from edge.uplink.clock_quality import system_clock
from edge.uplink.errors import DiskFailed, DiskFull, OutboxError, OutboxFull
from edge.uplink.outbox import Outbox
from tests.simulation.bad_luck import HERE, UNSYNCED, Clock, FragileDisk, Luck, memory_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        yield path


@pytest.fixture
def outbox(folder: Path) -> Iterator[Outbox]:
    box = make(folder)
    yield box
    box.close()


def make(folder: Path, quota: int = 1000) -> Outbox:
    return Outbox(folder / "o.db", HERE, Clock(), quota, "boot-1", clock_quality=lambda: UNSYNCED)


def started(name: str = "p1") -> passage.Started:
    return passage.Started(passage=name)


def fill(box: Outbox, count: int, stream: Stream = Stream.DECISION) -> None:
    for number in range(count):
        box.record(stream, "passage.started", started(f"p{number}"))


def events(box: Outbox, stream: Stream = Stream.DECISION) -> list[dict[str, object]]:
    return [json.loads(row.body) for row in box.pending(stream, 0, 10_000)]


def test_an_event_is_a_cloud_event_with_its_number_and_its_link(outbox: Outbox) -> None:
    assert outbox.record(Stream.DECISION, "passage.started", started()) == 1
    assert outbox.record(Stream.DECISION, "passage.started", started("p2")) == 2
    first, second = outbox.pending(Stream.DECISION, 0, 10)
    event = Event.model_validate_json(first.body)
    assert (event.specversion, event.source, event.type) == (
        "1.0",
        "/doh/egate-07",
        "passage.started",
    )
    assert (event.seq, event.prev_hash, event.epoch) == (1, FIRST_PREVIOUS, outbox.epoch)
    assert (event.dataschema, event.data) == (dataschema("passage.started"), {"passage": "p1"})
    assert (event.boot_id, event.mono_ns) == ("boot-1", 1_000_000_000_000)
    assert first.body == canonical(json.loads(first.body))
    assert Event.model_validate_json(second.body).prev_hash == event_hash(first.body)


def test_numbers_and_state_survive_a_restart(folder: Path) -> None:
    box = make(folder)
    epoch = box.epoch
    box.record(Stream.AUDIT, "passage.started", started(), state={"phase": "idle", "open": "p1"})
    box.close()
    box = make(folder)
    assert box.epoch == epoch
    assert box.state() == {"phase": "idle", "open": "p1"}
    assert box.record(Stream.AUDIT, "passage.started", started(), delete_state=["open"]) == 2
    assert box.state() == {"phase": "idle"}
    box.close()


def test_each_stream_counts_for_itself_and_acknowledgement_deletes(outbox: Outbox) -> None:
    fill(outbox, 3)
    fill(outbox, 2, Stream.AUDIT)
    outbox.acknowledged(Stream.DECISION, outbox.epoch, 2)
    assert [row.seq for row in outbox.pending(Stream.DECISION, 0, 10)] == [3]
    assert (outbox.position(Stream.DECISION), outbox.depth) == ((3, 2), 3)
    outbox.acknowledged(Stream.DECISION, "another-epoch", 3)
    outbox.acknowledged(Stream.DECISION, outbox.epoch, 1)
    assert outbox.position(Stream.DECISION).acked == 2


def test_wrong_data_is_refused_and_changes_nothing(outbox: Outbox) -> None:
    ended = passage.Ended(
        passage="p1", outcome=passage.Outcome.CROSSED, seconds=1, stages_ms={"x": float("nan")}
    )
    with pytest.raises(ValueError, match="Started, not Ended"):
        outbox.record(Stream.DECISION, "passage.started", ended, state={"a": "b"})
    with pytest.raises(ValueError, match="JSON"):
        outbox.record(Stream.DECISION, "passage.ended", ended, state={"a": "b"})
    assert (outbox.state(), outbox.depth) == ({}, 0)


def test_at_95_percent_the_lane_stops_accepting_and_at_100_nothing_is_recorded(
    folder: Path,
) -> None:
    box = make(folder, quota=100)
    fill(box, 94)
    assert box.accepting
    fill(box, 1)
    assert not box.accepting
    fill(box, 5)
    assert box.fill == 1.0
    with pytest.raises(OutboxFull, match="connect"):
        box.record(Stream.DECISION, "passage.started", started(), state={"phase": "x"})
    assert (box.depth, box.state()) == (100, {})
    box.acknowledged(Stream.DECISION, box.epoch, 50)
    assert box.accepting
    box.close()


def test_telemetry_is_dropped_first_and_the_number_is_told(folder: Path) -> None:
    box = make(folder, quota=100)
    fill(box, 80)
    report = health.Report(
        service=health.Service.IN_SERVICE, phase="idle", devices=[], faults=[],
        outbox_events=0, outbox_fill=0,
    )  # fmt: skip
    assert box.record(Stream.TELEMETRY, "health.report", report) == 0
    assert box.record(Stream.TELEMETRY, "health.report", report) == 0
    assert box.record(Stream.HEALTH, "health.report", report) == 1
    assert box.record(Stream.DECISION, "passage.started", started()) == 81
    box.acknowledged(Stream.DECISION, box.epoch, 40)
    (told,) = events(box, Stream.TELEMETRY)
    fault = health.Fault.model_validate(told["data"])
    assert (fault.name, fault.raised) == ("EventsDropped", False)
    assert fault.detail.startswith("2 telemetry events were dropped")
    assert box.record(Stream.TELEMETRY, "health.report", report) == 2
    box.close()


def test_a_restored_disk_begins_a_new_epoch_and_loses_nothing(outbox: Outbox) -> None:
    fill(outbox, 5)
    outbox.acknowledged(Stream.DECISION, outbox.epoch, 2)
    old = outbox.epoch
    outbox.begin_anew()
    assert outbox.epoch != old
    moved = [Event.model_validate(event) for event in events(outbox)]
    assert [event.seq for event in moved] == [1, 2, 3]
    assert [event.data["passage"] for event in moved] == ["p2", "p3", "p4"]
    assert {event.epoch for event in moved} == {outbox.epoch}
    rows = outbox.pending(Stream.DECISION, 0, 10)
    assert moved[0].prev_hash == FIRST_PREVIOUS
    assert moved[1].prev_hash == event_hash(rows[0].body)
    assert outbox.position(Stream.DECISION) == (3, 0)
    (told,) = events(outbox, Stream.AUDIT)
    assert told["data"]["name"] == "DiskRestored"  # type: ignore[index]


def test_the_file_is_one_units_and_one_process_s(folder: Path) -> None:
    box = make(folder)
    with pytest.raises(OutboxError, match="another process"):
        make(folder)
    box.close()
    with pytest.raises(ValueError, match="belongs to doh/egate-07"):
        Outbox(folder / "o.db", Address(site="doh", unit="egate-08"), Clock())
    assert (folder / "o.db").stat().st_mode & 0o077 == 0
    make(folder).close()


def test_a_file_that_is_no_database_is_named(folder: Path) -> None:
    (folder / "o.db").write_bytes(os.urandom(8192))
    with pytest.raises(DiskFailed, match="check the disk"):
        make(folder)


@pytest.mark.parametrize("statement", range(8))
def test_a_disk_that_fails_at_any_statement_changes_nothing(folder: Path, statement: int) -> None:
    luck = Luck()

    def connect(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=FragileDisk
        )
        db.luck = luck
        return db

    box = Outbox(folder / "o.db", HERE, Clock(), connect=connect)
    luck.armed, luck.bad_disk = True, statement
    with pytest.raises(DiskFailed):
        box.record(Stream.DECISION, "passage.started", started(), state={"phase": "x"})
    assert (box.depth, box.state()) == (0, {})
    assert box.record(Stream.DECISION, "passage.started", started()) == 1
    box.close()


def test_a_full_disk_is_named(folder: Path) -> None:
    def small(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA max_page_count=20")
        return db

    box = Outbox(folder / "o.db", HERE, Clock(), connect=small)
    with pytest.raises(DiskFull, match="make room"):
        fill(box, 1000)
    depth = box.depth
    assert len(events(box)) == depth > 10
    box.acknowledged(Stream.DECISION, box.epoch, depth)
    assert box.record(Stream.DECISION, "passage.started", started()) == depth + 1
    box.close()


def test_threads_share_it(outbox: Outbox) -> None:
    threads = [threading.Thread(target=fill, args=(outbox, 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [event["seq"] for event in events(outbox)] == list(range(1, 201))


def test_listeners_hear_of_a_commit_and_not_of_a_failure(outbox: Outbox) -> None:
    heard: list[int] = []
    outbox.subscribe(lambda: heard.append(outbox.depth))
    fill(outbox, 1)
    with pytest.raises(ValueError, match="Started"):
        outbox.record(Stream.DECISION, "passage.started", passage.OfficerDecision)  # type: ignore[arg-type]
    assert heard == [1]


def test_the_kernel_is_asked_about_its_clock() -> None:
    clock = system_clock()
    assert clock.source == "system"
    assert clock.synced == (clock.error_ms is not None)
