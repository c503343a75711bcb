"""The alignment alone, on scores made up for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.mrz.align import PERIOD, align, period
from models.mrz.alphabet import CHARACTERS


def scores_of(
    text: str, pitch: float = PERIOD, margin: float = 10.0, noise: float = 0.0
) -> NDArray[np.float32]:
    """Return what a network that is sure of ``text`` would say, ``pitch`` frames to a character."""
    count = round(len(text) * pitch + 2 * margin)
    scores = np.zeros((38, count), np.float32)
    scores[0] = 6
    for at, character in enumerate(text):
        middle = margin + (at + 0.5) * pitch - 0.5
        for frame in range(count):
            if abs(frame - middle) <= 0.28 * pitch:
                scores[0, frame] = 0
                scores[1 + CHARACTERS.index(character), frame] = 6
    rng = np.random.default_rng(5)
    return scores + rng.normal(0, noise, scores.shape).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([30, 36, 44]).flatmap(lambda n: st.text(CHARACTERS, min_size=n, max_size=n)),
    st.floats(4.5, 5.5),
    st.floats(0, 1.0),
)
def test_the_length_and_the_text_are_found_at_any_pitch(
    text: str, pitch: float, noise: float
) -> None:
    found = align(scores_of(text, pitch, noise=noise), (30, 36, 44))
    best = max(found, key=lambda length: found[length].score)
    assert best == len(text)
    assert found[best].text == text


@pytest.mark.parametrize("pitch", [3.8, 4.4, 5.0, 5.7, 6.9])
def test_the_rhythm_tells_the_pitch(pitch: float) -> None:
    assert period(
        scores_of("L898902C36UTO7408122F1204159ZE184226B<<<<<10", pitch)
    ) == pytest.approx(pitch, rel=0.03)


def test_a_strip_too_short_for_a_length_has_no_such_answer() -> None:
    assert align(scores_of("P<UTO", margin=2), (30, 44)) == {}


def test_a_hidden_character_is_still_counted_and_is_not_certain() -> None:
    scores = scores_of("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<")
    scores[:, 10 + 7 * 5 : 10 + 8 * 5] = 0  # glare over one character
    found = align(scores, (30, 36, 44))
    assert max(found, key=lambda length: found[length].score) == 36
    assert found[36].confidence[7] < 0.1
    assert found[36].text.replace(found[36].text[7], "?", 1).startswith("P<UTOER")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 400), st.integers(0, 99))
@example(4, 0)
@example(1, 0)
def test_any_noise_of_any_length_is_answered(frames: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(0, 5, (38, frames)).astype(np.float32)
    assert period(scores) > 0
    for length, found in align(scores, (30, 36, 44)).items():
        assert len(found.text) == length
        assert np.isfinite(found.score)
