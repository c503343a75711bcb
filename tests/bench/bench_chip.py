"""Reading the reference passport's chip over a real socket; it may take seven seconds."""

import contextlib
import secrets
import socket
import statistics
import time
from pathlib import Path

from drivers.chip_reader.chip_reader import open_reader
from edge.documents import folder, lds
from edge.documents.chip.reader import Reading, read_chip, read_size
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.serve import on_reader

PASSPORT = Path(__file__).parents[2].parent / "shared/data/emrtd/bsi_tr03105_ref"
LIMIT = 7.0  # s from the zone to COM, SOD, DG1 and DG2 (TR-03135-1 §4.1.4)
ROUNDS = 5


def run() -> list[tuple[str, str, str]]:
    """Return rows of (figure, value, limit)."""
    if not PASSPORT.exists():
        return [("chip", "no shared material", "-")]
    rows = []
    for name, faults in (
        ("extended lengths", ChipFaults()),
        ("short lengths", ChipFaults(no_extended=True)),
        ("short lengths, 160 bytes at most", ChipFaults(no_extended=True, short=160)),
    ):
        seconds, reading = _timed(Chip(folder.load(PASSPORT), faults=faults))
        rows.append((f"chip read over TCP, {name}: time", f"{seconds:.3f} s", f"≤ {LIMIT} s"))
        rows.append((f"chip read over TCP, {name}: commands", str(reading.apdus), "-"))
    return rows


def _timed(chip: Chip) -> tuple[float, Reading]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    held = folder.load(PASSPORT)
    key_input = lds.dg1(held["DG1"]).key_input
    with on_reader(chip, "127.0.0.1", port):
        reader = open_reader(f"vpcd://127.0.0.1:{port}")
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            size = read_size(reader.power_on())
            reading = read_chip(reader, key_input, secrets.token_bytes, read_size=size)
            times.append(time.perf_counter() - start)
        reader.close()
    assert reading.files["DG2"] == held["DG2"]
    return statistics.median(times), reading


if __name__ == "__main__":
    for row in run():
        print(*row, sep=" | ")
