"""What the close-up network is trained on: places on a threat, places on none, nothing between."""

import numpy as np
import pytest

from models.training import xray_places
from models.training.xray_places import FAINT, KEPT, Place, gather, pictures, places
from models.xray.closeup import Peak
from models.xray.scenes import KINDS
from models.xray.segmenter import NAME, catalogued

RUN = "any runner"
BLADE = ((200, 100, 40, 20), KINDS.index("razor"))  # left, top, width, height in mm


def test_a_scene_gives_places_of_both_sorts_as_the_network_points_at_them():
    run = catalogued(NAME, "scene", 1)
    found = [place for number in range(900_000, 900_003) for place in places(1, number, run)]
    again = places(1, 900_000, run)
    assert {place.kind >= 0 for place in found} == {True, False}
    for place in found:
        assert place.passed.shape == (2, KEPT, KEPT)
        assert (place.passed >= 0).all()
        assert (place.passed <= 1).all()
        assert place.logit > np.log(FAINT / (1 - FAINT))
        assert place.energies in (1, 2)
    assert all((a.passed == b.passed).all() for a, b in zip(again, found, strict=False))


@pytest.mark.parametrize(
    ("x_mm", "y_mm", "kind"),
    [(210, 110, BLADE[1]), (190, 110, BLADE[1]), (170, 110, None), (140, 110, -1), (210, 300, -1)],
)
def test_a_place_beside_a_threat_is_neither(x_mm, y_mm, kind):
    assert xray_places._kind(Peak(x_mm // 2, y_mm // 2, 0.0), [BLADE]) == kind


def test_no_threat_no_kind():
    assert xray_places._kind(Peak(10, 10, 0.0), []) == -1


def test_what_was_gathered_is_not_gathered_again(tmp_path, monkeypatch):
    made = []

    def one(seed, number, run):
        made.append((seed, number, run))
        return [Place(np.full((2, KEPT, KEPT), 0.5, np.float16), 2, -1.5, 2)]

    monkeypatch.setattr(xray_places, "places", one)
    path = gather(tmp_path, 3, 40, 2, RUN)
    assert made == [(3, 40, RUN), (3, 41, RUN)]
    assert gather(tmp_path, 3, 40, 2, RUN) == path
    assert len(made) == 2
    kept = np.load(path)
    assert kept["kind"].tolist() == [2, 2]
    assert kept["logit"] == pytest.approx([-1.5, -1.5])
    assert kept["energies"].tolist() == [2, 2]
    assert np.load(pictures(path)).shape == (2, 2, KEPT, KEPT)
    assert {file.name for file in tmp_path.iterdir()} == {path.name, pictures(path).name}
