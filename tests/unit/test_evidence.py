"""An evidence bundle: sound as written, and not one bit of it can be changed unnoticed."""

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from contract.envelope import canonical
from contract.signing import Purpose, key_id, only, public_text, seal
from edge.scanner.cli import app
from edge.scanner.formats import archive, evidence
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.evidence import MANIFEST, About, Part, Role
from edge.scanner.formats.evidence_check import verify
from edge.scanner.formats.evidence_decisions import BY_LANE

NOW = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ABOUT = About(inspection="insp-1", item="MSKU1234565", site="port", unit="scanner-1", made=NOW)
FINDINGS = Part("findings/report.json", Role.FINDINGS, "application/json", b'{"verdict":"clear"}')
TELEMETRY = Part("telemetry/telemetry.json", Role.TELEMETRY, "application/json", b'{"kv":160}')
TRAIL = Part("trail/events.jsonl", Role.TRAIL, "application/jsonl", b'{"seq":1}\n{"seq":2}\n')
PARTS = [TRAIL, FINDINGS, TELEMETRY]


def bundle(parts=PARTS, key=KEY):
    target = BytesIO()
    evidence.write(target, ABOUT, parts, key)
    return target.getvalue()


def outcome(data, key=KEY):
    return verify(BytesIO(data), only(key.public_key()))


SMALL = bundle()


def members(data):
    with zipfile.ZipFile(BytesIO(data)) as found:
        return {name: found.read(name) for name in found.namelist()}


def packed(contents):
    """Pack as any zip tool would."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return target.getvalue()


def test_what_was_sealed_is_sound_and_always_the_same_bytes():
    found = outcome(SMALL)
    assert found.problems == ()
    assert found.sound
    assert found.manifest.about == ABOUT
    assert found.key == key_id(KEY.public_key())
    assert bundle(PARTS[::-1]) == SMALL


def test_any_zip_tool_opens_it():
    found = members(SMALL)
    assert list(found) == [MANIFEST, *sorted(part.path for part in PARTS)]
    assert found[TRAIL.path] == TRAIL.content
    entries = json.loads(found[MANIFEST].partition(b"\n")[2])["parts"]
    assert {e["path"]: e["sha256"] for e in entries} == {
        part.path: hashlib.sha256(part.content).hexdigest() for part in PARTS
    }


def test_every_byte_changed_is_noticed():
    for at in range(len(SMALL)):
        bad = bytearray(SMALL)
        bad[at] ^= 1 << (at * 5 % 8)
        assert outcome(bytes(bad)).problems, f"byte {at} was changed unnoticed"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SMALL) * 8 - 1))
def test_every_bit_flipped_is_noticed(bit):
    bad = bytearray(SMALL)
    bad[bit // 8] ^= 1 << bit % 8
    assert outcome(bytes(bad)).problems


def test_cut_anywhere_it_is_not_sound():
    for length in range(len(SMALL)):
        assert outcome(SMALL[:length]).problems


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_rubbish_is_not_sound(rubbish, behind):
    found = outcome(SMALL + b"!" + rubbish if behind else rubbish)
    assert found.problems


def test_a_changed_part_is_named_whatever_it_was_packed_with():
    contents = members(SMALL) | {FINDINGS.path: b'{"verdict":"alarm"}'}
    (problem,) = outcome(packed(contents)).problems
    assert problem.startswith("findings/report.json: its content was changed: SHA-256 ")
    contents[FINDINGS.path] += b" "
    assert outcome(packed(contents)).problems == (
        "findings/report.json: holds 20 bytes where 19 were sealed",
    )


def test_everything_wrong_is_named_at_once():
    contents = members(SMALL) | {TELEMETRY.path: b'{"kv":161}', "notes.txt": b"trust me"}
    del contents[TRAIL.path]
    problems = outcome(packed(contents)).problems
    assert problems[:2] == ("trail/events.jsonl is missing", "notes.txt is not in the manifest")
    assert problems[2].startswith("telemetry/telemetry.json: its content was changed")


def test_repacked_with_the_same_contents_it_is_another_file():
    (problem, *_) = outcome(packed(members(SMALL))).problems
    assert problem == "the header of manifest.sealed was changed (from byte 0)"


def test_bytes_behind_the_archive_are_counted():
    assert outcome(SMALL + b"\0" * 3).problems[-1] == "3 bytes were added behind the archive"


def test_the_seal_is_of_this_unit_and_for_evidence():
    assert "is not trusted here" in outcome(SMALL, OTHER).problems[0]
    body = members(SMALL)[MANIFEST].partition(b"\n")[2]
    forged = members(SMALL) | {MANIFEST: seal(Purpose.BLOB, body, KEY)}
    assert "does not hold for evidence" in outcome(packed(forged)).problems[0]


def test_a_rewritten_manifest_does_not_hold():
    contents = members(SMALL)
    head, _, body = contents[MANIFEST].partition(b"\n")
    manifest = json.loads(body)
    manifest["about"]["item"] = "OTHER1"
    contents[MANIFEST] = head + b"\n" + canonical(manifest)
    problems = outcome(packed(contents)).problems
    assert "does not hold for evidence" in problems[0]


def test_no_manifest_and_no_archive_are_said():
    contents = members(SMALL)
    del contents[MANIFEST]
    assert outcome(packed(contents)).problems == ("there is no manifest.sealed in the archive",)
    assert "not a zip archive" in outcome(b"hello").problems[0]


def test_a_member_that_grows_when_opened_is_not_read(monkeypatch):
    """A compressed manifest of gigabytes is refused by its declared size, or by what comes out."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(MANIFEST, bytes(5 << 20))
    assert "is said to hold 5242880 bytes" in outcome(target.getvalue()).problems[0]
    lying = bytearray(target.getvalue())
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    assert outcome(bytes(lying)).problems


def test_a_bundle_without_its_trail_is_not_made():
    with pytest.raises(FormatError, match="needs trail"):
        bundle([FINDINGS, TELEMETRY])
    with pytest.raises(FormatError, match="same path"):
        bundle([*PARTS, TRAIL])
    with pytest.raises(FormatError, match="not a part"):
        bundle([*PARTS, Part("../x", Role.DOCUMENT, "text/plain", b"")])


def test_an_archive_is_bounded(monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 100)
    with pytest.raises(FormatError, match="4 GiB"):
        archive.write(BytesIO(), [("a", bytes(100))])
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    with pytest.raises(FormatError, match="3 files"):
        archive.write(BytesIO(), [(name, b"") for name in "abc"])
    assert "at most 2 in an archive" in outcome(SMALL).problems[0]


# Who decided

RESOLVED = {
    "inspection": "insp-1",
    "disposition": "divert",
    "operator": "alice",
    "reason": "looked",
}


def trail(*decisions):
    lines = [{"type": "inspection.scanned"}]
    lines += [{"type": "inspection.resolved", "data": said} for said in decisions]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return Part(TRAIL.path, Role.TRAIL, TRAIL.media_type, content)


def command(key=OTHER, purpose=Purpose.COMMAND, **changes):
    said = {
        "id": "c1", "unit": "scanner-1", "verb": "decide-inspection", "challenge": "n1",
        "args": {name: RESOLVED[name] for name in ("inspection", "disposition", "reason")},
        "not_after": NOW.isoformat(), "operator": "alice",
    }  # fmt: skip
    message = seal(purpose, canonical(said | changes), key)
    return Part("signatures/command.bc1", Role.SIGNATURE, "application/octet-stream", message)


def decided(*parts, central=OTHER):
    data = bundle([FINDINGS, TELEMETRY, *parts])
    centrals = only(central.public_key()) if central else lambda name: None
    return verify(BytesIO(data), only(KEY.public_key()), centrals)


def test_an_operators_command_is_proved_by_centrals_key():
    found = decided(trail(RESOLVED), command())
    assert found.sound
    name = key_id(OTHER.public_key())
    assert found.decided == (f"divert by operator alice: proved: sealed by central (key {name})",)


def test_without_centrals_key_it_is_told_that_it_was_not_checked():
    found = decided(trail(RESOLVED), command(), central=None)
    assert found.sound
    assert "not checked: sealed by key" in found.decided[0]
    third = Ed25519PrivateKey.from_private_bytes(bytes([7] * 32))
    assert "not checked" in decided(trail(RESOLVED), command(), central=third).decided[0]


def test_what_the_lane_decided_and_what_has_no_command_is_told():
    assert decided(trail()).decided == (BY_LANE,)
    assert "is not in the bundle" in decided(trail(RESOLVED)).decided[0]
    both = decided(trail(RESOLVED, RESOLVED | {"disposition": "hold"}), command())
    assert both.sound
    assert [text.partition(":")[0] for text in both.decided] == [
        "divert by operator alice", "hold by operator alice",
    ]  # fmt: skip
    assert "is not in the bundle" in both.decided[1]


OTHER_ARGS = {"inspection": "insp-1", "disposition": "release", "reason": "looked"}


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (command(KEY), "sealed by the unit itself"),
        (command(purpose=Purpose.ASK), "does not hold for command"),
        (command(operator="bob"), "no decision that says the same"),
        (command(args=OTHER_ARGS), "no decision that says the same"),
        (command(args=OTHER_ARGS | {"inspection": "insp-2"}), "no decision that says the same"),
        (command(unit="scanner-2"), "decides nothing on scanner-1"),
        (command(verb="open-lane"), "decides nothing on scanner-1"),
        (command(operator=None), "not a command"),
    ],
)
def test_a_command_that_does_not_prove_the_decision_is_wrong(part, reason):
    found = decided(trail(RESOLVED), part)
    [problem] = found.problems
    assert problem.startswith("signatures/command.bc1: ")
    assert reason in problem


def test_one_command_proves_one_decision():
    twice = Part("signatures/command-2.bc1", Role.SIGNATURE, "x/y", command().content)
    assert (
        "no decision that says the same" in decided(trail(RESOLVED), command(), twice).problems[0]
    )


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300), st.booleans())
def test_no_signature_and_no_trail_break_the_check(message, lines, headed):
    message = b"bc1 " + message if headed else message
    part = Part("signatures/command.bc1", Role.SIGNATURE, "x/y", message)
    found = decided(Part(TRAIL.path, Role.TRAIL, "x/y", lines), part)
    assert not found.sound
    assert found.decided == ()


# As a user meets it


def ask(*arguments):
    result = CliRunner().invoke(app, ["evidence", "verify", *map(str, arguments)])
    return result.exit_code, result.output


def test_verify_as_a_user_meets_it(tmp_path):
    good, bad, key = tmp_path / "good.zip", tmp_path / "bad.zip", tmp_path / "unit.pub"
    good.write_bytes(SMALL)
    bad.write_bytes(SMALL.replace(b'"kv":160', b'"kv":161'))
    key.write_text(public_text(KEY.public_key()) + "\n")
    code, said = ask(good, "--key", public_text(KEY.public_key()))
    assert code == 0
    assert "sound; inspection insp-1 of item MSKU1234565, sealed by port/scanner-1" in said
    assert "decided by the lane itself" in said
    code, said = ask(bad, "--key", key)
    assert code == 1
    assert "telemetry/telemetry.json: its content was changed" in said
    code, said = ask(good, "--key", public_text(OTHER.public_key()), "--json")
    assert code == 1
    answer = json.loads(said)
    assert not answer["sound"]
    assert "not trusted" in answer["problems"][0]
    assert ask(tmp_path / "none.zip", "--key", key)[0] == 1
    assert ask(good, "--key", "nonsense")[0] == 2
    assert ask(good)[0] == 2
