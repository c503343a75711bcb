"""``xray convert``: pixel values survive every way there is, and what cannot be done is said."""

import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from drivers.radiation.codec import Background, OccupancyEnd, Ray, Speed, encode
from drivers.radiation.codec import Scan as Line
from edge.scanner.cli import app
from edge.scanner.formats import dicos, dicos_dx, n42_portal
from edge.scanner.images import read

SHARED = Path(__file__).parents[2].parent / "shared/data"
RAMP = np.linspace(0, 65_535, 50 * 70).reshape(50, 70).astype(np.uint16)
LOW = (RAMP * 0.6).astype(np.uint16)


def ask(*arguments):
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    written = [Path(line) for line in result.stdout.splitlines()]
    return result.exit_code, written, result.stderr


def save(path, *planes):
    good = cv2.imwritemulti(str(path), list(planes)) if len(planes) > 1 else cv2.imwrite(
        str(path), planes[0]
    )  # fmt: skip
    assert good
    return path


WAYS = ["png", "tif", "tiff", "dcs", "dcm", "uff", "zip"]


@pytest.mark.parametrize("to", WAYS)
@pytest.mark.parametrize("plane", [RAMP, (RAMP >> 8).astype(np.uint8), RAMP >> 4])
def test_one_energy_there_and_back(tmp_path, to, plane):
    code, (there,), _ = ask(save(tmp_path / "in.png", plane), tmp_path / f"out.{to}")
    assert code == 0
    code, (back,), _ = ask(there, tmp_path / "back.png")
    assert code == 0
    found = cv2.imread(str(back), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found, plane)


@pytest.mark.parametrize("to", WAYS)
def test_two_energies_there_and_back(tmp_path, to):
    both = save(tmp_path / "in.tif", LOW, RAMP)
    code, written, _ = ask(both, tmp_path / f"out.{to}")
    assert code == 0
    apart = to in ("png", "dcs", "dcm")
    assert len(written) == (2 if apart else 1)
    pair = (written[1], written[0]) if written[0].stem.endswith("-low") else tuple(written)
    low = ["--low", pair[1]] if apart else []
    assert ask(pair[0], tmp_path / "back.tif", *low)[0] == 0
    assert all(
        np.array_equal(a, b)
        for a, b in zip(read(tmp_path / "back.tif").planes, (LOW, RAMP), strict=True)
    )


def test_dicos_says_what_it_was_told(tmp_path):
    code, (out,), _ = ask(
        save(tmp_path / "in.png", RAMP), tmp_path / "out.dcs", "--item", "MSKU1234565",
        "--kind", "baggage", "--pitch", "1.5", "--compression", "jpeg-ls",
    )  # fmt: skip
    assert code == 0
    with dicos.opened(out.read_bytes()) as found:
        assert found.PatientID == "MSKU1234565"
        assert found.OOIType == "BAGGAGE"
        assert found.file_meta.TransferSyntaxUID.name == "JPEG-LS Lossless Image Compression"
    assert dicos_dx.decode(out.read_bytes()).pitch_mm == (1.5, 1.5)


def test_two_pictures_of_one_name_are_two_images(tmp_path):
    names = set()
    for plane in (RAMP, RAMP[::-1], RAMP):
        assert ask(save(tmp_path / "in.png", plane), tmp_path / "out.dcs")[0] == 0
        with dicos.opened((tmp_path / "out.dcs").read_bytes()) as found:
            names.add(found.SOPInstanceUID)
    assert len(names) == 2


def test_eight_bits_to_look_at_and_floats_to_sixteen(tmp_path):
    assert ask(save(tmp_path / "in.png", RAMP), tmp_path / "eight.png", "--bits", "8")[0] == 0
    eight = cv2.imread(str(tmp_path / "eight.png"), cv2.IMREAD_UNCHANGED)
    assert eight.dtype == np.uint8
    assert np.abs(eight.astype(int) - RAMP / 257).max() <= 0.5
    share = (RAMP / 65_535).astype(np.float32)
    assert ask(save(tmp_path / "f.tif", share), tmp_path / "f.png")[0] == 0
    assert np.array_equal(cv2.imread(str(tmp_path / "f.png"), cv2.IMREAD_UNCHANGED), RAMP)


def test_what_cannot_be_done_is_said_and_nothing_is_left(tmp_path):
    good = save(tmp_path / "in.png", RAMP)
    broken = tmp_path / "broken.png"
    broken.write_bytes(good.read_bytes()[:100])
    for source, out, reason in (
        (good, "out.gif", "no pictures are written as '.gif'"),
        (broken, "out.png", "breaks off"),
        (tmp_path / "none.png", "out.png", "cannot be read"),
        (good, "no/such/folder/out.png", "cannot be written"),
    ):
        code, written, said = ask(source, tmp_path / out)
        assert (code, written) == (1, [])
        assert reason in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.png", "in.png"]
    assert ask(good, tmp_path / "x.png", "--bits", "12")[0] == 2


def lines(count, number, stamp=None):
    said = [Background(Ray.GAMMA, (822, 750, 770, 757)), Background(Ray.NEUTRON, (1, 2, 0, 1))]
    for scan in range(count):
        said.append(Line(Ray.GAMMA, (90 + scan, 90, 90, 90), alarm=scan == 2, stamp=stamp))
        said.append(Line(Ray.NEUTRON, (0, 0, 1, 0)))
    said += [Speed(0.8, 5.0, 8.0), OccupancyEnd(number, (822, 750, 770, 757))]
    return b"".join(map(encode, said))


def test_portal_lines_become_a_file_for_each_passage(tmp_path):
    log = tmp_path / "portal.log"
    log.write_bytes(lines(4, 7) + b"GARBAGE\r\n" + lines(3, 8, "2026-03-02T08:15:00"))
    code, written, said = ask(log, tmp_path / "out.n42", "--began", "2026-03-01T12:00:00")
    assert code == 0
    assert [path.name for path in written] == ["out.n42", "out-2.n42"]
    assert "unknown message" in said
    first, began = n42_portal.decode(written[0].read_bytes())
    assert (first.number, len(first.gamma.scans), first.gamma.alarm) == (7, 4, True)
    assert first.neutron.background == (1, 2, 0, 1)
    assert began == datetime(2026, 3, 1, 12, tzinfo=UTC)
    second, began = n42_portal.decode(written[1].read_bytes())
    assert (second.number, second.speed) == (8, Speed(0.8, 5.0, 8.0))
    assert began == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


def first_scan_garbled(count, number):
    """Return ``lines`` with the first scan behind the backgrounds spoilt on the way."""
    head, mark, rest = lines(count, number).partition(b"GS,")
    return head + mark + b"#" + rest


def test_a_passage_whose_first_scan_was_garbled_is_no_success(tmp_path):
    log = tmp_path / "portal.log"
    log.write_bytes(first_scan_garbled(4, 7) + lines(3, 8))
    code, written, said = ask(log, tmp_path / "out.n42")
    assert code == 0
    assert "field 1 is not a count" in said
    spoilt, sound = (path.read_bytes() for path in written)
    assert n42_portal.decode(spoilt)[0].spoilt == 1
    assert b"<AnalysisResultStatusCode>Failure<" in spoilt
    assert b"<FaultDescription>1 lines were spoilt or not heard<" in spoilt
    assert n42_portal.decode(sound)[0].spoilt == 0, "its backgrounds came behind that line"
    assert b"<AnalysisResultStatusCode>Success<" in sound
    assert b"Fault" not in sound


def test_without_backgrounds_in_between_the_next_passage_is_doubtful_too(tmp_path):
    log, alone = tmp_path / "portal.log", lines(3, 8).partition(b"GS,")
    log.write_bytes(lines(4, 7) + b"GS,0004!\r\n" + alone[1] + alone[2])
    code, written, _ = ask(log, tmp_path / "out.n42")
    assert code == 0
    assert [n42_portal.decode(path.read_bytes())[0].spoilt for path in written] == [0, 1]


def test_n42_becomes_json(tmp_path):
    log = tmp_path / "portal.txt"
    log.write_bytes(lines(4, 7))
    assert ask(log, tmp_path / "a.n42")[0] == 0
    assert ask(tmp_path / "a.n42", tmp_path / "a.json")[0] == 0
    found = json.loads((tmp_path / "a.json").read_text())
    assert len(found["detectors"]) == 8
    assert found["measurements"][2]["gross"][0] == {
        "detector": "gamma-1", "live_s": 0.2, "values": [90.0],
    }  # fmt: skip
    assert ask(tmp_path / "a.n42", tmp_path / "b.xml")[0] == 0
    assert n42_portal.decode((tmp_path / "b.xml").read_bytes())[0].number == 7


def test_radiation_that_is_none_is_said(tmp_path):
    log = tmp_path / "portal.log"
    log.write_bytes(encode(Background(Ray.GAMMA, (1, 2, 3, 4))))
    for source, out, reason in (
        (log, "a.n42", "no passage is in these lines"),
        (log, "a.png", "no radiation data is written as '.png'"),
        (tmp_path / "none.n42", "a.json", "cannot be read"),
    ):
        code, _, said = ask(source, tmp_path / out)
        assert code == 1
        assert reason in said
    log.write_bytes(lines(3, 1) + encode(Line(Ray.GAMMA, (1, 2, 3, 4))))
    assert "left out" in ask(log, tmp_path / "a.n42")[2]


def test_nists_example_goes_through(tmp_path):
    example = SHARED / "n42/Annex_D_alarmed_n42.xml"
    if not example.is_file():
        pytest.skip("no NIST example in ../shared/data/n42")
    code, _, said = ask(example, tmp_path / "out.n42")
    assert (code, said) == (0, "")
