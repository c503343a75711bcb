"""The world's documents: the right size, the right print, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from edge.documents.mrz import parse
from edge.documents.mrz_layout import Format
from simulators.world.documents import printed_lines, render_document, sheet_size
from simulators.world.documents_camera import photograph
from simulators.world.documents_holder import FORMATS, fictitious, zone
from simulators.world.portraits import portrait
from simulators.world.typeface import CHARACTERS, draw_line, outlines

SIZES = {  # mm, Doc 9303-4 to -7
    Format.TD1: (85.6, 54.0),
    Format.TD2: (105.0, 74.0),
    Format.TD3: (125.0, 88.0),
    Format.MRVA: (120.0, 80.0),
    Format.MRVB: (105.0, 74.0),
}


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("seed", range(40))
def test_every_zone_is_one_that_the_parser_accepts(kind: Format, seed: int) -> None:
    holder = fictitious(seed)
    found = parse(zone(holder, kind))
    assert found.format is kind
    assert found.valid
    assert found.fields["document_number"] == holder.number
    assert found.fields["surname"].startswith(holder.surname[:20])


def test_the_old_french_card_is_no_layout_of_ours() -> None:
    with pytest.raises(ValueError, match="no ICAO layout"):
        zone(fictitious(1), Format.FRA_ID)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("dpi", [100, 254, 600])
def test_a_page_has_its_real_size(kind: Format, dpi: int) -> None:
    page = render_document(zone(fictitious(2), kind), dpi, 2)
    width, height = SIZES[kind]
    assert page.shape == (round(height * dpi / 25.4), round(width * dpi / 25.4), 3)
    assert page.dtype == np.uint8


def test_the_zone_is_ten_to_the_inch_and_inside_the_page() -> None:
    lines = zone(fictitious(3), Format.TD3)
    upper, lower = printed_lines(lines, 254)  # 10 dots per mm
    assert upper.pitch == pytest.approx(25.4)
    assert lower.middle - upper.middle == pytest.approx(63.5)
    assert 880 - lower.middle == pytest.approx(94)
    assert upper.left + 44 * upper.pitch < 1250


def test_ink_lies_where_the_lines_are_told_to_be() -> None:
    lines = zone(fictitious(4), Format.TD2)
    page = render_document(lines, 254, 4).mean(2)
    for line in printed_lines(lines, 254):
        at, half = round(line.middle), round(line.pitch / 2)
        left, right = round(line.left), round(line.left + 36 * line.pitch)
        between = page[at + 2 * half : at + 3 * half, left:right]
        assert page[at - half : at + half, left:right].min() < between.min() - 60


@pytest.mark.parametrize("lines", [(), ("P<UTO",), ("A" * 30, "B" * 30), ("A" * 44,) * 3])
def test_lines_that_no_document_has_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="a zone has"):
        sheet_size(lines)


@pytest.mark.parametrize("dpi", [0, 99, 601])
def test_a_resolution_that_no_scanner_has_is_refused(dpi: int) -> None:
    with pytest.raises(ValueError, match="dpi"):
        render_document(zone(fictitious(1), Format.TD1), dpi, 1)


def test_a_seed_is_a_page_and_another_seed_is_another() -> None:
    lines = zone(fictitious(5), Format.TD3)
    first, again, other = (render_document(lines, 120, seed) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert fictitious(5) == fictitious(5) != fictitious(6)


def test_a_photograph_has_its_frame_and_follows_from_its_seed() -> None:
    page = render_document(zone(fictitious(6), Format.TD1), 150, 6)
    first, again, other = (photograph(page, seed, frame=(300, 400), turn=90) for seed in (1, 1, 2))
    assert first.shape == (300, 400, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_quarter_turn_stands_the_page_on_its_side() -> None:
    page = np.full((200, 400, 3), 255, np.uint8)
    page[:, :100] = 0  # the left quarter is black
    seen = photograph(page, 3, turn=90, frame=(800, 800), share=0.95, tilt=0.0, wear=0.0)
    rows = np.argwhere(seen.min(2) < 8)[:, 0]
    assert rows.mean() > 400  # counter-clockwise: left goes down


def test_faces_differ_and_repeat() -> None:
    first, again, other = (portrait(seed, 128, 100) for seed in (1, 1, 2))
    assert first.shape == (128, 100, 3)
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


def test_the_typeface_has_every_character_and_no_two_alike() -> None:
    assert set(outlines()) == set(CHARACTERS)
    drawn = {}
    for character in CHARACTERS:
        ink = np.zeros((60, 40), np.uint8)
        draw_line(ink, character, 0, 30, 40)
        drawn[character] = ink.astype(int)
    for one in CHARACTERS:
        for other in CHARACTERS[: CHARACTERS.index(one)]:
            assert np.abs(drawn[one] - drawn[other]).sum() > 8000, f"{one} looks like {other}"


def test_a_bolder_pen_leaves_more_ink() -> None:
    thin, bold = np.zeros((60, 200), np.uint8), np.zeros((60, 200), np.uint8)
    draw_line(thin, "ABC", 10, 30, 40)
    draw_line(bold, "ABC", 10, 30, 40, weight=0.06)
    assert bold.sum() > 1.15 * thin.sum()
    with pytest.raises(KeyError):
        draw_line(thin, "é", 0, 30, 40)
