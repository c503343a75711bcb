"""Empty verification: what is hidden is found where it lies, what is empty is clear, and what
cannot be laid over its template is unreadable."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from contract.inspection import Finding
from edge.scanner.cargo import template as template_file
from edge.scanner.cargo.empty import MOST_AGE, examine_empty
from edge.scanner.cargo.reduced import factor
from edge.scanner.cargo.registration import Unregistered, register
from edge.scanner.cargo.template import LEAST_SCANS, TemplateError, learn, load
from simulators.world.empties import Empty, Pass, depth, empty, hidden

STILL = Pass(late=0, aside=0, askew=0, speed=0, uneven=0, wobble=0, columns=0, photons=1e7)


@pytest.fixture(scope="module", params=list(Empty))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def template(kind):
    return learn(kind.value, [depth(empty(kind, unit), unit) for unit in range(6)], at=0.0)


@pytest.fixture(scope="module")
def tray():
    return learn("tray", [depth(empty(Empty.TRAY, unit), unit) for unit in range(6)], at=0.0)


def test_empty_ones_are_clear(kind, template):
    found = [examine_empty(depth(empty(kind, u), u), template, now=1.0) for u in range(100, 106)]
    assert [one.finding for one in found] == [Finding.CLEAR] * 6
    assert all(0 <= one.score < 0.5 for one in found)
    assert not any(one.regions for one in found)
    assert template.digest[:16] in found[0].template


def test_a_hidden_kilogram_is_found_where_it_lies(kind, template):
    for unit in range(200, 206):
        tau, mask = hidden(kind, unit, unit)
        # The same seed makes the same pass, so that truth moves as its picture does.
        where = depth(np.where(mask, np.float32(3), 0)[None].repeat(2, 0), unit) > 1
        found = examine_empty(depth(tau, unit), template, now=1.0)
        assert found.finding is Finding.SUSPECT, (unit, found.detail)
        assert found.score > 0.5
        assert "not empty" in found.detail
        covered = np.zeros(where.shape, np.bool_)
        for region in found.regions:
            covered[region.y : region.y + region.h, region.x : region.x + region.w] = True
        assert covered[where].mean() > 0.5, unit


def test_a_large_scan_is_looked_at_in_small_and_told_in_its_own_pixels(monkeypatch):
    monkeypatch.setattr(template_file, "factor", partial(factor, most=40_000))
    learned = [depth(empty(Empty.TRAY, unit), unit) for unit in range(6)]
    small = learn("tray", learned, at=0.0)
    assert small.by == 2
    assert small.tau.shape == (250, 112)
    tau, mask = hidden(Empty.TRAY, 201, 201)
    where = depth(np.where(mask, np.float32(3), 0)[None].repeat(2, 0), 201) > 1
    found = examine_empty(depth(tau, 201), small, now=1.0)
    assert found.finding is Finding.SUSPECT
    rows, columns = np.nonzero(where)
    first = found.excesses[0]
    assert (first.x, first.y) == pytest.approx((columns.min(), rows.min()), abs=12)
    assert first.area == pytest.approx(where.sum(), rel=0.6)
    again = depth(empty(Empty.TRAY, 300), 300)
    again[201] = 11.09  # one lost line spoils two
    assert examine_empty(again, small, now=1.0).finding is Finding.CLEAR


def test_what_was_taken_out_is_found_as_well(tray):
    tau = empty(Empty.TRAY, 3)
    tau[:, 200:240, 80:120] *= 0.5
    found = examine_empty(depth(tau, 5), tray, now=1.0)
    assert found.finding is Finding.SUSPECT
    assert found.excesses[0].depth < 0
    assert "less" in found.detail


def test_registration_finds_speed_and_shift(kind):
    tau = empty(kind, 1)
    reference = depth(tau, 1, STILL)
    moved = Pass(late=9, aside=1.2, askew=0.0005, speed=0.01, uneven=0, wobble=0, columns=0)
    for seed in range(2):
        laid = register(depth(tau, seed, moved), reference)
        flat = np.minimum(reference, 4)
        inner = laid.seen & (flat > 0.02)
        error = np.abs(np.minimum(laid.tau, 4) - flat)[inner]
        assert np.median(error) < 0.02
        assert laid.correlation > 0.95


@pytest.mark.parametrize("shift", [-7.0, -0.5, 0.25, 3.5])
def test_registration_is_sub_pixel(shift):
    tau = empty(Empty.TRAY, 1)[1]
    rows = np.clip(np.arange(len(tau)) - shift, 0, len(tau) - 1)
    low = np.floor(rows).astype(int)
    share = (rows - low)[:, None].astype(np.float32)
    moved = tau[low] * (1 - share) + tau[np.minimum(low + 1, len(tau) - 1)] * share
    laid = register(moved.astype(np.float32), tau)
    assert laid.shift == pytest.approx(shift, abs=0.15)


def test_another_thing_is_unreadable_not_clear(tray):
    other = depth(empty(Empty.TOP, 1), 1)[:500, :224]
    found = examine_empty(other, tray, now=1.0)
    assert found.finding is Finding.UNREADABLE
    assert "does not lie on the empty" in found.detail
    assert found.score is None
    with pytest.raises(Unregistered, match="different detectors"):
        register(other[:, :150], tray.tau)


def test_half_a_scan_is_unreadable(tray):
    scan = depth(empty(Empty.TRAY, 1), 1)
    found = examine_empty(scan[:250], tray, now=1.0)
    assert found.finding is Finding.UNREADABLE


def test_lost_lines_are_not_judged_and_too_many_are_unreadable(tray):
    scan = depth(empty(Empty.TRAY, 50), 50)
    few, many = scan.copy(), scan.copy()
    few[[120, 300]] = 11.09
    many[100:120] = 11.09
    assert examine_empty(few, tray, now=1.0).finding is Finding.CLEAR
    found = examine_empty(many, tray, now=1.0)
    assert found.finding is Finding.UNREADABLE
    assert "20 of 500 lines are lost" in found.detail
    marked = np.zeros(len(scan), np.bool_)
    marked[:30] = True
    assert examine_empty(scan, tray, 1.0, lost=marked).finding is Finding.UNREADABLE


def test_without_a_fresh_template_nothing_is_clear(tray):
    scan = depth(empty(Empty.TRAY, 50), 50)
    for template, now in ((None, 1.0), (tray, MOST_AGE + 1), (tray, -5.0)):
        found = examine_empty(scan, template, now)
        assert found.finding is Finding.UNREADABLE
        assert "template" in found.detail


def test_a_template_comes_back_from_its_file_as_it_was(tray, tmp_path):
    path = tmp_path / "tray.template"
    tray.save(path)
    again = load(path)
    assert again.digest == tray.digest
    assert (again.tau == tray.tau).all()
    assert again.extent == tray.extent
    assert again.age(60.0) == 60.0
    assert [file.name for file in tmp_path.iterdir()] == ["tray.template"]
    assert replace(tray, at=1.0).digest != tray.digest


def test_a_torn_or_changed_template_is_refused(tray, tmp_path):
    path = tmp_path / "tray.template"
    tray.save(path)
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(TemplateError):
            load(path)
    for at in range(40, len(whole), len(whole) // 23):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            held = load(path)
        except TemplateError:
            continue
        assert held.digest == tray.digest  # the bit did not matter: a name in the archive
    with pytest.raises(TemplateError):
        load(tmp_path / "none")


def test_templates_are_not_learned_from_too_few_or_unlike_or_featureless_scans():
    scans = [depth(empty(Empty.TRAY, unit), unit) for unit in range(LEAST_SCANS)]
    with pytest.raises(TemplateError, match="at least 5"):
        learn("tray", scans[:-1], at=0.0)
    with pytest.raises(TemplateError, match="not of one kind"):
        learn("tray", [*scans, depth(empty(Empty.TOP, 1), 1)[:500, :224]], at=0.0)
    belt = [np.random.default_rng(k).normal(0.06, 0.01, (300, 200)) for k in range(5)]
    with pytest.raises(TemplateError, match="nothing to be recognised by"):
        learn("belt", belt, at=0.0)
    with pytest.raises(TemplateError, match="not numbers"):
        learn("tray", [*scans, np.full_like(scans[0], np.nan)], at=0.0)
