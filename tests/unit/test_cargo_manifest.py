"""The manifest check: what is true agrees, what is false disagrees or cannot be told."""

import math
from dataclasses import replace

import numpy as np
import pytest

from contract.inspection import Finding
from edge.scanner.cargo.chapters import FILE, ChaptersError, expectations, measure
from edge.scanner.cargo.counting import Count, count
from edge.scanner.cargo.homogeneity import homogeneity
from edge.scanner.cargo.manifest import Declaration, Verdict, check_manifest
from edge.scanner.cargo.mass import weigh
from edge.scanner.cargo.seen import Nothing, seen
from edge.scanner.cargo.usable import Unusable
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.table import build
from models.xray.materials import MATERIALS
from models.xray.spectrum import optical_depth
from simulators.world.cargo import CHAPTERS, PITCH_MM, consignment
from tools.cargo_chapters import observed

AGREE, DISAGREE, CANNOT = Verdict.AGREE, Verdict.DISAGREE, Verdict.CANNOT_TELL


@pytest.fixture(scope="module")
def table():
    return build(nominal(at=0.0))


@pytest.fixture(scope="module")
def salt(table):
    load = next(
        load
        for load in (consignment(seed, "25") for seed in range(50))
        if load.layers == 1 and (load.across, load.up) == (3, 2)
    )
    return load, observed(load, 1, table)


def truth(load):
    return Declaration(load.chapter, load.kilograms, load.kilograms * 0.95, load.packages, True)


def answers(result):
    return {answer.name: answer for answer in result.answers}


def test_true_papers_agree(salt):
    load, item = salt
    result = check_manifest(truth(load), item, weighed_kg=load.kilograms + 500, tare_kg=500)
    assert result.finding is not Finding.UNREADABLE
    found = answers(check_manifest(truth(load), item, weighed_kg=load.kilograms))
    assert list(found) == ["papers", "weighbridge", "mass", "shielding", "count", "homogeneity",
                           "chapter"]  # fmt: skip
    assert {answer.verdict for answer in found.values()} == {AGREE}, found
    assert found["count"].numbers["seen"] == 6


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"gross_kg": 5.0, "net_kg": 4.0}, {"weighbridge", "mass"}),
        ({"gross_kg": 200.0}, {"weighbridge", "mass"}),
        ({"packages": 3}, {"count"}),
        ({"chapter": "52"}, {"chapter"}),
        ({"chapter": "08"}, {"chapter"}),
        ({"net_kg": 900.0}, {"papers"}),
        ({"gross_kg": -3.0}, {"papers"}),
        ({"packages": 0}, {"papers"}),
        ({"chapter": "2501"}, {"papers"}),
    ],
)
def test_false_papers_disagree_where_they_are_false(salt, change, wrong):
    load, item = salt
    result = check_manifest(replace(truth(load), **change), item, load.kilograms)
    said = {name for name, answer in answers(result).items() if answer.verdict is DISAGREE}
    assert said == wrong
    assert result.finding is Finding.SUSPECT
    assert result.score > 0.5
    assert all(f"{name}: " in result.detail for name in wrong)


def test_more_packages_than_seen_may_hide_unless_the_layers_are_known(salt):
    load, item = salt
    said = replace(truth(load), packages=12)
    assert answers(check_manifest(said, item))["count"].verdict is CANNOT
    for layers, verdict in ((1, DISAGREE), (2, AGREE)):
        known = replace(item, layers=layers)
        assert answers(check_manifest(said, known))["count"].verdict is verdict


def test_what_the_beam_does_not_pass_cannot_be_bounded(salt):
    load, item = salt
    tau = item.tau.copy()
    tau[150:180, 150:180] = 9.5
    dark = seen(tau, item.pitch_mm, item.zeff, item.areal)
    assert math.isinf(weigh(dark).most)
    found = answers(check_manifest(truth(load), dark, load.kilograms * 40))
    assert found["shielding"].verdict is CANNOT
    assert "does not pass" in found["shielding"].words
    light = answers(check_manifest(truth(load), dark, load.kilograms / 3))
    assert light["shielding"].verdict is DISAGREE


def test_nothing_declared_or_nothing_seen_is_never_clear(salt):
    _, item = salt
    result = check_manifest(Declaration(), item)
    assert {a.verdict for a in result.answers if a.name != "papers"} == {CANNOT}
    assert result.finding is Finding.UNREADABLE
    assert result.score is None
    only_weighed = check_manifest(Declaration(gross_kg=30.0), seen(item.tau, item.pitch_mm), 30.0)
    assert answers(only_weighed)["weighbridge"].verdict is AGREE
    blind = check_manifest(Declaration("25", 50.0), Unusable("the picture is black"), 50.0)
    assert answers(blind)["weighbridge"].verdict is AGREE
    assert blind.finding is Finding.UNREADABLE
    assert blind.score is None
    assert "black" in answers(blind)["mass"].words
    weighed = check_manifest(Declaration("25", 50.0), Unusable("torn"), weighed_kg=500.0)
    assert weighed.finding is Finding.SUSPECT


def nothing_there(tau):
    with pytest.raises(Nothing) as raised:
        seen(tau.astype(np.float32), (4.0, 4.0))
    return raised.value


def test_an_empty_picture_contradicts_a_weight_that_would_be_seen():
    """The whole of it is 1.2 × 0.8 m: as much as goes unnoticed there is under a kilogram."""
    air = np.random.default_rng(4).normal(0, 0.007, (200, 300))
    empty = nothing_there(air)
    for said, weighed in ((500.0, 500.0), (500.0, None), (None, 500.0)):
        result = check_manifest(Declaration("25", said), empty, weighed)
        assert result.finding is Finding.SUSPECT
        assert "nothing that weighs above" in result.detail
        assert result.score > 0.9
    light = check_manifest(Declaration("25", 0.3), empty, 0.3)
    assert answers(light)["weighbridge"].verdict is AGREE
    assert light.finding is Finding.UNREADABLE
    tare = check_manifest(Declaration("25", 0.3), empty, 700.3, tare_kg=700.0)
    assert tare.finding is Finding.UNREADABLE


def test_what_may_stand_end_on_in_an_empty_picture_is_not_bounded():
    air = np.random.default_rng(4).normal(0, 0.007, (200, 300))
    air[50:56, 60:66] = 8.0
    result = check_manifest(Declaration("25", 500.0), nothing_there(air), 500.0)
    assert result.finding is Finding.UNREADABLE


def test_the_mass_of_known_slabs_is_right():
    for name, areal in (("water", 8.0), ("iron", 6.0), ("polyethylene", 3.0)):
        tau = np.zeros((100, 120), np.float32)
        tau[20:80, 30:90] = optical_depth(MATERIALS[name], areal)[1]
        kilograms = areal * 60 * 60 * 0.04 / 1000
        bounds = weigh(seen(tau, (2.0, 2.0)))
        assert bounds.kilograms is None
        assert bounds.least < kilograms < bounds.most
        exact = weigh(seen(tau, (2.0, 2.0), areal=np.where(tau > 0, areal, 0.0)))
        assert exact.kilograms == pytest.approx(kilograms, rel=0.001)


def test_most_rendered_weights_lie_within_their_bounds(table):
    inside = []
    for index, chapter in enumerate(sorted(CHAPTERS)):
        load = consignment(800 + index, chapter)
        mass = weigh(observed(load, index, table))
        inside.append(mass.least <= load.kilograms <= mass.most)
    assert np.mean(inside) >= 0.85


def test_counting_is_right_where_it_is_sure(table):
    sure = []
    for index in range(24):
        load = consignment(900 + index, ("17", "25", "48", "39")[index % 4])
        found = count(observed(load, index, table))
        if found.sure > 0.9:
            sure.append((found.across, found.up) == (load.across, load.up))
    assert len(sure) >= 12
    assert np.mean(sure) >= 0.95


def test_a_package_of_other_contents_is_named(table):
    named = same = 0
    for seed in range(10):
        mixed = consignment(seed, "17", foreign="73")
        item = observed(mixed, seed, table)
        result = homogeneity(item, count(item))
        named += result is not None and result.like < 1
        pure = consignment(seed, "17")
        item = observed(pure, seed, table)
        result = homogeneity(item, count(item))
        same += result is not None and result.like < 1
    assert named >= 3
    assert same == 0


def test_odd_cells_are_where_the_regions_say():
    tau = np.full((90, 120), 1.0, np.float32)
    tau[45:90, 80:120] = 2.0
    item = seen(tau, (PITCH_MM, PITCH_MM))
    grid = Count(3, 2, 1.0, (0, 0, 120, 90), (3, 2))
    result = homogeneity(item, grid)
    assert result.like == pytest.approx(5 / 6)
    (region,) = result.odd
    assert (region.x, region.y, region.w, region.h) == (80, 45, 40, 45)
    assert homogeneity(item, replace(grid, parts=(2, 1))) is None


def test_chapters_are_data_with_a_source():
    held = expectations()
    assert set(held) == set(CHAPTERS)
    assert all("rendered" in one.source for one in held.values())
    assert all(one.name and one.ranges for one in held.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "source = 1",
        "source = 'x'\n[chapter]\n08 = 3",
        "source = 'x'\n[chapter.08]\nname = 'x'\nzeff = [7, 6]",
        "source = 'x'\n[chapter.08]\nname = 'x'\nzeff = 6",
        "source = 'x'\n[chapter.08]\nname = 'x'\nzeff = ['a', 'b']",
        "source = 'x'\n[chapter.08]\nname = 'x'\nweight = [1, 2]",
        "source = 'x'\n[chapter.08]\nzeff = [1, 2]",
        "source = [",
    ],
)
def test_wrong_expectations_are_refused(tmp_path, text):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ChaptersError):
        expectations(tmp_path / "c.toml")


def test_the_shipped_expectations_are_what_the_recipe_measures(table):
    """A few of the recipe's own consignments lie within the ranges that are shipped."""
    assert FILE.read_text("utf-8").startswith("# Written by tools/cargo_chapters.py")
    for chapter in ("17", "25", "69"):
        seed = 700_000 + int(chapter) * 1000
        figures = measure(observed(consignment(seed, chapter), seed, table))
        for name, (low, high) in expectations()[chapter].ranges.items():
            assert low - 1e-3 <= figures[name] <= high + 1e-3, (chapter, name)


def test_without_maps_less_is_told_and_nothing_is_invented(salt):
    load, item = salt
    bare = seen(item.tau, item.pitch_mm)
    found = answers(check_manifest(truth(load), bare, load.kilograms))
    assert found["mass"].verdict is CANNOT
    assert "materials map" in found["mass"].words
    assert found["chapter"].verdict is CANNOT
    anvil = answers(check_manifest(replace(truth(load), gross_kg=900.0), bare))
    assert anvil["mass"].verdict is DISAGREE
