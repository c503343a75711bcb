import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ingest import rules
from central.ingest.alarms import Bounded
from central.ingest.rules import Arrived, Mark, Refused
from contract.command import Challenge
from contract.envelope import canonical
from contract.names import Address
from contract.presence import Kind, Presence
from contract.signing import Purpose, seal
from contract.topics import Events, Stream
from tests.simulation.bad_luck import CENTRAL_KEY, HERE, LANE_KEY, THIEF_KEY, Clock
from tests.simulation.batches import Chain, raw_json

OTHER = Address(site="doh", unit="egate-08")


def keys_of(unit: str) -> list[Any]:
    return {HERE.unit: [LANE_KEY.public_key()], OTHER.unit: [THIEF_KEY.public_key()]}.get(unit, [])


def opened(chain: Chain, events: list[dict[str, Any]]) -> tuple[Arrived, ...]:
    return rules.open_batch(chain.topic, chain.batch(events, LANE_KEY), keys_of).events


def test_a_batch_made_elsewhere_is_understood() -> None:
    chain = Chain(HERE)
    first, second = opened(chain, chain.events(2))
    assert (first.seq, first.prev_hash, first.fault) == (1, "0" * 64, None)
    assert second.prev_hash == first.hash
    assert second.hash == chain.last_hash


def test_unknown_fields_are_tolerated_and_hashed() -> None:
    chain = Chain(HERE)
    (arrived,) = opened(chain, [chain.event(traceparent="00-ab", data={"passage": "p", "new": 1})])
    assert arrived.hash == chain.last_hash
    assert rules.advance(Mark(), [arrived])[1][0].fault is None


def bad_batches() -> dict[str, tuple[Events, bytes]]:
    chain = Chain(HERE)
    events = chain.events(2)
    topic, good = chain.topic, chain.batch(events, LANE_KEY)
    elsewhere = Events(site=OTHER.site, unit=OTHER.unit, stream=Stream.DECISION)
    audit = Events(site=HERE.site, unit=HERE.unit, stream=Stream.AUDIT)
    nobody = Events(site=HERE.site, unit="egate-99", stream=Stream.DECISION)
    return {
        "thief's seal": (topic, chain.batch(events, THIEF_KEY)),
        "seal for another purpose": (topic, seal(Purpose.ACK, chain.body(events), LANE_KEY)),
        "flipped bit": (topic, good[:-9] + bytes([good[-9] ^ 1]) + good[-8:]),
        "cut": (topic, good[:-1]),
        "on another unit's topic": (elsewhere, good),
        "as another unit": (elsewhere, chain.batch(events, THIEF_KEY)),
        "on another stream's topic": (audit, good),
        "of a unit that is not enrolled": (nobody, good),
        "not consecutive": (topic, chain.batch([events[1], events[0]], LANE_KEY)),
        "empty": (topic, chain.batch([], LANE_KEY)),
        "51 events": (topic, chain.batch(Chain(HERE).events(51), LANE_KEY)),
        "no seq": (topic, chain.batch([{**events[0], "seq": None}], LANE_KEY)),
        "seq true": (topic, chain.batch([{**events[0], "seq": True}], LANE_KEY)),
        "seq 2^63": (topic, chain.batch([{**events[0], "seq": 2**63}], LANE_KEY)),
        "NaN": (topic, chain.batch([{**events[0], "data": float("nan")}], LANE_KEY)),
        "not JSON": (topic, seal(Purpose.EVENTS, b"{", LANE_KEY)),
        "deep": (topic, seal(Purpose.EVENTS, b'{"a":' * 100_000, LANE_KEY)),
        "huge": (topic, seal(Purpose.EVENTS, b" " * (rules.MESSAGE_LIMIT + 1), LANE_KEY)),
    }


@pytest.mark.parametrize("name", bad_batches())
def test_what_must_not_be_believed_is_refused_with_a_reason(name: str) -> None:
    topic, message = bad_batches()[name]
    with pytest.raises(Refused, match=r".+"):
        rules.open_batch(topic, message, keys_of)


@given(st.binary(max_size=300))
def test_no_bytes_can_break_it(noise: bytes) -> None:
    topic = Chain(HERE).topic
    for message in (noise, seal(Purpose.EVENTS, noise, LANE_KEY)):
        with pytest.raises(Refused):
            rules.open_batch(topic, message, keys_of)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(Chain(HERE).event())), JSON, max_size=3))
@settings(max_examples=200)
def test_any_field_may_be_anything(changes: dict[str, Any]) -> None:
    chain = Chain(HERE)
    batch = chain.batch([{**chain.event(), **changes}], LANE_KEY)
    try:
        (arrived,) = rules.open_batch(chain.topic, batch, keys_of).events
    except Refused:
        return
    rules.advance(Mark(), [arrived])  # whatever it is, it is judged


FAULTS = {
    "data that is not its type's": ({"data": {"passage": 7}}, "data: passage"),
    "a name that is not allowed": ({"type": "Passage"}, "envelope: type"),
    "no zone": ({"time": "2026-01-01T00:00:00"}, "time without a zone"),
    "no such moment": ({"time": "0001-01-01T00:00:00+14:00"}, "envelope"),
    "another's event": ({"source": "/doh/egate-08"}, "in another's batch"),
    "another epoch": ({"epoch": "e9"}, "in another's batch"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_read_is_kept_and_the_stream_goes_on(name: str) -> None:
    changes, words = FAULTS[name]
    chain = Chain(HERE)
    events = [chain.event(), chain.event(**changes), chain.event()]
    mark, steps = rules.advance(Mark(), opened(chain, events))
    assert mark.upto == 3
    assert [step.fault is None for step in steps] == [True, False, True]
    assert words in str(steps[1].fault)


def test_a_type_nobody_knows_is_stored_and_not_projected() -> None:
    chain = Chain(HERE)
    (arrived,) = opened(chain, [chain.event("drone.landed", {"x": 1})])
    (step,) = rules.advance(Mark(), [arrived])[1]
    assert step.fault is None
    assert arrived.event is not None
    assert not rules.is_known(arrived.event)


def test_a_gap_is_stored_not_applied_and_asked_for() -> None:
    chain = Chain(HERE)
    one, two, three = opened(chain, chain.events(3))
    mark, steps = rules.advance(Mark(), [one, three])
    assert ([step.arrived.seq for step in steps], mark.upto, mark.highest) == ([1], 1, 3)
    key = rules.Key(HERE.unit, "e1", Stream.DECISION)
    assert rules.answer(key, mark).expect == 2
    mark, steps = rules.advance(mark, [two, three])
    assert ([step.arrived.seq for step in steps], mark.upto) == ([2, 3], 3)
    assert rules.answer(key, mark).expect is None


def test_too_far_beyond_the_gap_is_not_even_stored() -> None:
    far = Arrived(rules.GAP_LIMIT + 1, "h", "p", b"", "t", None, None)
    near = Arrived(rules.GAP_LIMIT, "h", "p", b"", "t", None, None)
    assert rules.weigh(Mark(), {}, [near, far]).fresh == (near,)


def test_a_copy_is_nothing_and_a_clash_is_kept_apart() -> None:
    chain = Chain(HERE)
    one, two = opened(chain, chain.events(2))
    other = opened(Chain(HERE), [Chain(HERE).event(data={"passage": "x"})])[0]
    weighed = rules.weigh(Mark(), {1: one.hash}, [one, two, two, other])
    assert (weighed.fresh, weighed.clashes) == ((two,), (other,))
    assert rules.weigh(Mark(upto=5), {}, [one]).fresh == ()  # deleted since, by retention


def test_flipped_dropped_swapped_and_cut_events_name_the_first_bad_seq() -> None:
    def judge(events: list[dict[str, Any]]) -> list[int]:
        arrived = [rules.read_event(event, "e1", "/doh/egate-07") for event in events]
        steps = rules.advance(Mark(), arrived)[1]
        return [step.arrived.seq for step in steps if "chain is broken" in str(step.fault)]

    whole = Chain(HERE).events(6)
    assert judge(whole) == []
    assert judge([*whole[:2], {**whole[2], "data": {"passage": "forged"}}, *whole[3:]]) == [4]
    dropped = [*whole[:2], *({**event, "seq": event["seq"] - 1} for event in whole[3:])]
    assert judge(dropped)[0] == 3
    swapped = [*whole[:2], {**whole[3], "seq": 3}, {**whole[2], "seq": 4}, *whole[4:]]
    assert judge(swapped)[0] == 3


def test_every_order_of_arrival_ends_in_the_same_place() -> None:
    chain = Chain(HERE)
    events = opened(chain, chain.events(8))
    for seed in range(50):
        rng, stored, mark, applied = random.Random(seed), {}, Mark(), []
        arrivals = [rng.choice(events) for _ in range(30)] + list(events)
        rng.shuffle(arrivals)
        for arrived in arrivals:
            known = {seq: event.hash for seq, event in stored.items()}
            fresh = rules.weigh(mark, known, [arrived]).fresh
            stored |= {event.seq: event for event in fresh}
            above = [stored[seq] for seq in sorted(stored) if seq > mark.upto]
            mark, steps = rules.advance(mark, above)
            applied += [step.arrived.seq for step in steps]
        assert applied == list(range(1, 9))


def test_presence_and_challenge_are_believed_from_their_own_unit_only() -> None:
    presence = Presence(
        address=HERE, kind=Kind.EGATE, session="s1", online=True, since=Clock().now(), software=""
    )
    challenge = Challenge(unit=HERE.unit, nonce="n1", boot_id="b1", state_version=0)
    bodies = {
        Purpose.PRESENCE: (rules.open_presence, presence),
        Purpose.CHALLENGE: (rules.open_challenge, challenge),
    }
    for purpose, (read, message) in bodies.items():
        body = canonical(message.model_dump(mode="json"))
        assert read(HERE.unit, seal(purpose, body, LANE_KEY), keys_of) == message
        for unit, sealed in (
            (HERE.unit, seal(purpose, body, THIEF_KEY)),
            (OTHER.unit, seal(purpose, body, THIEF_KEY)),  # its own seal, another's name
            (HERE.unit, seal(Purpose.EVENTS, body, LANE_KEY)),
            (HERE.unit, seal(purpose, b"{}", LANE_KEY)),
        ):
            with pytest.raises(Refused):
                read(unit, sealed, keys_of)
    gone = presence.model_copy(update={"online": False})
    assert rules.presence_counts(presence, gone)
    assert not rules.presence_counts(presence, gone.model_copy(update={"session": "s0"}))
    assert rules.presence_counts(None, gone)


def test_an_acknowledgement_is_sealed_by_central() -> None:
    key = rules.Key(HERE.unit, "e1", Stream.AUDIT)
    topic, payload = rules.sealed_answer(rules.answer(key, Mark(upto=7), 400), CENTRAL_KEY)
    assert topic == "bc/v1/ack/egate-07/audit"
    expected = {"unit": HERE.unit, "stream": "audit", "epoch": "e1", "upto": 7, "credit": 400,
                "expect": None}  # fmt: skip
    assert payload == seal(Purpose.ACK, raw_json(expected), CENTRAL_KEY)


def test_credit_falls_while_messages_wait_but_never_to_nothing() -> None:
    assert [rules.credit(waiting) for waiting in (0, 10, 1000)] == [400, 300, 50]


def test_alarms_are_bounded_for_each_topic_and_for_all() -> None:
    clock = Clock()
    bounded = Bounded(clock.monotonic)
    assert sum(bounded.admit("a", "no") is not None for _ in range(50)) == 10
    assert bounded.admit("b", "no") == "no"
    clock.seconds += 60
    assert bounded.admit("a", "no") == "no (and 40 more before)"
    assert sum(bounded.admit(f"t{n}", "no") is not None for n in range(5000)) < 100
