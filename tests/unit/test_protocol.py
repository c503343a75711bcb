import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ingest import rules
from central.ingest.rules import Key, Mark
from contract import passage
from contract.envelope import Ack, Batch, canonical
from contract.signing import Purpose, only, seal, unseal
from contract.topics import Stream
from edge.uplink.outbox import Outbox
from edge.uplink.protocol import WINDOW, AckRefused, Publication, Sender
from tests.simulation.bad_luck import (
    CENTRAL_KEY,
    HERE,
    LANE_KEY,
    THIEF_KEY,
    UNSYNCED,
    Clock,
    memory_folder,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        yield path


@pytest.fixture
def outbox(folder: Path) -> Iterator[Outbox]:
    box = Outbox(folder / "o.db", HERE, Clock(), clock_quality=lambda: UNSYNCED)
    yield box
    box.close()


@pytest.fixture
def sender(outbox: Outbox) -> Sender:
    made = Sender(HERE, outbox, LANE_KEY, CENTRAL_KEY.public_key(), jitter=lambda: 0.0)
    made.connected()
    return made


def fill(box: Outbox, count: int, stream: Stream = Stream.DECISION) -> None:
    with box.transaction() as db:
        for number in range(count):
            box.append(db, stream, "passage.started", passage.Started(passage=f"p{number}"))


def ack(box: Outbox, upto: int, credit: int = 400, expect: int | None = None) -> bytes:
    message = Ack(
        unit=HERE.unit, stream=Stream.DECISION, epoch=box.epoch, upto=upto, credit=credit,
        expect=expect,
    )  # fmt: skip
    return seal(Purpose.ACK, canonical(message.model_dump(mode="json")), CENTRAL_KEY)


def seqs(publications: list[Publication]) -> list[int]:
    bodies = [unseal(Purpose.EVENTS, p.payload, only(LANE_KEY.public_key())) for p in publications]
    return [event["seq"] for body in bodies for event in json.loads(body)["events"]]


def test_nothing_is_sent_before_there_is_a_connection(outbox: Outbox) -> None:
    fill(outbox, 1)
    sender = Sender(HERE, outbox, LANE_KEY, CENTRAL_KEY.public_key())
    assert sender.poll(0.0) == []
    assert sender.due() is None
    sender.connected()
    assert seqs(sender.poll(0.0)) == [1]
    sender.disconnected()
    assert sender.poll(100.0) == []


def test_batches_are_sealed_in_order_at_most_fifty_on_the_units_topic(
    outbox: Outbox, sender: Sender
) -> None:
    fill(outbox, 120)
    sent = sender.poll(0.0)
    topic = rules.Events(site=HERE.site, unit=HERE.unit, stream=Stream.DECISION)
    assert {p.topic for p in sent} == {str(topic)}
    batches = [
        Batch.model_validate_json(unseal(Purpose.EVENTS, p.payload, only(LANE_KEY.public_key())))
        for p in sent
    ]
    assert [len(batch.events) for batch in batches] == [50, 50, 20]
    assert seqs(sent) == list(range(1, 121))


def test_the_window_holds_and_all_windows_fit_a_brokers_queue(
    outbox: Outbox, sender: Sender
) -> None:
    fill(outbox, 400)
    assert len(seqs(sender.poll(0.0))) == WINDOW[Stream.DECISION] == 300
    assert sum(WINDOW.values()) == 500  # the contract allows 300 to 500
    sender.on_ack(Stream.DECISION, ack(outbox, 50), 0.1)
    assert seqs(sender.poll(0.1)) == list(range(301, 351))


def test_only_an_acknowledgement_deletes(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 10)
    sender.poll(0.0)
    assert outbox.depth == 10
    sender.on_ack(Stream.DECISION, ack(outbox, 7), 0.1)
    assert outbox.depth == 3
    sender.on_ack(Stream.DECISION, ack(outbox, 3), 0.2)
    assert outbox.depth == 3


def test_it_is_sent_again_after_1_2_4_8_8_seconds(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 3)
    now, waits = 0.0, []
    assert seqs(sender.poll(now)) == [1, 2, 3]
    for _ in range(5):
        due = sender.due()
        assert due is not None
        assert sender.poll(due - 0.01) == []
        assert seqs(sender.poll(due)) == [1, 2, 3]
        waits.append(due - now)
        now = due
    assert waits == [1, 2, 4, 8, 8]
    sender.on_ack(Stream.DECISION, ack(outbox, 1), now)
    assert sender.due() == now + 1


def test_credit_narrows_the_window_but_cannot_stall_it(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 400)
    sender.poll(0.0)
    sender.on_ack(Stream.DECISION, ack(outbox, 300, credit=0), 0.1)
    assert sender.poll(0.1) == []
    due = sender.due()
    assert due is not None
    assert seqs(sender.poll(due)) == [301]
    sender.on_ack(Stream.DECISION, ack(outbox, 301, credit=5), due)
    assert seqs(sender.poll(due)) == [302, 303, 304, 305, 306]


def test_a_hole_is_followed_at_once_but_not_again_and_again(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 60)
    sender.poll(0.0)
    sender.on_ack(Stream.DECISION, ack(outbox, 10, expect=11), 0.1)
    assert seqs(sender.poll(0.1))[:1] == [11]
    sender.on_ack(Stream.DECISION, ack(outbox, 10, expect=11), 0.2)
    assert sender.poll(0.2) == []


def test_a_new_connection_starts_from_what_is_acknowledged(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 5)
    sender.poll(0.0)
    sender.on_ack(Stream.DECISION, ack(outbox, 2), 0.0)
    sender.disconnected()
    sender.connected()
    assert seqs(sender.poll(0.0)) == [3, 4, 5]


def test_more_than_was_ever_written_begins_a_new_epoch(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 3)
    old = outbox.epoch
    sender.poll(0.0)
    sender.on_ack(Stream.DECISION, ack(outbox, 9), 0.1)
    assert outbox.epoch != old
    sent = sender.poll(0.1)
    assert seqs(sent) == [1, 2, 3, 1]  # the decisions, and the audit event that tells of it
    assert outbox.epoch.encode() in sent[0].payload


def others(box: Outbox) -> dict[str, bytes]:
    believed = {"unit": HERE.unit, "stream": "decision", "epoch": box.epoch, "upto": 1, "credit": 1}
    by_central = {
        name: seal(Purpose.ACK, canonical({**believed, **change}), CENTRAL_KEY)
        for name, change in {
            "another unit": {"unit": "egate-08"},
            "another stream": {"stream": "audit"},
            "another epoch": {"epoch": "e0"},
            "no number": {"upto": "x"},
        }.items()
    }
    return by_central | {
        "a thief's seal": seal(Purpose.ACK, canonical(believed), THIEF_KEY),
        "a seal for another purpose": seal(Purpose.COMMAND, canonical(believed), CENTRAL_KEY),
        "no seal": canonical(believed),
    }


NAMES = ["another unit", "another stream", "another epoch", "no number", "a thief's seal",
         "a seal for another purpose", "no seal"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_acknowledgement_that_is_not_ours_changes_nothing(
    name: str, outbox: Outbox, sender: Sender
) -> None:
    fill(outbox, 2)
    sender.poll(0.0)
    with pytest.raises(AckRefused):
        sender.on_ack(Stream.DECISION, others(outbox)[name], 0.1)
    assert outbox.depth == 2


def test_every_stream_gets_its_share(outbox: Outbox, sender: Sender) -> None:
    for stream in Stream:
        fill(outbox, 300, stream)
    sent = sender.poll(0.0)
    streams = {stream: sum(f"/{stream}" in p.topic for p in sent) for stream in Stream}
    assert streams == {"decision": 6, "audit": 2, "health": 1, "telemetry": 1}


@given(st.binary(max_size=200))
def test_no_bytes_can_break_it(noise: bytes) -> None:
    with memory_folder() as path:
        box = Outbox(path / "o.db", HERE, Clock(), clock_quality=lambda: UNSYNCED)
        sender = Sender(HERE, box, LANE_KEY, CENTRAL_KEY.public_key())
        with pytest.raises(AckRefused):
            sender.on_ack(Stream.AUDIT, noise, 0.0)
        with pytest.raises(AckRefused):
            sender.on_ack(Stream.AUDIT, seal(Purpose.ACK, noise, CENTRAL_KEY), 0.0)
        box.close()


def test_both_ends_agree_on_the_words(outbox: Outbox, sender: Sender) -> None:
    fill(outbox, 4)
    (publication,) = sender.poll(0.0)
    topic = rules.Events(site=HERE.site, unit=HERE.unit, stream=Stream.DECISION)
    assert publication.topic == str(topic)
    got = rules.open_batch(topic, publication.payload, lambda _: [LANE_KEY.public_key()])
    mark, steps = rules.advance(Mark(), got.events)
    assert [step.fault for step in steps] == [None] * 4
    answer = rules.answer(Key(HERE.unit, outbox.epoch, Stream.DECISION), mark)
    where, payload = rules.sealed_answer(answer, CENTRAL_KEY)
    assert where == f"bc/v1/ack/{HERE.unit}/decision"
    sender.on_ack(Stream.DECISION, payload, 0.1)
    assert outbox.depth == 0
