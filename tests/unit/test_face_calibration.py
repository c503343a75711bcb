"""What a score stands for: the table, its limits, and the comparison that uses it."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.face.calibration import Calibration, CalibrationError, estimated
from models.face.comparison import compare


def table(pairs: int = 100_000) -> Calibration:
    rows = ((0.1, 0.1), (0.3, 0.01), (0.5, 0.001), (0.6, 0.0001))
    return Calibration(pairs=pairs, persons=500, material="m", limits="l", table=rows)


def test_a_threshold_is_where_the_rate_is_reached() -> None:
    assert table().threshold(0.001) == pytest.approx(0.5)
    assert table().fmr(0.5) == pytest.approx(0.001)
    assert table().fmr(0.05) == 1.0


@given(st.floats(1e-4, 0.1))
def test_the_threshold_for_a_rate_achieves_that_rate(rate: float) -> None:
    assert table().fmr(table().threshold(rate)) == pytest.approx(rate, rel=1e-6)


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_score_never_stands_for_a_higher_rate(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert table().fmr(high) <= table().fmr(low)


def test_no_rate_is_stated_that_the_pairs_cannot_show() -> None:
    few = table(pairs=1000)
    assert few.fmr(0.99) == pytest.approx(0.003)
    with pytest.raises(CalibrationError, match="1000 pairs of 500 persons"):
        few.threshold(0.001)


@pytest.mark.parametrize(
    "rows",
    [
        ((0.1, 0.1), (0.1, 0.01)),
        ((0.1, 0.1), (0.2, 0.2)),
        ((0.1, 0.1), (0.2, 0.0)),
        ((0.1, 0.1),),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(rows: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValidationError):
        Calibration(pairs=10, persons=5, material="m", limits="l", table=rows)


def test_an_estimate_counts_other_persons_and_never_oneself() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(200, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = estimated(vectors, vectors, "random vectors", "")
    assert found.pairs == 200 * 199
    scores = (vectors @ vectors.T)[~np.eye(200, dtype=bool)]
    for rate in (0.1, 0.01, 0.001):
        assert (scores >= found.threshold(rate)).mean() == pytest.approx(rate, rel=0.1)
    assert found.table[-1][1] >= 10 / found.pairs


def embedder(calibration: Calibration | None, threshold: float | None = None) -> SimpleNamespace:
    return SimpleNamespace(calibration=calibration, card=SimpleNamespace(threshold=threshold))


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_a_comparison_states_score_threshold_and_rates() -> None:
    one, other = unit(1, 0), unit(0.55, (1 - 0.55**2) ** 0.5)
    found = compare(one, other, embedder(table()))  # type: ignore[arg-type]
    assert found.score == pytest.approx(0.55)
    assert found.threshold == pytest.approx(0.5)
    assert found.threshold_fmr == 0.001
    assert found.fmr is not None
    assert 1e-4 < found.fmr < 1e-3
    assert found.match is True
    stricter = compare(one, other, embedder(table()), fmr=0.0001)  # type: ignore[arg-type]
    assert stricter.match is False


def test_without_a_calibration_no_rate_is_made_up() -> None:
    known = compare(unit(1, 0), unit(1, 0), embedder(None, 0.36))  # type: ignore[arg-type]
    assert (known.match, known.fmr, known.threshold_fmr) == (True, None, None)
    unknown = compare(unit(1, 0), unit(1, 0), embedder(None))  # type: ignore[arg-type]
    assert unknown.match is None
