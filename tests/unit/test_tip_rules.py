"""What becomes of a projection, its sealed record, and the figures of operators."""

import hashlib
import math
import random
from dataclasses import replace
from itertools import product
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.xray.tip import detection
from models.xray.tip.detection import Answers, TooFew, figures, wilson
from models.xray.tip.record import Record, SealBroken, dump, opened, seal
from models.xray.tip.rules import (
    DEADLINES,
    IGNORED,
    START,
    STEPS,
    Effect,
    Event,
    Phase,
    admissible,
    after,
)

NONCE = bytes(range(16))
RECORD = Record("p-1", "item-7", "pistol-3", "pistol", "ab" * 32, 10, 20, 88, 167, 3, True, 41,
                1000.0, 3100.0, ("cd" * 32, "ef" * 32))  # fmt: skip


# Rules.
def test_every_pair_is_listed_or_ignored_and_none_is_both():
    pairs = set(product(Phase, Event))
    assert set(STEPS) | IGNORED == pairs
    assert not set(STEPS) & IGNORED


def test_no_effect_reaches_a_lane():
    """The whole vocabulary: whoever adds to it must come here and say why."""
    assert {e.value for e in Effect} == {
        "count_hit", "count_miss", "tell_operator", "reveal", "withdraw"
    }  # fmt: skip
    done = [effect for _, effects in STEPS.values() for effect in effects]
    assert set(done) == set(Effect)


def test_a_projection_resolves_by_itself_from_every_phase_it_can_reach():
    reached, todo = {START}, [START]
    while todo:
        phase = todo.pop()
        for event in Event:
            following, _ = after(phase, event)
            if following not in reached:
                reached.add(following)
                todo.append(following)
    assert reached == set(Phase)
    for phase in reached - {Phase.CLOSED}:
        assert DEADLINES[phase] > 0
        assert after(phase, Event.LATE)[0] is Phase.CLOSED
    assert set(DEADLINES) == set(Phase) - {Phase.CLOSED}


@given(st.lists(st.sampled_from(Event)))
def test_it_is_revealed_once_and_counted_at_most_once_whatever_happens(events):
    phase, done = START, []
    for event in [*events, Event.LATE]:
        phase, effects = after(phase, event)
        done += effects
    assert phase is Phase.CLOSED
    assert done.count(Effect.REVEAL) == 1
    assert done.count(Effect.COUNT_HIT) + done.count(Effect.COUNT_MISS) <= 1
    if not {Event.SAID_CLEAR, Event.SAID_THREAT} & set(events):
        assert not {Effect.COUNT_HIT, Effect.COUNT_MISS} & set(done)


def test_only_an_item_found_clear_released_and_gone_is_admissible():
    for finding, disposition, in_lane in product(
        ("clear", "suspect", "unreadable"), ("release", "hold", "divert"), (True, False)
    ):
        expected = (finding, disposition, in_lane) == ("clear", "release", False)
        assert admissible(finding, disposition, in_lane) is expected


# The record.
def test_a_sealed_record_opens_with_its_nonce_and_no_other():
    sealed = seal(RECORD, NONCE)
    assert opened(dump(RECORD), NONCE, sealed) == RECORD
    with pytest.raises(SealBroken):
        opened(dump(RECORD), bytes(16), sealed)
    with pytest.raises(ValueError, match="guessed"):
        seal(RECORD, b"short")


def test_the_seal_is_sha256_of_nonce_and_canonical_json():
    content = (
        '{"column":20,"height":88,"item":"item-7","kind":"pistol","library":"' + "ab" * 32 + '",'
        '"made_at":1000.0,"mirror":true,"pictures":["' + "cd" * 32 + '","' + "ef" * 32 + '"],'
        '"projection":"p-1","reveal_by":3100.0,"row":10,"seed":41,"threat":"pistol-3","turns":3,'
        '"version":1,"width":167}'
    ).encode()
    assert dump(RECORD) == content
    assert seal(RECORD, NONCE) == hashlib.sha256(NONCE + content).hexdigest()


@pytest.mark.parametrize(
    "change", [{"threat": "knife-1"}, {"row": 11}, {"item": "item-8"}, {"mirror": False}]
)
def test_another_record_does_not_fit_the_seal(change):
    with pytest.raises(SealBroken):
        opened(dump(replace(RECORD, **change)), NONCE, seal(RECORD, NONCE))


def test_a_record_cut_anywhere_or_written_otherwise_is_refused():
    content, sealed = dump(RECORD), seal(RECORD, NONCE)
    for length in range(len(content)):
        with pytest.raises(SealBroken):
            opened(content[:length], NONCE, sealed)
    for other in (content + b" ", content.replace(b'"version":1', b'"version":2'), b"[]", b"null"):
        with pytest.raises(SealBroken):
            opened(other, NONCE, sealed)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_by_name(content):
    with pytest.raises(SealBroken):
        opened(content, NONCE, "00" * 32)


# Figures.
def test_wilsons_interval_is_the_published_one():
    # Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29.
    for count, of, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):  # fmt: skip
        found = wilson(count, of)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
        assert found.value == count / of


def test_d_prime_is_the_textbooks():
    # Macmillan and Creelman: H = .8, F = .4 give z .842 and −.253, d′ 1.095.
    found = detection.d_prime(Answers(80_000, 100_000, 40_000, 100_000))
    assert found.value == pytest.approx(1.095, abs=1e-3)
    # Gourevitch and Galanter by hand: p(1−p)/(n φ²) = .16/(100 · .0784) and .24/(100 · .1493).
    small = detection.d_a(Answers(80, 100, 40, 100), slope=1.0)
    variance = 0.16 / (100 * 0.2800**2) + 0.24 / (100 * 0.3863**2)
    assert small.high - small.value == pytest.approx(1.96 * math.sqrt(variance), rel=0.02)


def test_half_an_answer_is_added_so_that_perfection_is_finite():
    # Hautus 1995: (50 + .5)/51 and .5/51: z ±2.3341.
    found = detection.d_prime(Answers(50, 50, 0, 50))
    assert found.value == pytest.approx(2 * NormalDist().inv_cdf(50.5 / 51))
    assert found.low < found.value < found.high < 10


def test_d_a_is_d_prime_at_slope_one_and_follows_its_formula_else():
    answers = Answers(60, 80, 10, 90)
    assert detection.d_a(answers, slope=1.0) == detection.d_prime(answers)
    z = NormalDist().inv_cdf
    expected = math.sqrt(2 / 1.36) * (z(60.5 / 81) - 0.6 * z(10.5 / 91))
    assert detection.d_a(answers, slope=0.6).value == pytest.approx(expected)
    with pytest.raises(ValueError, match="slope"):
        detection.d_a(answers, slope=0)


@pytest.mark.parametrize(("hit", "alarm"), [(0.8, 0.1), (0.95, 0.05), (0.6, 0.3)])
def test_intervals_hold_the_truth_as_often_as_they_say(hit, alarm):
    rng, z = random.Random(7), NormalDist().inv_cdf
    truth = z(hit) - z(alarm)
    truth_a = math.sqrt(2 / 1.36) * (z(hit) - 0.6 * z(alarm))
    held, held_a, runs = 0, 0, 600
    for _ in range(runs):
        hits = sum(rng.random() < hit for _ in range(60))
        alarms = sum(rng.random() < alarm for _ in range(200))
        found = figures(Answers(hits, 60, alarms, 200))
        held += found.d_prime.low <= truth <= found.d_prime.high
        held_a += found.d_a.low <= truth_a <= found.d_a.high
    assert 0.92 <= held / runs <= 0.985
    assert 0.92 <= held_a / runs <= 0.985


def test_nothing_is_said_of_a_person_below_thirty():
    assert figures(Answers(20, 30, 3, 30)).hit_rate.value == pytest.approx(2 / 3)
    for answers in (Answers(20, 29, 3, 300), Answers(20, 300, 3, 29), Answers(0, 0, 0, 0)):
        with pytest.raises(TooFew, match="30"):
            figures(answers)


@pytest.mark.parametrize("wrong", [(5, 4, 0, 9), (-1, 4, 0, 9), (0, 4, 10, 9)])
def test_impossible_answers_are_refused(wrong):
    with pytest.raises(ValueError, match="answers"):
        Answers(*wrong)


@given(st.integers(30, 400), st.integers(30, 400), st.data())
def test_figures_are_finite_ordered_and_rise_with_hits(threats, harmless, data):
    hits, alarms = data.draw(st.integers(0, threats - 1)), data.draw(st.integers(0, harmless))
    found, better = (figures(Answers(h, threats, alarms, harmless)) for h in (hits, hits + 1))
    for name in ("hit_rate", "false_alarm_rate", "d_prime", "d_a"):
        interval = getattr(found, name)
        assert interval.low <= interval.value <= interval.high
        assert math.isfinite(interval.high - interval.low)
    assert better.d_prime.value > found.d_prime.value
    assert better.d_a.value > found.d_a.value
