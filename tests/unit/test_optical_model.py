"""Document models: the shipped one, what is refused, which version is taken; the page placed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents.mrz import parse
from edge.documents.optical.light import Light
from edge.documents.optical.model import SHIPPED, match, models, shipped
from edge.documents.optical.portrait import ALIKE, UNLIKE, correlation
from edge.documents.optical.registration import SCALE, SIZES, character_places, register
from edge.documents.page import read
from models.catalogue import WEIGHTS, card
from models.document.patches import NAME, SIDE, Question, fed, score
from models.training.optical_judge import AREAS
from settings.files import ConfigError
from simulators.world.documents import printed_lines
from simulators.world.documents_holder import FORMATS, fictitious, zone
from simulators.world.documents_light import PHOTO_MM, passport, photographed, utopian_zone
from simulators.world.documents_light_design import MOTIF
from simulators.world.portraits import portrait

TEXT = (SHIPPED / "uto_p_1.toml").read_text(encoding="utf-8")


def test_the_shipped_model_is_the_design_of_the_state() -> None:
    (model,) = shipped()
    assert model.portrait is not None
    place = model.portrait
    assert (place.left, place.top, place.width, place.height) == PHOTO_MM
    centre, outer, inner = MOTIF
    radii = np.linalg.norm(np.array(model.motif[0].points) - centre, axis=1)
    assert radii[::2] == pytest.approx(np.full(8, outer), abs=0.02)
    assert radii[1::2] == pytest.approx(np.full(8, inner), abs=0.02)


def test_the_network_was_judged_where_the_model_looks() -> None:
    (model,) = shipped()
    areas = [feature.area for feature in model.features]
    assert tuple((a.left, a.top, a.width, a.height) for a in areas) == AREAS


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("version = 1", "version = 1\ncolor = 3"), "unknown key"),
        (("[[white]]", "[[whites]]"), "unknown key; did you mean 'white'"),
        (("left = 4\n", "left = 94\n"), "beside a page"),
        (("least = 60 ", "least = 600 "), "least"),
        (('format = "TD3"', 'format = "FRA_ID"'), "no size"),
        (('colour = "green"', 'colour = "mauve"'), "blue"),
        (('name = "uto-p-1"', "name = "), "not TOML"),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    assert change[0] in TEXT
    (tmp_path / "one.toml").write_text(TEXT.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=complaint):
        models(tmp_path)


def test_of_two_versions_the_nearer_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        TEXT.replace("uto-p-1", "uto-p-0").replace("mean = [205, 209, 202]", "mean = [90, 90, 90]"),
        encoding="utf-8",
    )
    (tmp_path / "b.toml").write_text(TEXT, encoding="utf-8")
    pictures = passport(5)
    reading = read(pictures[Light.WHITE])
    assert reading.zone is not None
    page = register(pictures, reading.zone, reading.quad)
    assert page is not None
    found = match(page, reading.zone, models(tmp_path))
    assert found is not None
    assert found.name == "uto-p-1"


@pytest.mark.parametrize("kind", FORMATS)
def test_the_places_of_characters_are_those_of_doc_9303(kind: object) -> None:
    lines = zone(fictitious(4), kind)  # type: ignore[arg-type]
    places = character_places(parse(lines))
    for row, line in zip(places, printed_lines(lines, 25.4), strict=True):
        assert row[0] == pytest.approx([line.left + line.pitch / 2, line.middle])
        assert row[-1][0] == pytest.approx(line.left + (len(line.text) - 0.5) * line.pitch)


@pytest.mark.parametrize(("dpi", "turn"), [(200, 2), (300, 180)])
def test_a_page_is_laid_out_within_a_quarter_of_a_millimetre(dpi: float, turn: float) -> None:
    pages = passport(21, dpi)
    pictures = photographed(pages, 21, turn)
    parsed = parse(utopian_zone(21))
    page = register(pictures, parsed, read(pictures[Light.WHITE]).quad)
    assert page is not None
    assert page.edges == 4
    width, height = (round(mm * SCALE) for mm in SIZES[parsed.format])
    true = cv2.resize(pages[Light.WHITE], (width, height), interpolation=cv2.INTER_AREA)
    for y, x in ((40, 20), (40, 860), (580, 20), (560, 860)):
        one, other = (
            cv2.cvtColor(i[y : y + 112, x : x + 112], cv2.COLOR_BGR2GRAY).astype(np.float32)
            for i in (true, page.pages[Light.WHITE])
        )
        shift, _ = cv2.phaseCorrelate(one, other)
        assert float(np.hypot(*shift)) < 0.25 * SCALE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000)), min_size=4, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_any_four_corners_give_a_page_or_none(quad: list[tuple[float, float]], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (300, 420), np.uint8)
    page = register({Light.WHITE: noise}, parse(utopian_zone(1)), tuple(quad))
    assert page is None or page.pages[Light.WHITE].shape == (88 * SCALE, 125 * SCALE)


def test_one_photograph_correlates_and_two_persons_do_not() -> None:
    alike = [correlation(portrait(s, 354, 276), portrait(s, 480, 360)) for s in range(40, 44)]
    apart = [correlation(portrait(s, 354, 276), portrait(s + 100, 480, 360)) for s in range(40, 44)]
    assert min(alike) > ALIKE
    assert max(apart) < ALIKE
    assert min(apart) < UNLIKE


def test_a_score_is_the_mean_of_held_logits() -> None:
    logits = np.array([[50.0, 0.0], [-2.0, 0.0]], np.float32)
    assert score(logits, Question.PRINT) == pytest.approx(1 / (1 + np.exp(-2)))
    assert score(logits, Question.TYPE) == 0.5


def test_patches_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="64 × 64"):
        fed([])
    with pytest.raises(ValueError, match="64 × 64"):
        fed([np.zeros((SIDE, SIDE), np.uint8)])


def test_the_network_is_small_and_its_card_says_what_it_keeps() -> None:
    entry = card(NAME)
    assert (WEIGHTS / f"{NAME}.onnx").stat().st_size < 2**20
    assert entry.grade == "simulation"
    assert float(entry.metrics["false_alarms_print"]) <= 0.02
    assert float(entry.metrics["false_alarms_type"]) <= 0.02
