"""A lane's record of an item becomes DICOS and evidence; a picture that is another is refused."""

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.blob import Blob, Picture
from contract.inspection import (
    Check,
    Disposition,
    Ended,
    Finding,
    Recogniser,
    Region,
    Scanned,
)
from contract.signing import only
from edge.scanner.formats import dicos_dx, dicos_tdr, evidence
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import About
from edge.scanner.formats.evidence_check import verify
from edge.scanner.formats.lane_record import Taken, evidence_parts, report_of, scan_of, taken
from edge.scanner.formats.record import Energy, Scanner, Verdict
from edge.scanner.pictures import MEDIA_TYPE, render

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
HOW = Taken(scanner=Scanner("Maker", kilovolts=160.0), pitch_mm=(1.0, 2.0))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LINES = np.random.default_rng(4).integers(0, 65_536, (2, 70, 50)).astype(np.uint16)
REGION = Region(x=1, y=2, w=3, h=4, score=0.5)
NET = Recogniser(name="xray_scenes", version="2", sha256="0" * 64)


def rendered():
    """Render the item in two parts, as the lane does: 40 lines, then the rest."""
    return [*render(LINES[:, :40], 0), *render(LINES[:, 40:], 1)]


def record(finding=Finding.SUSPECT, checks=(), pictures=True, **more):
    made = [
        Picture(
            kind=part.kind,
            blob=Blob(
                sha256=hashlib.sha256(part.content).hexdigest(), size=len(part.content),
                media_type=MEDIA_TYPE,
            ),
            width=part.width, height=part.height, bits=16, personal=False,
        )
        for part in rendered()
    ]  # fmt: skip
    return Scanned(
        inspection="insp-1", item="MSKU1234565", finding=finding, disposition=Disposition.HOLD,
        score=0.7, threshold=0.4, regions=[REGION], recogniser=NET, checks=list(checks),
        pictures=made[::-1] if pictures else [], stages_ms={"recognise": 12.0}, **more,
    )  # fmt: skip


PICTURES = {part.kind: part.content for part in rendered()}


def test_parts_are_put_together_from_top_to_bottom():
    scan = scan_of(record(), PICTURES, HOW, NOW)
    assert (scan.scanner.manufacturer, scan.pitch_mm) == ("Maker", (1.0, 2.0))
    assert np.array_equal(np.stack(scan.planes), LINES)
    image = dicos_dx.decode(dicos_dx.encode(scan, Energy.LOW, NOW))
    assert np.array_equal(image.frames[0], LINES[0])
    assert image.item == "MSKU1234565"


def test_a_picture_that_is_not_the_recorded_one_is_refused():
    with pytest.raises(FormatError, match="high-2 is not the one"):
        scan_of(record(), PICTURES | {"high-2": PICTURES["high"]}, HOW, NOW)
    with pytest.raises(FormatError, match="low is not there"):
        scan_of(record(), {k: v for k, v in PICTURES.items() if k != "low"}, HOW, NOW)
    with pytest.raises(FormatError, match="names no pictures"):
        scan_of(record(pictures=False), {}, HOW, NOW)


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [(Finding.CLEAR, Verdict.CLEAR), (Finding.SUSPECT, Verdict.ALARM),
     (Finding.UNREADABLE, Verdict.UNREADABLE)],
)  # fmt: skip
def test_the_verdict_is_the_records(finding, verdict):
    report = report_of(record(finding), NOW)
    assert report.verdict is verdict
    assert (report.algorithm, report.version) == ("xray_scenes", "2")
    (threat,) = report.threats
    assert (threat.x, threat.y, threat.w, threat.h, threat.score) == (1, 2, 3, 4, 0.5)
    assert threat.alarm == (finding is Finding.SUSPECT)


def test_every_check_points_at_its_own():
    checks = [
        Check(name="recogniser", finding=Finding.CLEAR, regions=[REGION]),
        Check(name="empty", finding=Finding.SUSPECT, regions=[REGION]),
        Check(name="radiation", finding=Finding.SUSPECT),
    ]
    report = report_of(record(checks=checks), NOW)
    assert [(threat.kind, threat.alarm) for threat in report.threats] == [
        ("", False), ("empty", True),
    ]  # fmt: skip


def test_evidence_holds_what_travelled_and_is_sound():
    ended = Ended(
        inspection="insp-1", disposition=Disposition.DIVERT, seconds=9.0, beam_on_s=2.5,
        stages_ms={},
    )  # fmt: skip
    parts = evidence_parts(
        record(), PICTURES, HOW, NOW, [b'{"seq":1}'], ended=ended,
        passages=[b"<x/>", b"<y/>"],
    )  # fmt: skip
    target = BytesIO()
    about = About(inspection="insp-1", item="MSKU1234565", site="s", unit="u", made=NOW)
    evidence.write(target, about, parts, KEY)
    assert verify(target, only(KEY.public_key())).problems == ()
    with zipfile.ZipFile(target) as found:
        for kind, content in PICTURES.items():
            assert found.read(f"images/{kind}.jxl") == content
        report = dicos_tdr.decode(found.read("findings/report.dcs"))
        assert report.as_json() == report_of(record(), NOW).as_json()
        assert json.loads(found.read("telemetry/telemetry.json"))["beam_on_s"] == 2.5
        assert taken(found.read("telemetry/scanner.json")) == HOW
        assert found.read("radiation/portal-2.n42") == b"<y/>"
        assert Scanned.model_validate_json(found.read("findings/scanned.json")) == record()


def test_an_item_that_was_never_seen_has_evidence_too():
    unseen = record(Finding.UNREADABLE, pictures=False)
    parts = evidence_parts(unseen, {}, HOW, NOW, [])
    assert {part.path for part in parts} == {
        "findings/scanned.json", "telemetry/telemetry.json", "telemetry/scanner.json",
        "trail/events.jsonl",
    }  # fmt: skip
