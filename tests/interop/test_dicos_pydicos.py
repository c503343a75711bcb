"""A vendor's DICOS toolkit reads what we write, and misses nothing; pydicom reads the pixels."""

from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pydicom
import pytest

from edge.scanner.formats import dicos_dx, dicos_tdr
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.record import (
    Energy,
    Item,
    ItemKind,
    Report,
    Scan,
    Scanner,
    Threat,
    Verdict,
)

pydicos = pytest.importorskip("pydicos", reason="the DICOS toolkit pydicos is not installed")
toolkit = pytest.importorskip("pyDICOS", reason="the DICOS toolkit pydicos is not installed")

NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, UTC)
READABLE = [Compression.NONE, Compression.JPEG_LOSSLESS]  # the toolkit knows no JPEG-LS


def scan(shape=(41, 61), kind=np.uint16, item=ItemKind.BAGGAGE):
    top = np.iinfo(kind).max
    planes = [
        np.random.default_rng(seed).integers(0, top, shape, kind, endpoint=True) for seed in (1, 2)
    ]
    name = Item("BAG-42", item, "airport")
    bits = np.iinfo(kind).bits
    return Scan("insp-9", name, Scanner(kilovolts=160), NOW, tuple(planes), bits, (1.5, 1.5))


def read(loader, data, tmp_path):
    """Return the toolkit's object and its complaints."""
    path = tmp_path / "file.dcs"
    path.write_bytes(data)
    found, errors = loader(), toolkit.ErrorLog()
    done = found.Read(toolkit.Filename(str(path)), errors, None)
    return found, done, errors.GetErrorLog().Get()


@pytest.mark.parametrize("compression", READABLE)
@pytest.mark.parametrize("energy", list(Energy))
@pytest.mark.parametrize("item", list(ItemKind))
def test_images_are_read_without_a_complaint(tmp_path, compression, energy, item):
    both = scan(item=item)
    data = dicos_dx.encode(both, energy, NOW, compression)
    found, done, complaints = read(pydicos.DXLoader, data, tmp_path)
    assert (done, complaints) == (True, "")
    assert np.array_equal(found.get_data(), both.planes[both.energies.index(energy)])


@pytest.mark.parametrize("compression", READABLE)
@pytest.mark.parametrize("shape", [(41, 61), (40, 60)])
def test_images_of_eight_bits_as_well(tmp_path, compression, shape):
    data = dicos_dx.encode(scan(shape, np.uint8), Energy.HIGH, NOW, compression)
    _found, done, complaints = read(pydicos.DXLoader, data, tmp_path)
    assert (done, complaints) == (True, "")


def test_of_jpeg_ls_only_the_pixels_are_beyond_the_toolkit(tmp_path):
    data = dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.JPEG_LS)
    _found, done, complaints = read(pydicos.DXLoader, data, tmp_path)
    assert not done
    assert "issing" not in complaints
    assert "required" not in complaints
    assert all("mage" in line or "ixel" in line for line in complaints.splitlines() if line)


def test_jpeg_ls_is_read_by_pydicom(tmp_path):
    pytest.importorskip("jpeg_ls", reason="pyjpegls, pydicom's JPEG-LS, is not installed")
    both = scan()
    data = dicos_dx.encode(both, Energy.HIGH, NOW, Compression.JPEG_LS)
    assert np.array_equal(pydicom.dcmread(BytesIO(data)).pixel_array, both.planes[1])


def test_a_report_says_the_same_to_the_toolkit(tmp_path):
    mask = np.zeros((7, 13), bool)
    mask[1, 2] = mask[3, 5:9] = mask[6, 12] = True
    threats = (
        Threat(10, 20, 13, 7, 0.875, "knife", mask),
        Threat(1, 2, 3, 4, alarm=False, opaque=True),
    )
    report = Report(Verdict.ALARM, "xray_anomaly", "3", NOW, 12.5, threats, {"threshold": "0.5"})
    data = dicos_tdr.encode(scan(), report, NOW)
    found, done, complaints = read(pydicos.TDRLoader, data, tmp_path)
    assert (done, complaints) == (True, "")
    said = found.get_data()
    first, second = said["PTOs"]
    assert said["AlarmDecision"] == toolkit.TDR.ALARM_DECISION.enumAlarm
    assert said["ATR"] == {
        "manufacturer": "xray_anomaly", "version": "3", "parameters": {"threshold": "0.5"},
    }  # fmt: skip
    assert said["OOIID"] == "BAG-42"
    assert (first["Base"], first["Extent"]) == (
        {"x": 10, "y": 20, "z": 0}, {"x": 13, "y": 7, "z": 0},
    )  # fmt: skip
    assert np.array_equal(np.asarray(first["Bitmap"][0], bool), mask)
    assert first["Assessment"]["probability"] == 0.875
    assert first["Assessment"]["description"] == "knife"
    assert second["Assessment"]["ability"] == toolkit.TDR.ABILITY_ASSESSMENT.enumShield
    assert second["Assessment"]["flag"] == toolkit.TDR.ASSESSMENT_FLAG.enumNoThreat


@pytest.mark.parametrize("item", list(ItemKind))
@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("count", [0, 1, 5])
def test_reports_of_every_kind_are_read_without_a_complaint(tmp_path, item, verdict, count):
    threats = tuple(Threat(5 * n, n, 4, 3, n / 8) for n in range(count))
    report = Report(verdict, "a", "1", NOW, 3.0, threats)
    data = dicos_tdr.encode(scan(item=item), report, NOW)
    found, done, complaints = read(pydicos.TDRLoader, data, tmp_path)
    assert (done, complaints) == (True, "")
    pointed_at = max(count, 1) if verdict is Verdict.ALARM else count
    assert len(found.get_data()["PTOs"]) == pointed_at


def test_the_toolkit_would_say_what_is_missing(tmp_path):
    """The oracle itself: without one required tag it complains by name."""
    found = pydicom.dcmread(BytesIO(dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.NONE)))
    del found.BeltHeight
    target = BytesIO()
    found.save_as(target)
    _found, done, complaints = read(pydicos.DXLoader, target.getvalue(), tmp_path)
    assert not done
    assert "Missing required attribute Belt Height" in complaints
