"""``xray convert`` of an evidence bundle: only a sound one, only of a unit that is trusted."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from contract.blob import Blob, Picture
from contract.envelope import Clock, Event
from contract.inspection import Disposition, Ended, Finding, Region, Scanned
from contract.signing import only, public_text
from drivers.radiation.occupancy import Counting, Occupancy
from edge.scanner.cli import app
from edge.scanner.evidence.export import convert_bundle
from edge.scanner.evidence.kept import is_bundle, kept
from edge.scanner.formats import dicos_dx, evidence, n42_portal, uff
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import About
from edge.scanner.formats.lane_record import TAKEN, Taken, evidence_parts
from edge.scanner.formats.n42_model import Instrument
from edge.scanner.formats.record import Scanner
from edge.scanner.pictures import render

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
LINES = np.random.default_rng(4).integers(0, 65_536, (2, 70, 50)).astype(np.uint16)
PARTS = [*render(LINES[:, :40], 0), *render(LINES[:, 40:], 1)]
HOW = Taken(scanner=Scanner(station="u", kilovolts=140.0), pitch_mm=(1.0, 2.0))


def scanned(pictures: bool = True) -> Scanned:
    made = [
        Picture(
            kind=part.kind,
            blob=Blob(
                sha256=hashlib.sha256(part.content).hexdigest(), size=len(part.content),
                media_type="image/jxl",
            ),
            width=part.width, height=part.height, bits=16, personal=False,
        )
        for part in PARTS
    ]  # fmt: skip
    return Scanned(
        inspection="insp-1", item="MSKU1234565", finding=Finding.SUSPECT,
        disposition=Disposition.HOLD, threshold=0.5, stages_ms={},
        regions=[Region(x=1, y=2, w=3, h=4, score=0.75)], pictures=made if pictures else [],
    )  # fmt: skip


ENDED = Ended(
    inspection="insp-1", disposition=Disposition.DIVERT, seconds=9.0, beam_on_s=2.5, stages_ms={}
)


def event(kind: str, data: Scanned | Ended, seq: int) -> bytes:
    told = Event(
        id=f"e{seq}", source="/s/u", type=kind, time=NOW + timedelta(seconds=seq),
        dataschema="x", epoch="e", seq=seq, boot_id="b", mono_ns=seq,
        clock=Clock(source="none", synced=False),
        prev_hash="0" * 64, data=data.model_dump(mode="json"),
    )  # fmt: skip
    return told.model_dump_json().encode()


def passage(number: int) -> bytes:
    counted = Counting(((9, 9, 9, 9),) * 5, (40,) * 4)
    return n42_portal.encode(Occupancy(counted, counted, number), NOW, Instrument(), "x")


PASSAGES = [passage(number) for number in range(1, 12)]


def bundle(
    folder: Path, *, pictures: bool = True, ended: bool = True, how: bool = True,
    passages: list[bytes] = PASSAGES[:2],
) -> Path:  # fmt: skip
    found = scanned(pictures)
    trail = [event("inspection.scanned", found, 1)]
    trail += [event("inspection.ended", ENDED, 10)] if ended else []
    by_kind = {part.kind: part.content for part in PARTS}
    parts = evidence_parts(found, by_kind, HOW, NOW, trail, ended=ENDED, passages=passages)
    parts = [part for part in parts if how or part.path != TAKEN]
    path = folder / "evidence.zip"
    with path.open("wb") as file:
        about = About(inspection="insp-1", item="MSKU1234565", site="s", unit="u", made=NOW)
        evidence.write(file, about, parts, KEY)
    return path


KEYS = only(KEY.public_key())


def test_dicos_has_every_line_and_says_how_it_was_taken(tmp_path: Path) -> None:
    out = tmp_path / "out.dcm"
    high, low, _ = convert_bundle(bundle(tmp_path), out, KEYS, Compression.JPEG_LS)
    for path, plane in ((low, LINES[0]), (high, LINES[1])):
        image = dicos_dx.decode(path.read_bytes())
        assert np.array_equal(image.frames[0], plane)
        assert image.pitch_mm == (1.0, 2.0)


def test_a_package_has_findings_and_every_passage(tmp_path: Path) -> None:
    [out] = convert_bundle(bundle(tmp_path), tmp_path / "out.zip", KEYS)
    scan, report = uff.read(out.read_bytes())
    assert np.array_equal(np.stack(scan.planes), LINES)
    assert scan.scanner == HOW.scanner
    assert report is not None
    [threat] = report.threats
    assert (threat.x, threat.y, threat.w, threat.h, threat.score) == (1, 2, 3, 4, 0.75)
    assert not is_bundle(out), "a package is not taken for a bundle"


def test_passages_keep_their_order_beyond_nine(tmp_path: Path) -> None:
    written = convert_bundle(bundle(tmp_path, passages=PASSAGES), tmp_path / "p.n42", KEYS)
    numbers = [n42_portal.decode(path.read_bytes())[0].number for path in written]
    assert numbers == list(range(1, 12))


def test_what_an_older_bundle_does_not_say_is_not_made_up(tmp_path: Path) -> None:
    scan = kept(bundle(tmp_path, how=False), KEYS).scan
    assert scan.scanner == Scanner(station="u", site="s")
    assert scan.pitch_mm is None


def test_one_that_is_not_sound_or_of_another_unit_is_refused(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    with pytest.raises(FormatError, match=r"not sound.*not trusted here"):
        kept(path, only(OTHER.public_key()))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FormatError, match="not sound"):
        convert_bundle(path, tmp_path / "out.dcs", KEYS)
    assert [file.name for file in tmp_path.iterdir()] == ["evidence.zip"]


@pytest.mark.parametrize(
    ("changes", "out", "reason"),
    [
        ({"pictures": False}, "out.dcs", "has no pictures"),
        ({"ended": False}, "out.dcs", "how it ended, is not in the item's trail"),
        ({"passages": []}, "out.n42", "no passage"),
        ({}, "out.png", "no evidence is written as '.png'"),
        ({}, "no-folder", "a folder that is there"),
    ],
)
def test_what_cannot_be_done_is_said(
    changes: dict[str, object], out: str, reason: str, tmp_path: Path
) -> None:
    path = bundle(tmp_path, **changes)  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=reason):
        convert_bundle(path, tmp_path / out, KEYS)


def ask(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    return done.exit_code, done.output


def test_convert_as_a_user_meets_it(tmp_path: Path) -> None:
    path, key = bundle(tmp_path), public_text(KEY.public_key())
    assert ask(path, tmp_path / "out.uff", "--key", key)[0] == 0
    code, said = ask(path, tmp_path / "a.dcs")
    assert code == 2
    assert "verified first" in " ".join(said.split())
    assert ask(path, tmp_path / "a.dcs", "--key", key, "--item", "OTHER")[0] == 2
    assert ask(path, tmp_path / "a.dcs", "--key", key, "--kind", "baggage")[0] == 2
    code, said = ask(path, tmp_path / "a.dcs", "--key", public_text(OTHER.public_key()))
    assert code == 1
    assert "not sound" in said
    assert not (tmp_path / "a.dcs").exists()


def test_the_pictures_of_a_package_are_not_swapped_for_others(tmp_path: Path) -> None:
    """A unit that seals another picture than its record names is caught by the record's hash."""
    found = scanned()
    by_kind = {part.kind: part.content for part in PARTS}
    parts = evidence_parts(
        found, by_kind, HOW, NOW,
        [event("inspection.scanned", found, 1), event("inspection.ended", ENDED, 10)], ended=ENDED,
    )  # fmt: skip
    wrong = [
        replace(p, content=by_kind["high-2"]) if p.path == "images/high.jxl" else p for p in parts
    ]
    path = tmp_path / "swapped.zip"
    with path.open("wb") as file:
        about = About(inspection="insp-1", item="x", site="s", unit="u", made=NOW)
        evidence.write(file, about, wrong, KEY)
    with pytest.raises(FormatError, match="high is not the one that was recorded"):
        kept(path, KEYS)
