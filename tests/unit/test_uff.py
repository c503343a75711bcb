"""A UFF-shaped package: it says that nobody checked it, and holds what was put into it."""

import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.formats import uff
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import Item, ItemKind, Report, Scan, Scanner, Threat, Verdict

NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, UTC)
PLANES = tuple(
    np.random.default_rng(seed).integers(0, 65_536, (20, 30)).astype(np.uint16) for seed in (1, 2)
)
SCAN = Scan(
    "insp-1", Item("BAG-1", ItemKind.BAGGAGE, "airport"), Scanner("Maker", calibrated=NOW), NOW,
    PLANES, 16, (1.5, 2.0),
)  # fmt: skip
REPORT = Report(
    Verdict.ALARM, "net", "3", NOW, 9.5, (Threat(1, 2, 3, 4, 0.5, "knife"),), {"threshold": "0.5"}
)


def package(scan=SCAN, report=REPORT, passages=(b"<x/>", b"<y/>")):
    target = BytesIO()
    uff.write(target, scan, report, passages)
    return target.getvalue()


WHOLE = package()


def repacked(**changes):
    """Return the package with members replaced (by name, with _ for . and __ for /)."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(WHOLE)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            key = name.replace("/", "__").replace(".", "_")
            content = changes.get(key, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target.getvalue()


def test_it_says_itself_that_it_is_unverified():
    with zipfile.ZipFile(BytesIO(WHOLE)) as found:
        assert found.namelist()[0] == "UNVERIFIED.txt"
        assert b"UNVERIFIED" in found.read("UNVERIFIED.txt")
        metadata = json.loads(found.read("metadata.json"))
    assert metadata["verified"] is False
    assert metadata["format"] == "UFF-3-shaped"


def test_any_tool_opens_its_images():
    with zipfile.ZipFile(BytesIO(WHOLE)) as found:
        for name, plane in zip(("low", "high"), PLANES, strict=True):
            content = np.frombuffer(found.read(f"images/{name}.tif"), np.uint8)
            assert np.array_equal(cv2.imdecode(content, cv2.IMREAD_UNCHANGED), plane)
        assert found.read("radiation/portal.n42") == b"<x/>"
        assert found.read("radiation/portal-2.n42") == b"<y/>"


@pytest.mark.parametrize("planes", [PLANES, PLANES[:1], (PLANES[0].astype(np.uint8),)])
@pytest.mark.parametrize("report", [REPORT, None])
def test_it_comes_back_as_it_was(planes, report):
    bits = planes[0].itemsize * 8
    scan = Scan("i", Item("x"), Scanner(), NOW, planes, bits)
    found, said = uff.read(package(scan, report))
    assert (found.inspection, found.item, found.scanner) == (
        scan.inspection,
        scan.item,
        scan.scanner,
    )
    assert (found.began, found.bits, found.pitch_mm) == (NOW, bits, None)
    assert all(np.array_equal(a, b) for a, b in zip(found.planes, planes, strict=True))
    assert (said and said.as_json()) == (report and report.as_json())


def test_the_same_scan_is_the_same_package():
    assert package() == WHOLE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"UNVERIFIED_txt": b"verified!"}, "not ours"),
        ({"UNVERIFIED_txt": None}, "no UNVERIFIED.txt"),
        ({"metadata_json": b"{}"}, "contradicts itself"),
        ({"images__low_tif": None}, "no images/low.tif"),
        ({"images__low_tif": b"II*\0"}, "images/low.tif was changed"),
    ],
)
def test_what_is_none_of_ours_is_refused(changes, reason):
    with pytest.raises(FormatError, match=reason):
        uff.read(repacked(**changes))


def test_metadata_that_claims_to_be_verified_is_refused():
    with zipfile.ZipFile(BytesIO(WHOLE)) as found:
        said = json.loads(found.read("metadata.json"))
    for key, value in {"verified": True, "bits": 99, "images": said["images"][::-1]}.items():
        with pytest.raises(FormatError):
            uff.read(repacked(metadata_json=json.dumps(said | {key: value}).encode()))


def test_a_package_cut_anywhere_is_refused():
    for length in range(0, len(WHOLE), 7):
        with pytest.raises(FormatError):
            uff.read(WHOLE[:length])


def test_a_bomb_is_not_opened(monkeypatch):
    monkeypatch.setattr(uff, "MOST_IMAGE", 1000)
    with pytest.raises(FormatError, match="over 1000"):
        uff.read(WHOLE)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damage_gives_the_same_pixels_or_a_reason(data):
    bad = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    try:
        found, _report = uff.read(bytes(bad))
    except FormatError:
        return
    assert all(np.array_equal(a, b) for a, b in zip(found.planes, PLANES, strict=True))
