"""The threshold is that of the networks that look, with as many energies as there are."""

import pytest

from models.catalogue import card
from models.xray.segmenter import CLOSE_UP, CROPS, NAME
from models.xray.thresholds import thresholds


@pytest.mark.parametrize(
    ("pitch_mm", "name"),
    [(None, CROPS), (0.4, CLOSE_UP), (1.0, CLOSE_UP), (2.0, NAME), (6.0, NAME)],
)
def test_each_pixel_size_has_the_threshold_of_what_looks_at_it(pitch_mm, name):
    entry = card(name)
    found = thresholds(pitch_mm)
    assert found.of(2) == entry.threshold
    assert found.of(1) == (entry.single_threshold or entry.threshold)


def test_the_networks_differ():
    assert len({thresholds(pitch).of(2) for pitch in (None, 1.0, 2.0)}) == 3
