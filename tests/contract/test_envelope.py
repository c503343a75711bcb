import json

from contract import envelope
from contract.topics import Stream


def test_canonical_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert envelope.canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()


def test_an_event_hash_is_the_sha256_of_the_canonical_bytes() -> None:
    # printf '{"a":1}' | sha256sum
    expected = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert envelope.event_hash(envelope.canonical({"a": 1})) == expected


def test_a_batch_is_put_together_without_touching_its_events() -> None:
    event = envelope.canonical({"seq": 1, "data": {"x": "y"}})
    body = envelope.batch_bytes("doh", "egate-07", "e1", Stream.AUDIT, [event, event])
    assert body.count(event) == 2
    assert json.loads(body)["unit"] == "egate-07"
    assert [e["seq"] for e in json.loads(body)["events"]] == [1, 1]
