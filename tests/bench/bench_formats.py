"""Formats: how fast a scan of two energies leaves the machine, beside a plain copy of its bytes.

``run`` returns rows of (figure, value, limit or peer) and never fails for slowness.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.signing import only
from drivers.radiation.occupancy import Counting, Occupancy
from edge.scanner.formats import dicos_dx, dicos_tdr, evidence, n42, n42_portal, uff
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.evidence import BYTES, About, Part, Role, kept_parts
from edge.scanner.formats.evidence_check import verify
from edge.scanner.formats.n42_model import Instrument
from edge.scanner.formats.record import Energy, Item, Report, Scan, Scanner, Threat, Verdict
from edge.scanner.pictures import render
from simulators.world.goods import OPEN, scene
from tests.bench.stopwatch import best

Row = tuple[str, str, str]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def run() -> list[Row]:
    """Return every figure of this room."""
    scan, report = _scan(), _report()
    size = sum(plane.nbytes for plane in scan.planes) / 1e6
    copied = size / best(lambda: _copy(scan))

    def row(figure: str, work: Callable[[], object]) -> Row:
        return figure, f"{size / best(work):.0f} MB/s", f"plain copy to disk {copied:.0f} MB/s"

    parts = _parts(scan)
    bundle = _bundle(parts)
    dicos = [row(f"DICOS DX, {c.value}, out", partial(_images, scan, c)) for c in Compression]
    keys = only(KEY.public_key())
    return [
        *dicos,
        *(row(f"DICOS DX, {c.value}, in", _reading(scan, c)) for c in Compression),
        row("UFF-shaped package, out", lambda: uff.write(BytesIO(), scan, report)),
        row("evidence bundle of given parts, out", lambda: _bundle(parts)),
        row("evidence bundle, verified", lambda: verify(BytesIO(bundle), keys)),
        _size(scan),
        *_small(scan, report),
    ]


def _scan() -> Scan:
    goods = scene(3, lines=2000, pixels=1000)
    noise = np.random.default_rng(1)
    planes = tuple(
        noise.poisson(plane.astype(np.float32) / OPEN * 20_000).clip(0, 65_535).astype(np.uint16)
        for plane in (goods.low, goods.high)
    )
    return Scan("bench-1", Item("MSKU1234565"), Scanner(), NOW, planes, 16, (1.0, 1.0))


def _report() -> Report:
    threats = tuple(Threat(9 * n, 5, 8, 4, 0.5, "knife") for n in range(20))
    return Report(Verdict.ALARM, "net", "1", NOW, 9.0, threats)


def _copy(scan: Scan) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "copy").write_bytes(b"".join(plane.tobytes() for plane in scan.planes))


def _images(scan: Scan, compression: Compression) -> list[bytes]:
    return [dicos_dx.encode(scan, energy, NOW, compression) for energy in Energy]


def _reading(scan: Scan, compression: Compression) -> Callable[[], object]:
    files = _images(scan, compression)
    return lambda: [dicos_dx.decode(data) for data in files]


def _parts(scan: Scan) -> list[Part]:
    """Return parts as large as a lane's: its pictures as they travel, small ones beside."""
    travelling = [picture.content for picture in render(np.stack(scan.planes), 0)]
    images = [Part(f"images/{n}.jxl", Role.IMAGE, BYTES, c) for n, c in enumerate(travelling)]
    small = {"findings/x.json": Role.FINDINGS, "telemetry/x.json": Role.TELEMETRY}
    beside = [Part(path, role, BYTES, b"{}" * 500) for path, role in small.items()]
    return [*images, *beside, *kept_parts([b"{}"] * 20, (), ())]


def _bundle(parts: list[Part]) -> bytes:
    about = About(inspection="bench-1", item="x", site="s", unit="u", made=NOW)
    target = BytesIO()
    evidence.write(target, about, parts, KEY)
    return target.getvalue()


def _size(scan: Scan) -> Row:
    raw = len(b"".join(_images(scan, Compression.NONE)))
    packed = len(b"".join(_images(scan, Compression.JPEG_LS)))
    return "DICOS DX, JPEG-LS, size of uncompressed", f"{packed / raw:.0%}", "–"


def _small(scan: Scan, report: Report) -> list[Row]:
    passage = Occupancy(Counting(((90, 90, 90, 90),) * 50, (800,) * 4), Counting(), 1)
    data = n42_portal.encode(passage, NOW, Instrument(), "x")
    told = best(lambda: dicos_tdr.encode(scan, report, NOW)) * 1000
    written = best(lambda: n42_portal.encode(passage, NOW, Instrument(), "x")) * 1000
    read = best(lambda: n42.recording(data)) * 1000
    return [
        ("DICOS TDR of 20 threats", f"{told:.1f} ms", "–"),
        ("N42 of a passage of 10 s, out", f"{written:.1f} ms", "–"),
        ("N42 of a passage of 10 s, in", f"{read:.1f} ms", "–"),
    ]
