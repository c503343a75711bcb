"""Pages in, lines out: real specimens where they are at hand, rendered pages always."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents.mrz_layout import Format
from models.mrz.reader import read_page
from simulators.world.documents import render_document
from simulators.world.documents_camera import photograph
from simulators.world.documents_holder import FORMATS, fictitious, zone

SPECIMENS = Path(__file__).parents[2].parent / "shared" / "data" / "docimg"
SEEDS = 7_000_000_000  # far from those of any training


@pytest.fixture(scope="module")
def specimens() -> list[dict[str, Any]]:
    if not SPECIMENS.is_dir():
        pytest.skip(f"no specimen pictures at {SPECIMENS.name}/: they are not part of the project")
    return [json.loads(line) for line in (SPECIMENS / "truth.jsonl").read_text().splitlines()]


def test_real_specimens_are_read_whole_and_nothing_is_read_where_nothing_is(
    specimens: list[dict[str, Any]],
) -> None:
    right, wrong = [], []
    for row in specimens:
        found = read_page(np.asarray(cv2.imread(str(SPECIMENS / row["file"])), np.uint8))
        if row["mrz"] is None:
            assert found is None, f"{row['file']} has no zone and was read"
        else:
            same = found is not None and list(found.lines) == row["mrz"]
            (right if same else wrong).append(row["file"])
    assert len(right) >= 21, f"{len(right)} of {len(right) + len(wrong)}; not: {wrong}"


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read_from_a_scan(kind: Format) -> None:
    lines = zone(fictitious(SEEDS), kind)
    found = read_page(render_document(lines, 200, SEEDS))
    assert found is not None
    assert found.lines == lines
    assert abs(found.rotation) < 3


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 12, -7])
def test_any_turn_is_read_and_told(turn: int) -> None:
    lines = zone(fictitious(SEEDS + 1), Format.TD3)
    page = render_document(lines, 200, SEEDS + 1)
    found = read_page(
        photograph(page, SEEDS + 1, turn=turn, frame=(1000, 1200), tilt=0.02, wear=0.1)
    )
    assert found is not None
    assert found.lines == lines
    assert abs((found.rotation + turn + 180) % 360 - 180) < 4  # ``turn`` counts the other way


def test_most_hurried_photographs_are_read() -> None:
    right = 0
    for seed in range(SEEDS + 100, SEEDS + 115):
        lines = zone(fictitious(seed), FORMATS[seed % 5])
        page = render_document(lines, 180, seed)
        found = read_page(
            photograph(page, seed, turn=(seed % 4) * 90 + 4, frame=(900, 1200), wear=0.6)
        )
        right += found is not None and found.lines == lines
    assert right >= 12


def test_the_corners_lie_around_the_printed_lines() -> None:
    lines = zone(fictitious(SEEDS + 2), Format.TD3)
    found = read_page(render_document(lines, 254, SEEDS + 2))  # 10 dots per mm
    assert found is not None
    left, right = 60, 60 + 44 * 25.4
    top, bottom = 880 - 157.5 - 13, 880 - 94 + 13
    expected = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    assert np.abs(np.array(found.quad) - expected).max() < 20


def test_confidence_and_alternatives_belong_to_the_characters() -> None:
    lines = zone(fictitious(SEEDS + 3), Format.TD2)
    found = read_page(render_document(lines, 300, SEEDS + 3))
    assert found is not None
    assert [len(line) for line in found.confidence] == [36, 36]
    for line, chances, ranked in zip(
        found.lines, found.confidence, found.alternatives, strict=True
    ):
        assert "".join(best[0][0] for best in ranked) == line
        assert all(0 <= chance <= 1 for chance in chances)


def test_a_page_of_twelve_megapixels_is_read() -> None:
    lines = zone(fictitious(SEEDS + 4), Format.TD3)
    desk = np.full((3000, 4000, 3), 60, np.uint8)
    page = render_document(lines, 600, SEEDS + 4)
    desk[400 : 400 + page.shape[0], 700 : 700 + page.shape[1]] = page
    found = read_page(desk)
    assert found is not None
    assert found.lines == lines


def _words() -> np.ndarray:
    page = np.full((900, 1200), 245, np.uint8)
    for y in range(60, 880, 36):
        cv2.putText(page, "THE BEARER OF THIS PAGE IS 44 AND HAS NO ZONE", (40, y), 0, 1, (20,), 2)
    return page


def _bars() -> np.ndarray:
    rng = np.random.default_rng(3)
    bars = rng.integers(0, 2, (1, 200), dtype=np.uint8) * 255
    return np.asarray(cv2.resize(bars, (1000, 300), interpolation=cv2.INTER_NEAREST), np.uint8)


EMPTY = {
    "white": np.full((800, 1000, 3), 255, np.uint8),
    "black": np.zeros((480, 640), np.uint8),
    "grey ramp": np.tile(np.linspace(0, 255, 640).astype(np.uint8), (480, 1)),
    "noise": np.random.default_rng(1).integers(0, 256, (700, 900, 3), dtype=np.uint8),
    "one pixel": np.zeros((1, 1), np.uint8),
    "one row": np.zeros((1, 4000), np.uint8),
    "one column": np.full((3000, 1, 3), 9, np.uint8),
    "words": _words(),
    "bars": _bars(),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_is_read_where_nothing_is(name: str) -> None:
    assert read_page(EMPTY[name]) is None


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 1 << 20), st.booleans())
def test_any_small_picture_is_answered(height: int, width: int, seed: int, colour: bool) -> None:
    shape = (height, width, 3) if colour else (height, width)
    picture = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    assert read_page(picture) is None


@pytest.mark.parametrize(
    "array",
    [np.zeros((10, 10), np.float32), np.zeros((0, 5), np.uint8), np.zeros((4, 4, 4), np.uint8)],
)
def test_what_is_no_image_is_refused(array: Any) -> None:
    with pytest.raises(ValueError, match="a page is"):
        read_page(array)
