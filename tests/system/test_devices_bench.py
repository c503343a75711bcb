"""`border-sim device`: one device on a port, and a world in words."""

import threading

import pytest
import typer
from typer.testing import CliRunner

from simulators.device_cli import Kind, device

app = typer.Typer()
app.command()(device)


def run(*arguments: str, said: str = "quit\n"):
    return CliRunner().invoke(app, list(arguments), input=said)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_served_and_lets_go(kind: Kind) -> None:
    before = threading.enumerate()
    result = run(kind)
    assert result.exit_code == 0, result.output
    scheme = "http" if kind is Kind.CAMERA else "socket"
    assert result.output.startswith(f"{scheme}://127.0.0.1:")
    assert set(threading.enumerate()) <= set(before)


def test_a_pseudo_terminal_and_a_fault_at_the_start() -> None:
    result = run("gate", "--pty", "--fault", "jam_exit", "--fault", "mute=3", said="faults\nquit\n")
    assert result.output.startswith("/dev/pts/")
    assert "jam_exit = True" in result.output
    assert "mute = 3" in result.output


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("gate", "enter 1\nleave\nback\nbehind\nfire on\nstop off\npower battery\n"),
        ("document-reader", "place P<UTO X\nremove\nplace\n"),
        ("xray-source", "interlock off\nrest 72\n"),
        ("conveyor", "place crate 300\nplace box\nstop on\nperson on\ndoor on\n"),
        ("radiation", "vehicle 6 8 100 0\nvehicle 6 gamma=2500 lead=10\ntamper on\n"),
        ("barcode-reader", "show ]Q3 M1DESMARAIS/LUC\nbytes ]d1 DC03D9\ntake\n"),
        ("barcode-reader-lines", "show ]Q3 two words\n"),
        ("weighbridge", "load 38120\ntare 12000\ntare\nzero\nleave\n"),
        ("container-camera", "pass CSQU3054383 22G1\npass MWCU6059784\nleave\n"),
    ],
)
def test_every_verb_is_understood(kind: str, said: str) -> None:
    result = run(kind, said=said + "quit\n")
    assert result.exit_code == 0
    assert "try help" not in result.output + result.stderr


def test_what_is_not_understood_is_said() -> None:
    result = run("gate", said="dance\nfire maybe\nhelp\nquit\n")
    assert result.stderr.count("try help") == 2
    assert "enter" in result.output


@pytest.mark.parametrize("arguments", [["gate", "--fault", "gremlins"], ["gate", "--listen", "x"]])
def test_a_wrong_argument_is_named(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "gremlins" in result.stderr or "HOST:PORT" in result.stderr
