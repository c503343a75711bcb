"""How far the close-up network is believed: as far as that brings something."""

import numpy as np

from models.training.xray_closeup_trust import SHARES, Word, trust, words
from models.training.xray_scene_judge import item
from models.xray.segmenter import NAME, catalogued


def word(before: float, added: float, on: bool) -> Word:
    return Word(np.array([before], np.float32), np.array([added], np.float32), np.array([on]))


def test_a_network_that_is_too_sure_is_believed_by_a_share():
    harmless = [word(-1.0, 4.0, on=False)] * 10 + [word(-2.0, 0.0, on=False)] * 40
    threats = [word(1.5, 0.5, on=True)] * 10
    assert -1 + 4 * trust(threats, harmless) < 1.5


def test_a_network_that_knows_is_believed_whole():
    harmless = [word(2.0, -3.2, on=False)] * 10 + [word(-2.0, 0.0, on=False)] * 40
    threats = [word(-1.5, 0.6, on=True)] * 10
    assert trust(threats, harmless) == SHARES[-1]


def test_an_alarm_beside_the_threat_is_no_hit():
    none = np.zeros(0, np.float32)
    nothing = Word(none, none, np.zeros(0, np.bool_))
    beside, on = [word(0.0, 9.0, on=False)] * 5, [word(1.0, -4.0, on=True)]
    assert trust(beside + on, [nothing] * 50 + [word(0.5, 0.0, on=False)]) == SHARES[0]


def test_words_are_of_the_places_of_an_item():
    run = catalogued(NAME, "scene", 1)
    both = [item(100_004, threat=True), item(100_000, threat=False)]
    threat, harmless = words(both, run, lambda views: np.full(len(views), 2.0, np.float32))
    assert threat.on.any()
    assert not harmless.on.any()
    assert (threat.added == 2).all()
    assert len(threat.before) == len(threat.added) == len(threat.on)
