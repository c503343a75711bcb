"""``border-sim device KIND``: one simulated device on a real port, for an engineer at the bench.

The address is printed; then every line on standard input is something that happens to the device:
a verb of its world (``help`` lists them), ``fault NAME [VALUE]``, ``faults``, or ``quit``. When the
input ends the device goes on until it is interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from drivers.barcode_reader.codec import Dialect as Marking
from drivers.document_reader.codec import Dialect
from drivers.gate.registers import Power
from edge.documents.folder import load
from simulators.badge_reader.device import FakeBadgeReader
from simulators.barcode_reader.device import FakeBarcodeReader
from simulators.cable import Device
from simulators.camera.device import FakeCamera, on_http
from simulators.chip.device import Chip
from simulators.container_camera.device import FakeContainerCamera
from simulators.conveyor.device import FakeConveyor
from simulators.detector.device import FakeDetector
from simulators.document_reader.device import FakeDocumentReader
from simulators.faults import inject, menu
from simulators.gate.device import FakeGate
from simulators.pn532.card import Card
from simulators.pn532.device import FakePn532
from simulators.radiation.device import FakePortal
from simulators.serve import on_pty, on_tcp
from simulators.weighbridge.device import FakeWeighbridge
from simulators.xray_source.device import FakeXraySource

Verb = Callable[..., object]


class Kind(StrEnum):
    """What can be put on the bench."""

    GATE = "gate"
    DOCUMENT_READER = "document-reader"
    DOCUMENT_READER_LINES = "document-reader-lines"
    CAMERA = "camera"
    XRAY_SOURCE = "xray-source"
    DETECTOR = "detector"
    CONVEYOR = "conveyor"
    RADIATION = "radiation"
    PN532 = "pn532"
    BADGE_READER = "badge-reader"
    BARCODE_READER = "barcode-reader"
    BARCODE_READER_LINES = "barcode-reader-lines"
    WEIGHBRIDGE = "weighbridge"
    CONTAINER_CAMERA = "container-camera"


def device(
    kind: Annotated[Kind, typer.Argument(help="Which device.")],
    listen: Annotated[
        str, typer.Option(help="HOST:PORT to listen on; port 0 is any free one.")
    ] = "127.0.0.1:0",
    pty: Annotated[bool, typer.Option("--pty", help="A pseudo-terminal instead of TCP.")] = False,
    fault: Annotated[
        list[str] | None, typer.Option(help="NAME or NAME=VALUE, as listed by `faults`.")
    ] = None,
) -> None:
    """Serve one simulated device on a real port until `quit` or an interrupt."""
    simulated, verbs = _make(kind)
    for wanted in fault or []:
        name, _, value = wanted.partition("=")
        _break(simulated, name, value or "1")
    with _served(simulated, listen, pty) as address:
        typer.echo(address)
        if not _converse(simulated, verbs):
            _wait()


def _make(kind: Kind) -> tuple[Device, dict[str, Verb]]:
    """Return the device and what its world can do, by verb."""
    return _MAKERS[kind]()


def _document_reader(dialect: Dialect) -> tuple[Device, dict[str, Verb]]:
    reader = FakeDocumentReader(dialect)
    return reader, {"place": lambda *mrz: reader.place(mrz), "remove": reader.remove}


def _xray_source() -> tuple[Device, dict[str, Verb]]:
    source = FakeXraySource()
    return source, {
        "interlock": lambda closed: source.set_interlock(_truth(closed)),
        "rest": lambda hours: source.rest(float(hours)),
    }


def _gate() -> tuple[Device, dict[str, Verb]]:
    gate = FakeGate()
    return gate, {
        "enter": lambda followers="0": gate.person_enters(int(followers)),
        "leave": gate.person_leaves,
        "back": gate.person_turns_back,
        "behind": gate.person_comes_from_behind,
        "fire": lambda on: gate.set_fire(_truth(on)),
        "stop": lambda on: gate.set_emergency_stop(_truth(on)),
        "power": lambda name: gate.set_power(Power[name.upper()]),
    }


def _conveyor() -> tuple[Device, dict[str, Verb]]:
    conveyor = FakeConveyor()
    return conveyor, {
        "place": lambda tag, length="500": conveyor.place(tag, float(length)),
        "stop": lambda on: conveyor.set_emergency_stop(_truth(on)),
        "person": lambda on: conveyor.set_person_in_zone(_truth(on)),
        "door": lambda on: conveyor.set_door(_truth(on)),
    }


def _radiation() -> tuple[Device, dict[str, Verb]]:
    portal = FakePortal()
    return portal, {
        "vehicle": lambda *what: portal.vehicle_enters(**_named(what)),
        "tamper": lambda on: portal.set_tamper(_truth(on)),
    }


def _pn532() -> tuple[Device, dict[str, Verb]]:
    reader = FakePn532()
    return reader, {
        "place": lambda folder: reader.place(Card(Chip(load(Path(folder))))),
        "remove": reader.remove,
    }


def _badge_reader() -> tuple[Device, dict[str, Verb]]:
    reader = FakeBadgeReader()
    return reader, {
        "show": lambda badge: reader.show(bytes.fromhex(badge)),
        "cover": lambda opened: reader.open_cover(_truth(opened)),
        "press": reader.press,
    }


def _barcode_reader(marking: Marking) -> tuple[Device, dict[str, Verb]]:
    reader = FakeBarcodeReader(marking)
    return reader, {
        "show": lambda aim, *words: reader.show(" ".join(words).encode("utf-8"), aim),
        "bytes": lambda aim, content: reader.show(bytes.fromhex(content), aim),
        "take": reader.take_away,
    }


def _weighbridge() -> tuple[Device, dict[str, Verb]]:
    bridge = FakeWeighbridge()
    return bridge, {
        "load": lambda kilograms: bridge.drive_on(float(kilograms)),
        "leave": bridge.drive_off,
        "tare": lambda weight="0": bridge.tare(float(weight)),
        "zero": bridge.zero,
    }


def _container_camera() -> tuple[Device, dict[str, Verb]]:
    camera = FakeContainerCamera()
    return camera, {"pass": camera.container_passes, "leave": camera.container_leaves}


def _named(words: Sequence[str]) -> dict[str, float]:
    """Return numbers by name, as ``8 gamma=2500`` has them: those without a name come in order."""
    order = iter(("length", "kph", "gamma", "neutron"))
    pairs = [
        word.partition("=")[::2] if "=" in word else (next(order, "?"), word) for word in words
    ]
    return {name: float(value) for name, value in pairs}


_MAKERS: dict[Kind, Callable[[], tuple[Device, dict[str, Verb]]]] = {
    Kind.GATE: _gate,
    Kind.DOCUMENT_READER: lambda: _document_reader(Dialect.FRAMED_LRC),
    Kind.DOCUMENT_READER_LINES: lambda: _document_reader(Dialect.LINES),
    Kind.CAMERA: lambda: (FakeCamera(_test_card), {}),
    Kind.XRAY_SOURCE: _xray_source,
    Kind.DETECTOR: lambda: (FakeDetector(_wedge), {}),
    Kind.CONVEYOR: _conveyor,
    Kind.RADIATION: _radiation,
    Kind.PN532: _pn532,
    Kind.BADGE_READER: _badge_reader,
    Kind.BARCODE_READER: lambda: _barcode_reader(Marking.FRAMED),
    Kind.BARCODE_READER_LINES: lambda: _barcode_reader(Marking.LINES),
    Kind.WEIGHBRIDGE: _weighbridge,
    Kind.CONTAINER_CAMERA: _container_camera,
}


def _test_card(number: int) -> NDArray[np.uint8]:
    """Return grey bars that move, 480 × 640."""
    row = ((np.arange(640) + 4 * number) // 40 % 8 * 30 + 20).astype(np.uint8)
    return np.repeat(np.tile(row, (480, 1))[:, :, None], 3, axis=2)


def _wedge(number: int) -> NDArray[np.uint16]:
    """Return one line of a step wedge, two energies × 512 pixels; photons make it noisy.

    It repeats every 600 lines.
    """
    steps = np.arange(512) // 64 * (number % 600 > 100) * (number % 600 < 500)
    low, high = 50_000 * np.exp(-0.5 * steps), 60_000 * np.exp(-0.35 * steps)
    seen = np.stack((low, high))
    noise = np.random.default_rng(number % 600).standard_normal(seen.shape)
    counts: NDArray[np.uint16] = np.rint(seen + np.sqrt(seen) * noise).astype(np.uint16)
    return counts


def _served(simulated: Device, listen: str, pty: bool) -> AbstractContextManager[str]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise typer.BadParameter(f"{listen!r} is not HOST:PORT")
    if isinstance(simulated, FakeCamera):
        if pty:
            raise typer.BadParameter("a network camera has no serial line")
        return on_http(simulated, host, int(port))
    return on_pty(simulated) if pty else on_tcp(simulated, host, int(port))


def _converse(simulated: Device, verbs: dict[str, Verb]) -> bool:
    """Do what the lines of standard input say; return whether one of them was `quit`."""
    for line in typer.get_text_stream("stdin"):
        word, *arguments = line.split() or [""]
        if word == "quit":
            return True
        _happen(simulated, verbs, word, arguments)
    return False


def _happen(simulated: Device, verbs: dict[str, Verb], word: str, arguments: list[str]) -> None:
    try:
        match word:
            case "":
                return
            case "help":
                typer.echo(" ".join(sorted([*verbs, "fault", "faults", "quit"])))
            case "faults":
                typer.echo(_listed(menu(simulated.faults)))
            case "fault":
                _break(simulated, *arguments)
            case _:
                verbs[word](*arguments)
    except (KeyError, TypeError, ValueError) as error:
        typer.echo(f"{word}: {error}; try help", err=True)


def _break(simulated: Device, name: str, value: str = "1") -> None:
    try:
        inject(simulated.faults, name, float(value))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _listed(faults: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in sorted(faults.items()))


def _truth(word: str) -> bool:
    if word not in ("on", "off"):
        raise ValueError(f"{word!r} is neither on nor off")
    return word == "on"


def _wait() -> None:
    while True:
        time.sleep(3600)  # the port has its own thread; an interrupt ends this
