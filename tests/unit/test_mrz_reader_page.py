"""From the reader's lines to a parsed zone: repairs, files, the command."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from edge.documents.cli_page import read_images
from edge.documents.mrz import check_digit
from edge.documents.mrz_layout import Format
from edge.documents.page import PageError, load, read
from edge.documents.page_repair import repaired
from simulators.world.documents import render_document
from simulators.world.documents_holder import fictitious, zone

UTOPIA = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)


def considered(
    lines: tuple[str, ...], others: dict[tuple[int, int], list[tuple[str, float]]]
) -> list[list[list[tuple[str, float]]]]:
    """Return what a network considered that is certain, but for ``others``."""
    ranked = [[[(character, 0.99)] for character in line] for line in lines]
    for (line, place), more in others.items():
        ranked[line][place] = [(lines[line][place], 0.6), *more]
    return ranked


def misread(line: int, place: int, character: str) -> tuple[str, ...]:
    lines = [list(text) for text in UTOPIA]
    lines[line][place] = character
    return tuple("".join(text) for text in lines)


def test_a_right_zone_is_left_alone() -> None:
    found, repairs = repaired(UTOPIA, considered(UTOPIA, {(1, 0): [("1", 0.3)]}))
    assert found.lines == UTOPIA
    assert repairs == ()


def test_a_twin_that_makes_its_check_digit_hold_is_taken_and_told() -> None:
    lines = misread(1, 3, "B")  # L898902C3 read as L89B902C3
    found, repairs = repaired(lines, considered(lines, {(1, 3): [("8", 0.3)]}))
    assert found.lines == UTOPIA
    assert found.valid
    assert [(r.line, r.place, r.read, r.taken) for r in repairs] == [(1, 3, "B", "8")]
    assert "document_number" in repairs[0].reason


def test_a_twin_that_the_network_did_not_consider_is_not_made_up() -> None:
    lines = misread(1, 3, "B")
    found, repairs = repaired(lines, considered(lines, {}))
    assert found.lines == lines
    assert not found.valid
    assert repairs == ()


def test_a_digit_among_names_becomes_the_letter_that_was_considered() -> None:
    lines = misread(0, 11, "0")  # ERIKSSON read as ERIKSS0N
    found, repairs = repaired(lines, considered(lines, {(0, 11): [("O", 0.004)]}))
    assert found.lines == UTOPIA
    assert "letters" in repairs[0].reason


@pytest.mark.parametrize(("second", "repairs_made"), [(0.3, 0), (0.05, 1)])
def test_two_answers_that_would_do_equally_are_a_doubt(second: float, repairs_made: int) -> None:
    # Places 0 and 3 weigh the same: with O read for 0 at one of them, either change would do.
    digit = check_digit("0AAO12345")
    lines = ("V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", f"OAAO12345{digit}XXX4009078F9612109<<<<<<<<")
    others = {(1, 0): [("0", 0.3)], (1, 3): [("0", second)]}
    found, repairs = repaired(lines, considered(lines, others))
    assert len(repairs) == repairs_made
    assert found.valid is bool(repairs_made)


def test_a_page_is_read_and_parsed() -> None:
    holder = fictitious(7_100_000_000)
    found = read(render_document(zone(holder, Format.TD1), 250, 7_100_000_000))
    assert found.valid
    assert found.zone is not None
    assert found.zone.format is Format.TD1
    assert found.zone.fields["surname"] == holder.surname
    assert len(found.quad) == 4


def test_a_page_without_a_zone_is_a_reading_without_one() -> None:
    found = read(np.full((300, 400, 3), 200, np.uint8))
    assert found.zone is None
    assert not found.valid


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no image"),
        (b"not an image at all", "no image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "no image|torn"),
        (b"\xff\xd8\xff\xe0" + bytes(10), "no image|torn"),
    ],
)
def test_a_torn_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(content)
    with pytest.raises(PageError, match=said) as raised:
        load(path)
    assert "page.png" in str(raised.value)


def test_every_cut_of_a_file_is_an_image_or_a_named_error(tmp_path: Path) -> None:
    _, packed = cv2.imencode(".png", np.full((40, 60, 3), 90, np.uint8))
    whole = packed.tobytes()
    path = tmp_path / "cut.png"
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with suppress(PageError):
            assert load(path).shape == (40, 60, 3)


def test_the_command_tells_one_line_per_file_and_fails_if_one_is_no_image(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(read_images)
    good, blank, torn = tmp_path / "good.png", tmp_path / "blank.png", tmp_path / "torn.jpg"
    lines = zone(fictitious(7_100_000_001), Format.TD3)
    cv2.imwrite(str(good), render_document(lines, 200, 7_100_000_001))
    cv2.imwrite(str(blank), np.full((200, 300, 3), 255, np.uint8))
    torn.write_bytes(b"\xff\xd8")
    paths = [str(torn), str(good), str(blank), str(tmp_path / "missing.png")]
    result = CliRunner().invoke(app, ["--json", *paths])
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [entry["file"] for entry in told] == paths
    assert set(told[0]) == set(told[3]) == {"file", "error"}
    assert told[1]["format"] == "TD3"
    assert told[1]["lines"] == list(lines)
    assert told[1]["valid"] is True
    assert told[1]["seconds"] > 0
    assert told[2]["format"] is None
    assert CliRunner().invoke(app, [str(good)]).exit_code == 0
