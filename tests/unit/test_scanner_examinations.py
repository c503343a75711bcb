from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.blob import Blob, Picture
from contract.inspection import Check, Finding, Region
from edge.scanner.analysis import Analysis
from edge.scanner.cargo_checks import EMPTY, MANIFEST, PENETRATION, Papers, Penetration
from edge.scanner.config import Examinations
from edge.scanner.examinations import Item, examine, recogniser, stretched, together
from edge.scanner.examining import examinations
from edge.scanner.identify import Known
from edge.scanner.manifests import Manifest
from edge.scanner.second_opinion import SecondOpinion
from models.xray.segmenter import BadPicture
from models.xray.segmenter import Finding as Seen
from models.xray.segmenter import Region as SeenRegion
from settings.files import ConfigError

BLOB = Blob(sha256="0" * 64, size=1, media_type="image/jxl")
PICTURE = Picture(kind="high", blob=BLOB, width=400, height=300, bits=16, personal=False)


def item(known: Known | None = None, level: float = 0.9, **more: object) -> Item:
    analysis = Analysis(
        finding=Finding.CLEAR,
        score=0.1,
        regions=[],
        pictures=[PICTURE],
        notes=[],
        stages={},
        lines=300,
        overview=np.full((2, 150, 200), level, np.float32),
        overview_pitch=2.0,
    )
    return Item(replace(analysis, **more), known or Known(), 1.0, 0.0)  # type: ignore[arg-type]


def check(finding: Finding) -> Check:
    return Check(name="any", finding=finding)


@given(st.lists(st.sampled_from(Finding), max_size=6))
def test_an_item_is_clear_only_if_every_check_is_and_there_is_one(findings: list[Finding]) -> None:
    said = together([check(finding) for finding in findings])
    assert (said is Finding.CLEAR) == (bool(findings) and set(findings) == {Finding.CLEAR})
    assert (said is Finding.SUSPECT) == (Finding.SUSPECT in findings)


def test_a_failing_examination_is_unreadable_and_costs_no_other() -> None:
    def breaks(_: Item) -> Check:
        raise ZeroDivisionError("secret of the goods")

    examined = examine(item(), [("breaks", breaks), ("recogniser", recogniser)])
    assert [c.finding for c in examined.checks] == [Finding.UNREADABLE, Finding.CLEAR]
    assert examined.finding is Finding.UNREADABLE
    assert "secret" not in examined.checks[0].detail
    assert set(examined.stages) == {"examine-breaks", "examine-recogniser"}


def test_what_identification_found_comes_first_and_holds() -> None:
    known = Known(checks=(Check(name="radiation", finding=Finding.SUSPECT),))
    examined = examine(item(known), [("recogniser", recogniser)])
    assert [c.name for c in examined.checks] == ["radiation", "recogniser"]
    assert examined.finding is Finding.SUSPECT


def test_one_that_has_nothing_to_say_says_nothing() -> None:
    examined = examine(item(), [("recogniser", recogniser), ("none", lambda _: None)])
    assert len(examined.checks) == 1


def test_the_recognisers_word_carries_why_it_is_unreadable() -> None:
    said = recogniser(item(finding=Finding.UNREADABLE, notes=["9 lines lost"]))
    assert (said.finding, said.detail) == (Finding.UNREADABLE, "9 lines lost")


@given(x=st.integers(0, 199), y=st.integers(0, 149), w=st.integers(1, 200), h=st.integers(1, 150))
def test_regions_are_stretched_into_the_picture(x: int, y: int, w: int, h: int) -> None:
    small = Region(x=x, y=y, w=w, h=h, score=0.5)
    [region] = stretched([small], 2.0, (400, 300))
    assert (region.x, region.y) == (2 * x, 2 * y)
    assert region.x + region.w <= 400
    assert region.y + region.h <= 300
    assert item().scale == 2.0
    assert item().size == (400, 300)


@pytest.mark.parametrize(("level", "finding"), [(0.9, Finding.CLEAR), (1e-4, Finding.UNREADABLE)])
def test_what_no_beam_passes_cannot_be_judged(level: float, finding: Finding) -> None:
    said = Penetration(0.25)(item(level=level))
    assert (said.name, said.finding) == (PENETRATION, finding)


def declared(**what: object) -> Known:
    return Known().declared(Manifest.model_validate({"id": "MRN-1", **what}))


def test_no_papers_say_nothing() -> None:
    assert Papers(None, empties=False)(item()) is None


def test_declared_as_empty_is_never_clear_without_a_template() -> None:
    said = Papers(None, empties=False)(item(declared(empty=True)))
    assert said is not None
    assert (said.name, said.finding) == (MANIFEST, Finding.UNREADABLE)
    assert Papers(None, empties=True)(item(declared(empty=True))) is None


def test_papers_that_contradict_the_weighbridge_are_suspect() -> None:
    scan = np.full((2, 150, 200), 0.98, np.float32)
    scan[:, 40:110, 50:150] = 0.4
    known = declared(gross_kg=1000.0).weighing(2000.0)
    said = Papers(None, empties=False)(item(known, overview=scan))
    assert said is not None
    assert said.finding is Finding.SUSPECT
    assert "weighbridge" in said.detail


def test_a_picture_that_shows_nothing_leaves_the_papers_undecided() -> None:
    said = Papers(None, empties=False)(item(declared(packages=3), level=1.0))
    assert said is not None
    assert said.finding is Finding.UNREADABLE


def test_the_file_says_which_examinations_there_are(tmp_path: Path) -> None:
    assert [name for name, _ in examinations(Examinations(), 0.5)] == ["recogniser", PENETRATION]
    with_papers = Examinations(manifests=tmp_path, most_black=1.0)
    assert [name for name, _ in examinations(with_papers, 0.5)] == ["recogniser", MANIFEST]
    for key in ("empty_template", "wedges", "recognisers"):
        missing = {key: tmp_path / "none", "manifests": tmp_path}
        with pytest.raises(ConfigError, match=f"examinations.{key}"):
            examinations(Examinations.model_validate(missing), 0.5)
    assert EMPTY == "empty"


class Other:
    """Another maker's recogniser that answers what it is told to."""

    def __init__(self, score: float) -> None:
        self.card = SimpleNamespace(name="other", threshold=0.8)
        self.score = score

    def inspect(self, transmission: np.ndarray, pitch_mm: float | None = None) -> Seen:  # type: ignore[type-arg]
        assert pitch_mm == 2.0
        box = (SeenRegion(10, 20, 30, 40, self.score, "knife"),)
        return Seen(self.score, box, 0.0, np.zeros((1, 1), np.float32), transmission.shape[1:])


@pytest.mark.parametrize(
    ("ours", "theirs", "finding"),
    [(0.1, 0.1, Finding.CLEAR), (0.1, 0.9, Finding.SUSPECT), (0.6, 0.1, Finding.SUSPECT)],
)
def test_two_recognisers_are_one_verdict(ours: float, theirs: float, finding: Finding) -> None:
    both = SecondOpinion(0.5, [Other(theirs)])  # type: ignore[list-item]
    said = both(item(score=ours))
    assert said.finding is finding
    assert said.regions[0].model_dump(exclude={"score"}) == {"x": 20, "y": 40, "w": 60, "h": 80}
    assert "other" in said.detail


def test_a_second_recogniser_that_fails_holds_the_item() -> None:
    class Broken(Other):
        def inspect(self, *_: object) -> Seen:
            raise BadPicture("two energies are wanted")

    examined = examine(item(), [("recognisers", SecondOpinion(0.5, [Broken(0.0)]))])  # type: ignore[list-item]
    assert examined.finding is Finding.UNREADABLE
