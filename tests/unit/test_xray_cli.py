"""``xray inspect`` as a user meets it."""

import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge.scanner.cli import app
from models.catalogue import card
from models.xray.segmenter import CLOSE_UP, CROPS
from simulators.world.goods import OPEN, scene
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
    code, (answer,) = ask(save(tmp_path / "strip.png", with_a_thing()[30:42]))
    assert code == 0
    assert answer["remarks"] == ["only 160×12 pixels"]
    assert answer["finding"] == "unreadable"


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
    assert list(found) == ["file", "score", "regions", "threshold", "finding", "seconds"]


def test_the_finding_follows_from_score_and_threshold(tmp_path):
    goods = scene(8, 200, 320, threat=Threat.PISTOL, pitch_mm=1.5)
    both = save(tmp_path / "a.tif", goods.low, goods.high)
    _, (known,) = ask(both, "--pitch", "1.5")
    _, (unknown,) = ask(both)
    assert known["threshold"] == card(CLOSE_UP).threshold
    assert unknown["threshold"] == card(CROPS).threshold
    assert known["finding"] == "suspect"
    assert known["score"] >= known["threshold"]
    quiet = save(tmp_path / "b.png", with_a_thing())
    _, (clear,) = ask(quiet, "--pitch", "3")
    assert clear["finding"] == "clear"
    assert clear["score"] < clear["threshold"]
    assert "remarks" not in clear


def with_a_thing(shape=(120, 160), counts=OPEN):
    """Return the picture of one bottle of water, or so."""
    level = np.full(shape, float(counts))
    level[30:90, 40:70] *= 0.4
    noise = np.random.default_rng(2).standard_normal(shape)
    return np.clip(level + np.sqrt(level) * noise, 0, 65_535).astype(np.uint16)


def unreadable(path, *options):
    """Return the remarks on a picture that is neither suspect nor clear."""
    code, (answer,) = ask(path, *options)
    assert code == 0
    assert answer["finding"] == "unreadable", answer
    assert answer["score"] < answer["threshold"]
    return "; ".join(answer["remarks"])


@pytest.mark.parametrize("options", [(), ("--pitch", "1")])
@pytest.mark.parametrize("energies", [1, 2])
def test_the_beam_was_off_in_sixteen_bits(tmp_path, options, energies):
    noise = np.random.default_rng(1).standard_normal((energies, 300, 300))
    dark = save(tmp_path / "dark.tif", *(150 + 15 * noise).astype(np.uint16))
    assert "black: nothing is brighter than 4.5% of the range" in unreadable(dark, *options)


def test_a_dark_current_is_dark_though_it_be_large(tmp_path):
    noise = np.random.default_rng(1).standard_normal((300, 300))
    for counts, word in ((800, "dark: nothing"), (3000, "flat: no contrast")):
        dark = save(tmp_path / f"{counts}.png", (counts + 15 * noise).astype(np.uint16))
        assert word in unreadable(dark, "--pitch", "1")


def test_the_black_share_is_told_and_most_of_a_picture_is_too_much(tmp_path):
    level = with_a_thing()
    level[:, 56:] = 0
    assert "65% of the picture black" in unreadable(save(tmp_path / "most.png", level))
    some = with_a_thing()
    some[:, 152:] = 0
    _, (answer,) = ask(save(tmp_path / "some.png", some), "--pitch", "3")
    assert answer["remarks"] == ["5% of the picture black: nothing is seen there"]


def test_the_share_at_the_rail_is_told_and_most_of_a_picture_is_too_much(tmp_path):
    level = with_a_thing()
    level[:, :120] = 65_535
    said = unreadable(save(tmp_path / "most.png", level), "--pitch", "3")
    assert "75% of the picture at the top of the range" in said
    some = with_a_thing()
    some[:, 144:] = 65_535
    _, (answer,) = ask(save(tmp_path / "some.png", some), "--pitch", "3")
    assert answer["remarks"] == [
        "10% of the picture at the top of the range: nothing is seen there"
    ]
    assert answer["finding"] == "clear"


def test_exchanged_energies_are_refused(tmp_path):
    goods = scene(8, 200, 320, threat=Threat.PISTOL, pitch_mm=1.5)
    high, low = save(tmp_path / "h.png", goods.high), save(tmp_path / "l.png", goods.low)
    code, (answer,) = ask(high, "--low", low, "--pitch", "1.5")
    assert (code, answer["finding"]) == (0, "suspect")
    code, (answer,) = ask(low, "--low", high, "--pitch", "1.5")
    assert (code, answer["finding"]) == (1, "unreadable")
    assert "energies seem to be exchanged" in answer["error"]


def test_a_whole_scan_without_a_pitch_is_never_clear(tmp_path):
    goods = scene(2, 500, 750, pitch_mm=2.0)
    path = save(tmp_path / "a.png", goods.high)
    _, (answer,) = ask(path)
    assert "looked at in 128 × 128 pixels only; give --pitch" in "; ".join(answer["remarks"])
    assert answer["finding"] != "clear"
    quiet = save(tmp_path / "b.png", with_a_thing((400, 300)))
    assert "pixel size unknown" in unreadable(quiet)
    assert ask(quiet, "--pitch", "3")[1][0]["finding"] == "clear"
    assert "remarks" not in ask(save(tmp_path / "c.png", with_a_thing((384, 300))))[1][0]


def test_told_in_words_without_json(tmp_path):
    result = CliRunner().invoke(app, ["inspect", str(tmp_path / "none.png")])
    assert result.exit_code == 1
    assert "cannot be read" in result.stdout
    quiet = save(tmp_path / "b.png", with_a_thing((400, 300)))
    result = CliRunner().invoke(app, ["inspect", str(quiet)])
    assert "b.png: unreadable, score 0." in result.stdout
    assert "give --pitch" in result.stdout


def test_options_that_make_no_sense_are_refused(tmp_path):
    for arguments in (["a.png", "b.png", "--low", "c.png"], ["a.png", "--pitch", "0"]):
        assert CliRunner().invoke(app, ["inspect", *arguments]).exit_code == 2
