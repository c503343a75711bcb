"""Making fictitious passports and reading them back, by the tools that an operator uses."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.documents import cli, lds
from simulators.__main__ import app
from simulators.chip import card
from simulators.chip.faults import ChipFaults
from simulators.chip.make import make, write
from simulators.chip.serve import on_reader
from simulators.chip.variants import VARIANTS
from tests.unit.chip_world import TODAY

AT = ("--at", "2026-06-01")
# What the checks say that are not in order, and the verdict, for each variant.
EXPECTED = {
    "genuine": ("accept", set()),
    "cloned": ("reject", {"chip_authentication", "active_authentication"}),
    "stripped": ("reject", {"chip_authentication", "active_authentication"}),
    "altered": ("reject", {"data_group_hashes"}),
    "unlisted-key": ("reject", {"unlisted_data_groups"}),
    "revoked": ("reject", {"revocation"}),
    "expired": ("reject", {"validity"}),
    "signer-expired": ("reject", {"validity"}),
    "stranger": ("undetermined", set()),
    "hidden-pace": ("reject", {"card_access"}),
    "keyless": ("reject", {"chip_authentication"}),
    "old": ("accept", set()),
    "tag-84": ("accept", set()),
    "strict-le": ("accept", set()),
    "no-kat": ("accept", set()),
    "within-file": ("accept", set()),
    "short-reads": ("accept", set()),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def read(where: Path, *more: str) -> tuple[int, dict]:
    """Read the chip in the folder ``where`` over TCP, by the command line."""
    port, faults = free_port(), ChipFaults()
    zone = (where / "mrz.txt").read_text()
    with on_reader(card.load(where).chip(faults), "127.0.0.1", port):
        arguments = ["read", "--reader", f"vpcd://127.0.0.1:{port}", "--wait", "30", "--json"]
        arguments += ["--trust", str(where / "trust"), *AT, *more]
        if "--can" not in more:
            arguments += ["--mrz", "-"]
        outcome = CliRunner().invoke(cli.chip, arguments, input=zone)
    return outcome.exit_code, json.loads(outcome.stdout)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_variant_is_seen_for_what_it_is(name: str, tmp_path: Path) -> None:
    write(make(TODAY, name), tmp_path)
    code, answer = read(tmp_path)
    verdict, failing = EXPECTED[name]
    assert (code, answer["verdict"]) == (0, verdict)
    assert {k for k, v in answer["checks"].items() if v["status"] == "failed"} == failing
    assert answer["files"]["DG2"]
    assert answer["checks"]["zone_matches_chip"]["status"] == "successful"


def test_the_variants_that_end_the_reading(tmp_path: Path) -> None:
    assert set(VARIANTS) - set(EXPECTED) == {"downgraded", "mute", "slow", "torn"}
    write(make(TODAY, "torn"), tmp_path)
    code, answer = read(tmp_path)
    assert (code, "the chip went away at EF.DG2" in answer["error"]) == (1, True)
    write(make(TODAY, "downgraded"), tmp_path)
    code, answer = read(tmp_path)
    assert (code, answer["error"].startswith("PACE step 4")) == (1, True)
    code, answer = read(tmp_path, "--bac-after-pace")
    assert (answer["protocol"], answer["verdict"]) == ("BAC", "undetermined")
    assert answer["checks"]["pace"]["status"] == "failed"
    assert answer["downgrades"]


def test_manners_last_beyond_the_maker(tmp_path: Path) -> None:
    write(make(TODAY, "mute"), tmp_path / "mute")
    assert card.load(tmp_path / "mute").chip().process(b"\0\x84\0\0\x08") is None
    write(make(TODAY, "slow"), tmp_path / "slow")
    assert card.load(tmp_path / "slow").chip().faults.slow == 0.5


def test_the_door(tmp_path: Path) -> None:
    """What ``chip read`` promises, with the card access number and with fingers."""
    write(make(TODAY, seed=7, protocol="PACE-ECDH-CAM-AES256+CA-DH-AES192@1+AA-RSA+TA"), tmp_path)
    can = json.loads((tmp_path / "chip.json").read_text())["can"]
    code, answer = read(tmp_path, "--can", can, "--terminal", str(tmp_path / "terminal"))
    assert (code, answer["protocol"], answer["verdict"]) == (0, "PACE-ECDH-CAM-AES256", "accept")
    held = card.load(tmp_path).files
    expected = {k: v.hex() for k, v in held.items() if k not in ("ATR_INFO", "CVCA")}
    assert {k: v for k, v in answer["files"].items() if k != "CVCA"} == expected
    for name in ("pace", "chip_authentication_mapping", "card_access"):
        assert answer["checks"][name]["status"] == "successful"
    assert "chip_authentication" not in answer["checks"]  # the mapping has proven the chip
    assert answer["checks"]["active_authentication"]["detail"] == "RSA-2048 with sha1"
    assert answer["checks"]["terminal_authentication"]["detail"] == "as UTISLANE0001"
    assert "zone_matches_chip" not in answer["checks"]  # no zone was given
    assert set(answer["checks"]["pace"]) == {"status", "detail"}
    assert 0 < answer["seconds"] < 5
    code, answer = read(tmp_path, "--can", "000000" if can != "000000" else "000001")
    assert (code, set(answer)) == (1, {"error"})


def test_make_from_the_command_line(tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["passport", "make", str(tmp_path / "p"), "--holder-seed", "3", "--protocol", "BAC"]
    made = runner.invoke(app, arguments)
    assert (made.exit_code, "in order" in made.stdout) == (0, True)
    zone = (tmp_path / "p" / "mrz.txt").read_text().split()
    assert list(lds.dg1((tmp_path / "p" / "EF_DG1.bin").read_bytes()).lines) == zone
    assert not (tmp_path / "p" / "EF_CardAccess.bin").exists()
    assert (tmp_path / "p" / "trust" / "csca.cer").exists()
    assert (tmp_path / "p" / "trust" / "csca.crl").exists()
    for wrong, said in (
        (["make", str(tmp_path / "p"), "--variant", "odd"], "there are: genuine, cloned"),
        (["make", str(tmp_path / "p"), "--protocol", "PACE-RSA"], "there are: BAC, PACE-DH-GM"),
        (["make", str(tmp_path / "p"), "--protocol", "CA-DH-AES128@13"], "none for DH"),
        (["a", "b", "c"], "say one folder"),
        ([str(tmp_path / "p")], "--vpcd HOST:PORT"),
        ([str(tmp_path / "nowhere"), "--vpcd", "127.0.0.1:1"], "cannot read folder"),
    ):
        outcome = runner.invoke(app, ["passport", *wrong])
        assert (outcome.exit_code, said in outcome.output) == (1, True), outcome.output


def test_the_same_seed_is_the_same_holder() -> None:
    one, again, other = (make(TODAY, seed=seed, protocol="BAC") for seed in (5, 5, 6))
    assert one.lines == again.lines != other.lines
    assert one.card.files["DG2"] == again.card.files["DG2"] != other.card.files["DG2"]
    assert one.csca != again.csca  # keys are made anew


def test_two_processes_meet(tmp_path: Path) -> None:
    write(make(TODAY), tmp_path)
    port = free_port()
    program = "import typer; from simulators.chip.cli import passport; typer.run(passport)"
    words = ["serve", str(tmp_path), "--vpcd", f"127.0.0.1:{port}"]
    command = [sys.executable, "-c", program, *words]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE) as chip:
        url = f"vpcd://127.0.0.1:{port}"
        arguments = ["read", "--reader", url, "--mrz", "-", "--json", "--wait", "30"]
        zone = (tmp_path / "mrz.txt").read_text()
        outcome = CliRunner().invoke(cli.chip, arguments, input=zone)
        chip.terminate()
        assert chip.wait(60) == 0
    assert json.loads(outcome.stdout)["protocol"] == "PACE-ECDH-GM-AES128"
