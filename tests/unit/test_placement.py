"""What the picture of the page says of how the document lies: every problem, and no false alarm."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.documents.page import PageReading, load, read
from edge.egate.advice import Advice
from edge.egate.placement import Placement, Problem, judge
from simulators.world.documents_paper import security_paper
from tests.unit.placement_scenes import Image, laid, page, scene

SHARED = Path(__file__).parents[2].parent / "shared"
DOCIMG = SHARED / "data/docimg"
EACH = 20 if os.environ.get("BORDER_TEST_ALL") else 3  # scenes per problem
MAY_BE_READ = {Problem.GLARE, Problem.NOT_FLAT}  # all the same, and are then well
NOTHING = PageReading(zone=None)


def judged(problem: Problem) -> Iterator[Problem]:
    for seed in range(EACH):
        image, before = scene(problem, 7000 + seed)
        reading = read(image)
        found = judge(image, reading, before).problem
        assert found is not Problem.GOOD or reading.valid or reading.quad
        yield found


@pytest.fixture(scope="module")
def table() -> dict[Problem, Counter[Problem]]:
    return {problem: Counter(judged(problem)) for problem in Problem}


def test_every_problem_is_told_from_the_others(table: dict[Problem, Counter[Problem]]) -> None:
    print("\n" + " " * 12 + "".join(f"{problem[:10]:>12}" for problem in Problem))
    for laid_as, seen in table.items():
        print(f"{laid_as:12}" + "".join(f"{seen[problem]:12}" for problem in Problem))
    for laid_as, seen in table.items():
        right = seen[laid_as] + seen[Problem.GOOD] * (laid_as in MAY_BE_READ)
        assert right >= 0.85 * EACH, laid_as
        assert seen[laid_as] >= 0.4 * EACH, laid_as


def test_nobody_is_asked_to_mend_what_is_well(table: dict[Problem, Counter[Problem]]) -> None:
    assert table[Problem.GOOD] == {Problem.GOOD: EACH}


def test_a_page_that_can_be_read_is_not_complained_about_for_its_light() -> None:
    image, _ = scene(Problem.GOOD, 1)
    whole = read(image)
    assert whole.valid
    spoilt = image.copy()
    spoilt[40:200, 60:300] = 255  # a lamp over the portrait, far from the zone
    assert judge(spoilt, whole).problem is Problem.GOOD
    assert judge(spoilt, NOTHING).problem is Problem.GLARE


def test_more_lean_is_more_certain() -> None:
    sure = [judge(laid(page(3), turn), read(laid(page(3), turn))).confidence for turn in (10, 16)]
    assert 0.5 < sure[0] < sure[1] < 1


def test_a_document_that_comes_or_goes_has_not_moved() -> None:
    empty, _ = scene(Problem.ABSENT, 1)
    image, _ = scene(Problem.GOOD, 1)
    assert judge(image, read(image), empty).problem is Problem.GOOD
    assert judge(empty, NOTHING, image).problem is Problem.ABSENT


def test_a_card_in_the_corner_hangs_over_nothing() -> None:
    card = security_paper(380, 600, np.random.default_rng(5))  # 85.6 × 54 mm, its other side
    glass = np.full((672, 934, 3), 34, np.uint8)
    glass[-380:, :600] = card
    assert judge(glass, NOTHING).problem is Problem.WRONG_PAGE
    glass[:] = 34
    glass[300:, 20:914] = cv2.resize(card, (894, 372))  # a page half out of the picture
    assert judge(glass, NOTHING).problem is Problem.SKEWED


def test_another_exposure_is_no_move() -> None:
    image, _ = scene(Problem.GOOD, 2)
    darker = (image * 0.6).astype(np.uint8)
    assert judge(darker, read(image), image).problem is Problem.GOOD


@given(
    arrays(np.uint8, st.sampled_from([(16, 16, 3), (40, 70), (33, 16, 3), (16, 90, 3)])),
    st.sampled_from([NOTHING, PageReading(None, quad=((0, 0),) * 4, rotation=-170.0)]),
)
@settings(max_examples=60, deadline=None)
def test_any_picture_is_judged(image: Image, reading: PageReading) -> None:
    found = judge(image, reading, image[::-1].copy())
    assert 0 <= found.confidence <= 1


@pytest.mark.parametrize("image", [np.zeros((40, 40)), np.zeros((4, 40), np.uint8)])
def test_what_is_no_picture_is_refused(image: Image) -> None:
    with pytest.raises(ValueError, match="a page is uint8, 16 pixels or more"):
        judge(image, NOTHING)


def test_advice_waits_to_be_sure_and_stays_to_be_read() -> None:
    advice = Advice()
    glare, skewed = Placement(Problem.GLARE, 0.6), Placement(Problem.SKEWED, 0.95)
    assert advice.update(glare, 0.0) is None  # once, and not sure
    assert advice.update(glare, 0.2) is Problem.GLARE
    assert advice.update(skewed, 0.4) is Problem.GLARE  # still being read
    assert advice.update(skewed, 2.8) is Problem.SKEWED
    assert advice.update(Placement(Problem.GOOD, 1.0), 2.9) is None
    assert advice.update(skewed, 3.0) is Problem.SKEWED  # beyond doubt: at once


@pytest.mark.parametrize(
    ("quarters", "expected"),
    [(0, Problem.GOOD), (1, Problem.SKEWED), (2, Problem.UPSIDE_DOWN), (3, Problem.SKEWED)],
)
def test_real_specimens_at_every_turn(quarters: int, expected: Problem) -> None:
    if not DOCIMG.is_dir():
        pytest.skip(f"no {DOCIMG}")
    rows = [json.loads(line) for line in (DOCIMG / "truth.jsonl").read_text().splitlines()]
    passports = [row["file"] for row in rows if row["format"] == "TD3" and row["mrz"]][:3]
    seen = []
    for name in passports:
        image = np.ascontiguousarray(np.rot90(load(DOCIMG / name), quarters))
        seen.append(judge(image, read(image)).problem)
    assert seen == [expected] * len(passports)
