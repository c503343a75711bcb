"""Two recognisers, one verdict: calibration, overlap, and what may never happen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.xray.aggregate import ALARM, Report, aggregate, calibrated
from models.xray.segmenter import Region

shares = st.floats(0, 1)
boxes = st.builds(
    Region, st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50), shares,
    st.sampled_from(["knife", "razor"]),
)  # fmt: skip
reports = st.lists(
    st.builds(
        Report, st.sampled_from("abc"), st.floats(0.01, 0.99), shares,
        st.lists(boxes, max_size=5).map(tuple),
    ), min_size=1, max_size=4,
)  # fmt: skip


def test_a_threshold_is_one_half_and_order_stays():
    assert calibrated(0.95, 0.95) == pytest.approx(0.5)
    assert calibrated(0.2, 0.2) == pytest.approx(0.5)
    assert calibrated(0.9, 0.5) == pytest.approx(0.9)
    scores = [calibrated(score, 0.7) for score in (0.0, 0.1, 0.69, 0.71, 0.99, 1.0)]
    assert scores == sorted(scores)
    assert scores[2] < 0.5 < scores[3]


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_scores_outside_are_refused(bad):
    with pytest.raises(ValueError, match="must lie"):
        calibrated(bad, 0.5)
    with pytest.raises(ValueError, match="must lie"):
        calibrated(0.5, bad)


def test_no_report_is_no_clear():
    with pytest.raises(ValueError, match="failed analysis"):
        aggregate([])


def test_the_same_thing_is_told_once_with_both_names():
    ours = Report("ours", 0.9, 0.95, (Region(10, 10, 40, 20, 0.95, "knife"),))
    theirs = Report("theirs", 0.3, 0.4, (Region(12, 10, 40, 22, 0.4, "blade"),
                                         Region(90, 90, 9, 9, 0.2, "blade")))  # fmt: skip
    verdict = aggregate([ours, theirs])
    first, second = verdict.regions
    assert (first.x, first.w, first.kind, first.by) == (10, 40, "knife", ("ours", "theirs"))
    assert (second.x, second.by) == (90, ("theirs",))
    assert first.score == pytest.approx(calibrated(0.95, 0.9))
    assert verdict.alarm


def test_two_doubts_are_no_alarm():
    doubtful = [Report(name, 0.5, 0.45, ()) for name in ("a", "b", "c", "d")]
    verdict = aggregate(doubtful)
    assert verdict.score == pytest.approx(0.45)
    assert not verdict.alarm


@given(reports)
def test_it_alarms_exactly_when_one_of_them_does(given_reports):
    verdict = aggregate(given_reports)
    beyond = [calibrated(r.score, r.threshold) for r in given_reports]
    assert verdict.alarm == (max(beyond) >= ALARM)
    assert 0 <= verdict.score <= 1


@given(reports)
def test_no_region_is_lost_and_none_appears(given_reports):
    told = aggregate(given_reports).regions
    every = {(r.x, r.y, r.w, r.h) for report in given_reports for r in report.regions}
    assert {(r.x, r.y, r.w, r.h) for r in told} <= every
    assert bool(told) == bool(every)
    assert [r.score for r in told] == sorted((r.score for r in told), reverse=True)
    names = {report.name for report in given_reports if report.regions}
    assert {name for r in told for name in r.by} == names


@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter_to_the_score(given_reports, random):
    mixed = random.sample(given_reports, len(given_reports))
    assert aggregate(mixed).score == aggregate(given_reports).score
