"""Each forgery by name is caught by its check; bona fide pages pass; no light, no evidence."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edge.documents.mrz import parse
from edge.documents.optical.judge import (
    GROUPS,
    NAMES,
    OpticalModels,
    grouped,
    open_models,
    optical_checks,
)
from edge.documents.optical.light import Light
from edge.documents.optical.model import shipped
from edge.documents.page import PageReading, read
from edge.documents.result import Check, Status, aborted, failed, not_supported, successful
from models.face.pack import open_pack
from simulators.world.documents_holder import zone
from simulators.world.documents_light import (
    Forgery,
    passport,
    photographed,
    utopian,
    utopian_zone,
)
from simulators.world.documents_light_design import HEIGHT, WIDTH
from simulators.world.portraits import portrait

MODELS = open_models(open_pack())
CAUGHT_BY = {
    Forgery.BRIGHT_PAPER: "uv-dullness",
    Forgery.MRZ_DYE: "ir-mrz-visible",
    Forgery.LASER_PRINT: "ir-background-gone",
    Forgery.NO_MOTIF: "uv-motif",
    Forgery.PHOTO_SUBSTITUTED: "printed-portrait",
    Forgery.COPIED: "security-features",
    Forgery.FOREIGN_TYPE: "mrz-typeface",
}
SEEDS = (700, 701, 702)


@cache
def looked_at(
    seed: int, forgery: Forgery | None = None, dpi: float = 200.0, turn: float = 0.0
) -> tuple[dict[Light, np.ndarray], PageReading]:
    pictures = photographed(passport(seed, dpi, forgery), seed, turn)
    return pictures, read(pictures[Light.WHITE])


def judged(seed: int, forgery: Forgery | None = None, **how: float) -> dict[str, Check]:
    pictures, reading = looked_at(seed, forgery, **how)
    return optical_checks(pictures, reading, portrait(seed, 480, 360), MODELS)


def names(checks: dict[str, Check], status: Status) -> set[str]:
    return {name for name, check in checks.items() if check.status is status}


@pytest.fixture(scope="module")
def genuine() -> tuple[dict[Light, np.ndarray], PageReading]:
    return looked_at(SEEDS[0])


@pytest.mark.parametrize("forgery", Forgery)
def test_each_forgery_is_caught_by_its_check_and_by_no_other(forgery: Forgery) -> None:
    checks = judged(SEEDS[0], forgery)
    assert names(checks, Status.FAILED) == {CAUGHT_BY[forgery]}, checks


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_without_a_face_model_another_persons_photo_never_passes(seed: int) -> None:
    pictures, reading = looked_at(seed, Forgery.PHOTO_SUBSTITUTED)
    checks = optical_checks(pictures, reading, portrait(seed, 480, 360), open_models())
    answer = checks["printed-portrait"]
    assert answer.status in (Status.FAILED, Status.UNDETERMINED)
    assert "no face model" in answer.detail


def test_every_forgery_has_a_check_that_exists() -> None:
    assert set(CAUGHT_BY) == set(Forgery)
    assert set(CAUGHT_BY.values()) <= set(NAMES)


@pytest.mark.parametrize(("seed", "dpi", "turn"), [(710, 200, 4), (711, 200, 180), (712, 300, 90)])
def test_a_bona_fide_page_passes_every_check(seed: int, dpi: float, turn: float) -> None:
    checks = judged(seed, dpi=dpi, turn=turn)
    assert names(checks, Status.SUCCESSFUL) == set(NAMES), checks


def test_a_page_without_a_lid_around_it_is_placed_too() -> None:
    pictures = passport(SEEDS[1])
    checks = optical_checks(
        pictures, read(pictures[Light.WHITE]), portrait(SEEDS[1], 480, 360), MODELS
    )
    assert names(checks, Status.SUCCESSFUL) == set(NAMES), checks


def test_white_light_alone_supports_what_it_can(
    genuine: tuple[dict[Light, np.ndarray], PageReading],
) -> None:
    pictures, reading = genuine
    checks = optical_checks({Light.WHITE: pictures[Light.WHITE]}, reading, None, MODELS)
    missing = {name for name in NAMES if name.startswith(("uv-", "ir-"))}
    assert names(checks, Status.NOT_SUPPORTED) == missing
    assert checks["printed-portrait"].status is Status.ABORTED
    assert checks["security-features"].status is Status.SUCCESSFUL


def test_without_white_light_nothing_is_said(
    genuine: tuple[dict[Light, np.ndarray], PageReading],
) -> None:
    pictures, reading = genuine
    others = {light: image for light, image in pictures.items() if light is not Light.WHITE}
    assert names(optical_checks(others, reading, None, MODELS), Status.ABORTED) == set(NAMES)


def test_a_page_of_no_known_model_has_the_checks_that_need_none() -> None:
    pictures, reading = looked_at(SEEDS[0])
    strange = OpticalModels((), MODELS.patches)
    checks = optical_checks(pictures, reading, portrait(SEEDS[0], 480, 360), strange)
    assert names(checks, Status.SUCCESSFUL) == {"uv-dullness", "ir-mrz-visible", "mrz-typeface"}
    assert names(checks, Status.NOT_SUPPORTED) == set(NAMES) - names(checks, Status.SUCCESSFUL)


def test_bright_paper_is_seen_without_a_model() -> None:
    pictures, reading = looked_at(SEEDS[0], Forgery.BRIGHT_PAPER)
    checks = optical_checks(pictures, reading, None, OpticalModels(()))
    assert checks["uv-dullness"].status is Status.FAILED


def test_another_states_passport_matches_no_model() -> None:
    lines = list(utopian_zone(3))
    lines[0] = "P<D<<" + lines[0][5:]
    assert not any(model.fits(parse(lines)) for model in shipped())
    assert any(model.fits(parse(utopian_zone(3))) for model in shipped())


def test_lamps_that_are_off_are_no_evidence(
    genuine: tuple[dict[Light, np.ndarray], PageReading],
) -> None:
    pictures, reading = genuine
    dark = {light: np.zeros_like(image) for light, image in pictures.items()}
    dark[Light.WHITE] = pictures[Light.WHITE]
    checks = optical_checks(dark, reading, None, MODELS)
    for name in NAMES:
        if name.startswith(("uv-", "ir-")):
            assert checks[name].status is Status.UNDETERMINED, name


def test_a_lane_without_networks_does_not_support_what_they_tell(
    genuine: tuple[dict[Light, np.ndarray], PageReading],
) -> None:
    checks = optical_checks(*genuine, None, open_models(real_hardware=True))
    assert checks["security-features"].status is Status.NOT_SUPPORTED
    assert checks["mrz-typeface"].status is Status.NOT_SUPPORTED


def test_too_few_pixels_are_undetermined() -> None:
    pictures, reading = looked_at(SEEDS[2], dpi=150)
    checks = optical_checks(pictures, reading, None, MODELS)
    assert checks["security-features"].status is Status.UNDETERMINED


def test_the_same_pictures_get_the_same_answers(
    genuine: tuple[dict[Light, np.ndarray], PageReading],
) -> None:
    dg2 = portrait(SEEDS[0], 480, 360)
    assert optical_checks(*genuine, dg2, MODELS) == optical_checks(*genuine, dg2, MODELS)
    again = photographed(passport(SEEDS[0]), SEEDS[0])
    assert all(np.array_equal(again[light], genuine[0][light]) for light in Light)


@pytest.mark.parametrize("kind", ["noise", "black", "white", "grey"])
def test_garbage_passes_nothing_that_looks_at_it(
    kind: str, genuine: tuple[dict[Light, np.ndarray], PageReading]
) -> None:
    pictures, reading = genuine
    shape = pictures[Light.WHITE].shape
    made = {
        "noise": np.random.default_rng(1).integers(0, 256, shape, np.uint8),
        "black": np.zeros(shape, np.uint8),
        "white": np.full(shape, 255, np.uint8),
        "grey": np.full(shape[:2], 128, np.uint8),
    }[kind]
    checks = optical_checks(dict.fromkeys(Light, made), reading, made, MODELS)
    passed = names(checks, Status.SUCCESSFUL)
    assert passed <= {"document-model", "uv-dullness", "security-features", "ir-background-gone"}
    assert set(checks) == set(NAMES)
    if kind in ("black", "white", "grey"):
        assert "security-features" not in passed


def test_no_zone_is_no_evidence() -> None:
    blank = np.full((300, 400, 3), 200, np.uint8)
    checks = optical_checks({Light.WHITE: blank}, PageReading(None), None, MODELS)
    assert names(checks, Status.ABORTED) == set(NAMES)


@pytest.mark.parametrize(
    "quad",
    [
        (),
        ((0.0, 0.0),) * 4,
        ((float("nan"), 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
        ((-1e7, -1e7), (1e7, -1e7), (1e7, 1e7), (-1e7, 1e7)),
    ],
)
def test_a_quad_that_is_none_is_no_crash(
    quad: tuple[tuple[float, float], ...], genuine: tuple[dict[Light, np.ndarray], PageReading]
) -> None:
    pictures, reading = genuine
    bad = PageReading(reading.zone, quad=quad)
    checks = optical_checks(pictures, bad, None, MODELS)
    assert "printed-portrait" not in names(checks, Status.SUCCESSFUL)


def test_pictures_of_several_sizes_or_kinds_are_refused(
    genuine: tuple[dict[Light, np.ndarray], PageReading],
) -> None:
    pictures, reading = genuine
    with pytest.raises(ValueError, match="differ in size"):
        optical_checks(
            {**pictures, Light.INFRARED: np.zeros((4, 4), np.uint8)}, reading, None, MODELS
        )
    with pytest.raises(ValueError, match="give uint8"):
        optical_checks({Light.WHITE: np.zeros((40, 40, 3), np.float32)}, reading, None, MODELS)


def test_groups_say_the_worst_that_counts() -> None:
    checks = dict.fromkeys(NAMES, successful("holder of nothing"))
    assert {c.status for c in grouped(checks).values()} == {Status.SUCCESSFUL}
    checks["uv-motif"] = not_supported("no light")
    assert grouped(checks)["spectral"].status is Status.SUCCESSFUL
    checks["ir-mrz-visible"] = aborted("cable")
    assert grouped(checks)["spectral"].status is Status.ABORTED
    checks["uv-dullness"] = failed("glows")
    assert grouped(checks)["spectral"] == failed("uv-dullness: glows")
    assert set(GROUPS) == set(grouped(checks))


def test_no_detail_holds_the_holder() -> None:
    holder = utopian(SEEDS[0])
    for forgery in (None, Forgery.FOREIGN_TYPE):
        said = " ".join(check.detail for check in judged(SEEDS[0], forgery).values())
        assert holder.surname not in said
        assert holder.number not in said


def test_the_page_is_td3() -> None:
    page = passport(1, 254)
    assert page[Light.WHITE].shape == (HEIGHT * 10, WIDTH * 10, 3)
    assert page[Light.INFRARED].shape == (HEIGHT * 10, WIDTH * 10)
    assert parse(zone(utopian(1), parse(utopian_zone(1)).format)).valid
