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
from edge.scanner.cargo.reduced import factor, reduced
from edge.scanner.cargo.seen import Seen as SeenGoods
from edge.scanner.cargo_checks import EMPTY, MANIFEST, PENETRATION, Papers, Penetration
from edge.scanner.config import Examinations
from edge.scanner.examinations import Item, examine, recogniser, stretched, together
from edge.scanner.examining import examinations
from edge.scanner.identify import Known
from edge.scanner.manifests import Manifest
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.table import Table, build
from edge.scanner.materials.wedges import save
from edge.scanner.second_opinion import SecondOpinion
from models.xray.segmenter import BadPicture
from models.xray.segmenter import Finding as Seen
from models.xray.segmenter import Region as SeenRegion
from settings.files import ConfigError
from simulators.world.cargo import consignment, pictured

MONTH = 30 * 86_400.0
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
        threshold=0.5,
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
    said = Penetration(0.25, 100.0)(item(level=level))
    assert (said.name, said.finding) == (PENETRATION, finding)


def shown(*things: tuple[slice, slice, float], noise: float = 0.02) -> np.ndarray:  # type: ignore[type-arg]
    """Air, 300 × 400 mm in pixels of 2 mm, with things of a transmission in it."""
    clean = np.ones((150, 200))
    for rows, columns, level in things:
        clean[rows, columns] = level
    rng = np.random.default_rng(1)
    noisy = clean * (1 + noise * rng.standard_normal((2, 150, 200)))
    return np.clip(noisy, 1 / 65_535, 1).astype(np.float32)


BAG = (np.s_[30:100], np.s_[40:120], 0.3)


def test_black_is_a_share_of_the_goods_and_not_of_the_air_around_them() -> None:
    plate = (np.s_[30:100], np.s_[40:70], 1e-3)
    scan = shown(BAG, plate)
    assert (scan[1] < np.exp(-5.5)).mean() < 0.08
    for most, finding in ((0.25, Finding.UNREADABLE), (0.5, Finding.CLEAR)):
        said = Penetration(most, np.inf)(item(overview=scan))
        assert said.finding is finding
        assert "of the goods" in said.detail


def test_a_black_piece_is_told_with_its_place_whatever_its_share() -> None:
    everywhere = (np.s_[2:148], np.s_[2:198], 0.3)
    box = (np.s_[40:100], np.s_[50:110], 2e-3)  # 144 cm²
    said = Penetration(0.25, 100.0)(item(overview=shown(everywhere, box, noise=0.3)))
    assert said.finding is Finding.UNREADABLE
    assert "no beam gets through here" in said.detail
    [region] = said.regions
    sides = {"x": 100, "y": 80, "w": 120, "h": 120}
    assert {key: getattr(region, key) for key in sides} == pytest.approx(sides, abs=4)
    small = (np.s_[40:88], np.s_[50:98], 2e-3)  # 92 cm²
    said = Penetration(0.25, 100.0)(item(overview=shown(everywhere, small)))
    assert (said.finding, said.regions) == (Finding.CLEAR, [])


def test_lines_known_as_lost_are_no_plate_and_cut_none_in_two() -> None:
    scan, marks = shown(BAG), np.zeros(150, np.bool_)
    marks[60:64] = True
    scan[:, 60:64] = 1 / 65_535
    lines = {"overview": scan, "overview_lost": marks}
    assert Penetration(0.05, 5.0)(item(**lines)).finding is Finding.CLEAR  # type: ignore[arg-type]
    unmarked = Penetration(0.05, 5.0)(item(overview=scan))
    assert unmarked.finding is Finding.UNREADABLE
    plate = shown(BAG, (np.s_[32:96], np.s_[42:100], 1e-3))
    plate[:, 60:64] = 1 / 65_535
    said = Penetration(1.0, 100.0)(item(overview=plate, overview_lost=marks))
    assert len(said.regions) == 1
    assert said.regions[0].h == pytest.approx(2 * 64, abs=4)


def declared(**what: object) -> Known:
    return Known().declared(Manifest.model_validate({"id": "MRN-1", **what}))


def test_no_papers_say_nothing() -> None:
    assert Papers(None, empties=False, fresh_for=MONTH)(item()) is None


def test_declared_as_empty_is_never_clear_without_a_template() -> None:
    said = Papers(None, empties=False, fresh_for=MONTH)(item(declared(empty=True)))
    assert said is not None
    assert (said.name, said.finding) == (MANIFEST, Finding.UNREADABLE)
    assert Papers(None, empties=True, fresh_for=MONTH)(item(declared(empty=True))) is None


def test_papers_that_contradict_the_weighbridge_are_suspect() -> None:
    scan = np.full((2, 150, 200), 0.98, np.float32)
    scan[:, 40:110, 50:150] = 0.4
    known = declared(gross_kg=1000.0).weighing(2000.0)
    said = Papers(None, empties=False, fresh_for=MONTH)(item(known, overview=scan))
    assert said is not None
    assert said.finding is Finding.SUSPECT
    assert "weighbridge" in said.detail


def test_a_picture_that_shows_nothing_leaves_the_papers_undecided() -> None:
    said = Papers(None, empties=False, fresh_for=MONTH)(item(declared(packages=3), level=1.0))
    assert said is not None
    assert said.finding is Finding.UNREADABLE


def test_the_file_says_which_examinations_there_are(tmp_path: Path) -> None:
    assert [name for name, _ in examinations(Examinations())] == ["recogniser", PENETRATION]
    seen_through = {"most_black": 1.0, "most_black_area": np.inf}
    with_papers = Examinations(manifests=tmp_path, **seen_through)
    assert [name for name, _ in examinations(with_papers)] == ["recogniser", MANIFEST]
    for key in ("empty_template", "wedges", "recognisers"):
        missing = {key: tmp_path / "none", "manifests": tmp_path}
        with pytest.raises(ConfigError, match=f"examinations.{key}"):
            examinations(Examinations.model_validate(missing))
    assert EMPTY == "empty"


def test_a_real_lane_has_no_wedges_that_nobody_scanned(tmp_path: Path) -> None:
    path = tmp_path / "wedges.json"
    save(nominal(0.0), path)
    how = Examinations(wedges=path, manifests=tmp_path)
    for real in ({}, {"real_hardware": True}):
        with pytest.raises(ConfigError, match=r"examinations.wedges.*nominal.*scan"):
            examinations(how, **real)
    with pytest.raises(ConfigError, match="nominal"):  # projections would take their photons
        examinations(Examinations(wedges=path))
    assert len(examinations(how, real_hardware=False)) == 3
    save(replace(nominal(0.0), origin="measured"), path)
    assert len(examinations(how)) == 3


@pytest.fixture(scope="module")
def table() -> Table:
    return build(nominal(at=0.0))


@pytest.mark.parametrize(("at", "fresh"), [(0.0, True), (MONTH, True), (MONTH + 1, False)])
def test_wedges_that_are_too_old_tell_no_materials(table: Table, at: float, fresh: bool) -> None:
    load = consignment(5, "25")
    scan = pictured(load.tau, 1)
    papers = declared(gross_kg=load.kilograms, packages=load.packages, chapter="25")
    known = replace(item(papers, overview=scan), at=at)
    how = Papers(table, empties=False, fresh_for=MONTH)
    seen = how._seen(known, 1)
    assert isinstance(seen, SeenGoods)
    assert (seen.zeff is not None) is fresh
    said = how(known)
    assert said is not None
    assert ("the wedges are 30 days old, scan them anew" in said.detail) is not fresh


def test_lost_lines_are_of_no_material(table: Table) -> None:
    scan, marks = pictured(consignment(5, "25").tau, 1), np.zeros(288, np.bool_)
    marks[140] = True
    scan[:, 140] = scan[:, 139]  # whatever a lost line may show
    known = item(declared(packages=3), overview=scan, overview_lost=marks)
    seen = Papers(table, empties=False, fresh_for=MONTH)._seen(known, 1)
    assert isinstance(seen, SeenGoods)
    assert seen.zeff is not None
    assert np.isfinite(seen.zeff[137]).any()
    assert np.isnan(seen.zeff[139:142]).all()


def test_the_papers_of_a_large_picture_are_checked_in_small(table: Table) -> None:
    load = consignment(3, "25", foreign="84")
    small = pictured(load.tau, 1)
    large = np.ascontiguousarray(small.repeat(6, 1).repeat(6, 2))
    by = factor(*large.shape[1:])
    assert by == 2
    papers = declared(chapter="25", homogeneous=True)
    how = Papers(table, empties=False, fresh_for=MONTH)
    whole = {"overview_pitch": 1.0, "pictures": [], "lines": large.shape[1]}
    said = how(item(papers, overview=large, **whole))
    in_small = how(item(papers, overview=reduced(large, by), **whole | {"overview_pitch": 2.0}))
    assert said is not None
    assert said == in_small  # the regions too are in pixels of the picture
    assert said.regions
    last = max(region.x + region.w for region in said.regions)
    assert large.shape[2] / 2 < last <= large.shape[2]


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
    both = SecondOpinion([Other(theirs)])  # type: ignore[list-item]
    said = both(item(score=ours))
    assert said.finding is finding
    assert said.regions[0].model_dump(exclude={"score"}) == {"x": 20, "y": 40, "w": 60, "h": 80}
    assert "other" in said.detail


def test_a_second_recogniser_that_fails_holds_the_item() -> None:
    class Broken(Other):
        def inspect(self, *_: object) -> Seen:
            raise BadPicture("two energies are wanted")

    examined = examine(item(), [("recognisers", SecondOpinion([Broken(0.0)]))])  # type: ignore[list-item]
    assert examined.finding is Finding.UNREADABLE
