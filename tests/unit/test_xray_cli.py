"""``xray inspect`` as a user meets it."""

import json

import cv2
import numpy as np
from typer.testing import CliRunner

from edge.scanner.cli import app
from simulators.world.goods import scene
from simulators.world.goods_threats import Threat


def ask(*arguments):
    result = CliRunner().invoke(app, ["inspect", "--json", *map(str, arguments)])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def save(path, *planes):
    assert cv2.imwritemulti(str(path), planes) if len(planes) > 1 else cv2.imwrite(
        str(path), planes[0]
    )  # fmt: skip
    return path


def test_one_line_for_each_picture_and_failure_at_the_end(tmp_path):
    good = save(tmp_path / "good.png", scene(3, 128, 200, pitch_mm=3.0).high)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    code, answers = ask(good, bad, good)
    assert code == 1
    assert [answer["file"] for answer in answers] == [str(good), str(bad), str(good)]
    assert 0 <= answers[0]["score"] <= 1
    assert answers[0]["seconds"] > 0
    assert "breaks off" in answers[1]["error"]
    assert answers[2]["score"] == answers[0]["score"]


def test_all_good_is_code_zero_and_regions_lie_inside(tmp_path):
    goods = scene(8, 200, 320, threat=Threat.PISTOL, pitch_mm=1.5)
    code, (answer,) = ask(save(tmp_path / "a.png", goods.high), "--pitch", "1.5")
    assert code == 0
    for region in answer["regions"]:
        assert 0 <= region["x"] < region["x"] + region["w"] <= 320
        assert 0 <= region["y"] < region["y"] + region["h"] <= 200
        assert 0.3 < region["score"] <= 1


def test_two_energies(tmp_path):
    goods = scene(5, 100, 150, pitch_mm=3.0)
    high, low = save(tmp_path / "h.tif", goods.high), save(tmp_path / "l.tif", goods.low)
    code, (answer,) = ask(high, "--low", low)
    assert code == 0
    assert "score" in answer


def test_pictures_that_show_nothing_are_refused_by_name(tmp_path):
    black = save(tmp_path / "black.png", np.zeros((50, 50), np.uint8))
    dot = save(tmp_path / "dot.png", np.full((1, 1), 90, np.uint8))
    white = save(tmp_path / "white.tif", np.full((50, 50), 65_535, np.uint16))
    code, answers = ask(black, dot, white)
    assert code == 1
    assert all(answer["error"] for answer in answers)


def test_a_flawed_picture_is_remarked_on(tmp_path):
    goods = scene(3, 12, 200, pitch_mm=3.0)
    code, (answer,) = ask(save(tmp_path / "strip.png", goods.high))
    assert code == 0
    assert answer["remarks"] == ["only 200×12 pixels"]


def test_dicos_is_inspected_like_the_picture_it_was_made_of(tmp_path):
    goods = scene(5, 100, 150, pitch_mm=3.0)
    both = save(tmp_path / "in.tif", goods.low, goods.high)
    arguments = ["convert", both, tmp_path / "out.dcs", "--pitch", "3", "--compression", "jpeg-ls"]
    assert CliRunner().invoke(app, [str(argument) for argument in arguments]).exit_code == 0
    _, (made,) = ask(both, "--pitch", "3")
    code, (found,) = ask(tmp_path / "out.dcs", "--low", tmp_path / "out-low.dcs")
    assert code == 0
    assert found["score"] == made["score"]
    assert found["regions"] == made["regions"]
    assert list(found) == ["file", "score", "regions", "seconds"]


def test_told_in_words_without_json(tmp_path):
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "none.png")])
    assert result.exit_code == 1
    assert "cannot be read" in result.stdout


def test_options_that_make_no_sense_are_refused(tmp_path):
    for arguments in (["a.png", "b.png", "--low", "c.png"], ["a.png", "--pitch", "0"]):
        assert CliRunner().invoke(app, ["inspect", *arguments]).exit_code == 2
