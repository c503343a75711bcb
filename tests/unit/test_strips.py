"""Windows over an item: every line owned once, seams that do not show, one region for one thing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.pictures import LONGEST, PART, Overview, as_counts, render
from edge.scanner.shrink import shrunk
from edge.scanner.strips import Plan, Sight, StripRecogniser, Window, Windows
from models.xray.segmenter import BadPicture, Finding, Region, inspect
from simulators.world.goods import OPEN, PITCH_MM, scene

PLAN = Plan(shrink=2, core=20, reach=6, pitch_mm=2.0)
WIDTH = 30


def finding(score: float, *regions: Region) -> Finding:
    return Finding(score, regions, 0.0, np.zeros((1, 1), np.float32), (1, 1))


def blocks_of(picture, pitch_mm, threads):
    """A recogniser that finds every dark rectangle, and an artefact at every cut edge."""
    dark = picture[-1] < 0.5
    regions = []
    for row in np.flatnonzero(np.diff(np.pad(dark.any(1), 1).astype(int)) == 1):
        rows = dark[row:].any(1)
        high = int(rows.argmin()) if not rows.all() else len(rows)
        columns = np.flatnonzero(dark[row : row + high].any(0))
        x, w = int(columns[0]), int(columns[-1] - columns[0] + 1)
        regions.append(Region(x, int(row), w, high, 0.8, "bar"))
    for row in (0, len(dark) - 2):
        if picture[-1, row].max() < 0.9:  # not the item's own end
            regions.append(Region(0, row, 2, 2, 0.99, "device"))
    score = max((r.score for r in regions), default=0.01)
    return finding(score, *sorted(regions, key=lambda r: -r.score))


def looked_at(item, plan=PLAN, recognise=blocks_of, step=7):
    """Return what is found in shrunk lines (1, n, WIDTH) that come a few at a time."""
    strips = StripRecogniser(Sight(recognise), plan)
    windows: Windows
    seen: list[Window] = []

    def look(window):
        seen.append(Window(window.picture.copy(), window.first, window.core))
        strips.look(window)
        windows.done(window)

    windows = Windows(*item.shape[::2], plan, look)
    for start in range(0, item.shape[1], step):
        windows.add(item[:, start : start + step])
    windows.finish()
    return strips, seen


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(1, 50), st.integers(1, 40), st.integers(0, 9))
def test_every_line_is_owned_once_and_seen_with_its_neighbours(lines, step, core, reach):
    plan = Plan(1, core, reach, 1.0)
    item = np.arange(lines, dtype=np.float32)[None, :, None].repeat(3, 2)
    _, seen = looked_at(item, plan, lambda *_: finding(0.0), step)
    assert [line for window in seen for line in window.core] == list(range(lines))
    for window in seen:
        top, bottom = window.first, window.first + window.picture.shape[1]
        assert np.array_equal(window.picture, item[:, top:bottom])
        assert top <= max(0, window.core.start - reach)
        assert bottom >= min(lines, window.core.stop + reach)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 150), st.integers(1, 40), st.integers(0, 20), st.integers(1, 9))
def test_a_thing_is_found_once_and_in_its_place(top, high, left, wide):
    item = np.full((1, 200, WIDTH), 0.95, np.float32)
    item[:, top : top + high, left : left + wide] = 0.1
    strips, _ = looked_at(item)
    [region] = strips.regions(2 * item.shape[1], 2 * WIDTH)
    assert (region.x, region.y, region.w, region.h) == (2 * left, 2 * top, 2 * wide, 2 * high)
    assert strips.score == region.score == 0.8


def test_what_is_seen_only_where_a_window_is_cut_does_not_count():
    item = np.full((1, 200, WIDTH), 0.8, np.float32)  # goods all over, cut by every window
    item[:, [0, 1, -2, -1]] = 0.95
    strips, seen = looked_at(item)
    assert len(seen) > 3
    assert blocks_of(seen[1].picture, 2.0, 1).score == 0.99
    assert strips.regions(400, 60) == ()
    assert strips.score <= 0.3


def test_a_window_that_nothing_can_be_said_about_is_noted():
    def blind(picture, pitch_mm, threads):
        raise BadPicture("the picture is black")

    strips, _ = looked_at(np.zeros((1, 20, WIDTH), np.float32), recognise=blind)
    assert strips.unseen == ["the picture is black"]


def test_windows_see_what_one_look_sees():
    goods = [scene(seed, lines=700, pixels=400, threat=seed == 1) for seed in (1, 5, 7)]
    both = [np.stack([part.low, part.high]) for part in goods]
    item = (np.concatenate(both, axis=1) / np.float32(OPEN)).astype(np.float32).clip(1e-4, 1)
    plan = Plan.of(Sight(inspect), PITCH_MM)
    strips, seen = looked_at(shrunk(item, plan.shrink), plan, inspect, 50)
    whole = inspect(item, PITCH_MM)
    assert len(seen) > 1
    assert strips.score == pytest.approx(whole.score, abs=0.02)
    strongest = strips.regions(*item.shape[1:])[0]
    assert (strongest.x, strongest.y) == (whole.regions[0].x, whole.regions[0].y)


@pytest.mark.parametrize(
    ("pitch", "shrink", "millimetres"), [(0.4, 5, 2.0), (1.0, 2, 2.0), (1.5, 1, 1.5), (5, 1, 5.0)]
)
def test_windows_are_planned_in_millimetres(pitch, shrink, millimetres):
    plan = Plan.of(Sight(blocks_of, finest_mm=2.0, reach_mm=192.0), pitch)
    assert (plan.shrink, plan.pitch_mm) == (shrink, pytest.approx(millimetres))
    assert plan.reach * plan.pitch_mm >= 192
    assert plan.core * plan.pitch_mm == pytest.approx(1024, rel=0.1)


# Pictures ----------------------------------------------------------------------------------------


def test_small_pixels_are_means_of_squares():
    planes = np.arange(2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    squares = planes.reshape(2, 2, 2, 3, 2).mean((2, 4))
    assert shrunk(planes, 2) == pytest.approx(squares)
    assert shrunk(planes, 1) is planes
    assert shrunk(planes[:, :3, :5], 2)[:, 1, 2] == pytest.approx(planes[:, 2, 4])


@settings(max_examples=40, deadline=None)
@given(st.floats(1 / 65_535, 1.0))
def test_counts_are_the_nearest(value):
    counts = as_counts(np.full((1, 1, 1), value, np.float32))
    assert abs(int(counts[0, 0, 0]) - value * 65_535) <= 0.51  # half a step, and float32


def test_parts_are_named_and_placed():
    lines = np.ones((2, 5, 7), np.uint16)
    assert [(p.kind, p.top, p.height) for p in render(lines, 0)] == [("low", 0, 5), ("high", 0, 5)]
    assert [(p.kind, p.top) for p in render(lines, 2)] == [
        ("low-3", 2 * PART),
        ("high-3", 2 * PART),
    ]
    assert [p.kind for p in render(lines[:1], 1)] == ["high-2"]


def test_the_overview_stays_small_and_in_place():
    overview = Overview(2600, 0.5)
    part = np.full((2, PART, 2600), 40_000, np.uint16)
    for index in range(8):
        part[:] = 10_000 if index == 5 else 40_000
        overview.add(part, np.arange(PART) == (100 if index == 3 else -1))
    small = overview.picture()
    [lost] = np.flatnonzero(overview.lost())
    assert lost == (3 * PART + 100) // round(overview.pitch_mm / 0.5)
    assert len(overview.lost()) == small.shape[1]
    assert small.shape[1] <= LONGEST
    assert small.shape[2] <= 1280
    dark = np.flatnonzero(small[0, :, 10] < 0.3) * overview.pitch_mm / 0.5
    assert dark[[0, -1]] == pytest.approx([5 * PART, 6 * PART], abs=overview.pitch_mm / 0.5)
