"""The one-shot tools for lists, seals and passes, as a shell would call them."""

import json
from pathlib import Path

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from contract.signing import create_private_key, public_text
from edge.documents.cli_trust import app, check_seal, read_boarding_pass
from simulators.chip.issuer import State
from tests.unit.issuing import TODAY

tools = typer.Typer()
tools.add_typer(app, name="trust")
tools.command("seal")(check_seal)
tools.command("boarding-pass")(read_boarding_pass)
PASS = b"M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 106>60000"


def run(*arguments: str, given: bytes = b"") -> tuple[int, dict]:
    result = CliRunner().invoke(tools, [*arguments, "--json"], input=given)
    return result.exit_code, json.loads(result.stdout)


def test_made_here_and_imported_there(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "root.cer").write_bytes(State("UT", TODAY).der)
    key = create_private_key(tmp_path / "key.pem")
    made = ("trust", "make", str(folder), "--sequence", "3", "--key", str(tmp_path / "key.pem"))
    assert run(*made)[0] == 0
    into = ("trust", "import", str(folder), "--cache", str(tmp_path / "cache"), "--key")
    code, answer = run(*into, public_text(key.public_key()))
    assert (code, answer["sequence"], answer["certificates"]) == (0, 3, 1)
    code, answer = run(*into, public_text(Ed25519PrivateKey.generate().public_key()))
    assert (code, "not trusted here" in answer["error"]) == (1, True)
    code, answer = run(*into, "nonsense")
    assert (code, "Ed25519" in answer["error"]) == (1, True)


def test_a_boarding_pass_and_none() -> None:
    code, answer = run("boarding-pass", given=PASS + b"\r\n")
    assert (code, answer["legs"][0]["origin"], answer["signed"]) == (0, "YUL", False)
    code, answer = run("boarding-pass", given=b"M1")
    assert (code, answer["error"][:29]) == (1, "boarding pass, character 2: e")


def test_a_seal_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "seal.bin").write_bytes(b"\xdc\x03")
    code, answer = run("seal", str(tmp_path / "seal.bin"))
    assert (code, answer["verdict"]) == (0, "reject")
    assert run("seal", str(tmp_path / "missing"))[0] == 1
    assert run("seal", "-", "--mrz", "XX", given=b"")[0] == 1
