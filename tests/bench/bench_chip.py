"""Reading chips: over a real socket, and over a link as slow as a chip's own.

The slow link is simulated: 424 kbit/s, both ways' bytes, and 2 ms for each command besides. The
figure is the ratio of the time to COM, SOD, DG1 and DG2 to the time that their bytes alone need.
"""

import contextlib
import secrets
import socket
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from drivers.chip_reader.chip_reader import open_reader
from edge.documents import lds
from edge.documents.chip.reader import Reading, read_chip, read_size
from simulators.chip import card
from simulators.chip.card import Card
from simulators.chip.faults import ChipFaults
from simulators.chip.make import make
from simulators.chip.serve import InProcess, on_reader

PASSPORT = Path(__file__).parents[2].parent / "shared/data/emrtd/bsi_tr03105_ref"
LIMIT = 7.0  # s from the zone to COM, SOD, DG1 and DG2 (TR-03135-1 §4.1.4)
RATIO = 1.15  # of the time that the bytes alone need
BIT_RATE, TURNAROUND = 424_000, 0.002  # bit/s; s for each command
ESSENTIAL = ("COM", "SOD", "DG1", "DG2")
ROUNDS = 5
PROTOCOLS = (
    "BAC",
    "PACE-ECDH-GM-AES128",
    "PACE-ECDH-IM-AES256",
    "PACE-DH-GM-AES128",
    "PACE-ECDH-CAM-AES128",
    "PACE-ECDH-GM-AES128+CA-ECDH-AES128+AA-ECDSA",
)


def run() -> list[tuple[str, str, str]]:
    """Return rows of (figure, value, limit)."""
    rows = []
    for protocol in PROTOCOLS:
        held = make(datetime.now(UTC), protocol=protocol).card
        rows += _over_a_slow_link(f"portrait of {len(held.files['DG2'])} bytes, {protocol}", held)
    if not PASSPORT.exists():
        return [*rows, ("chip of the reference passport", "no shared material", "-")]
    reference = card.load(PASSPORT)
    rows += _over_a_slow_link("the reference passport, BAC", reference)
    short = ChipFaults(no_extended=True)
    rows += _over_a_slow_link("the reference passport, BAC, short lengths", reference, short)
    for name, faults in (
        ("extended lengths", ChipFaults()),
        ("short lengths", ChipFaults(no_extended=True)),
        ("short lengths, 160 bytes at most", ChipFaults(no_extended=True, short=160)),
    ):
        seconds, reading = _timed(reference, faults)
        rows.append((f"chip read over TCP, {name}: time", f"{seconds:.3f} s", f"≤ {LIMIT} s"))
        rows.append((f"chip read over TCP, {name}: commands", str(reading.apdus), "-"))
    return rows


class SlowLink(InProcess):
    """A reader that only counts what its link would take, in seconds."""

    seconds = 0.0
    opened = 0.0  # when the chip was open and its application selected

    def transmit(self, apdu: bytes) -> bytes:
        """Count both ways' bytes, and the turnaround."""
        answer = super().transmit(apdu)
        self.seconds += TURNAROUND + 8 * (len(apdu) + len(answer)) / BIT_RATE
        if apdu[1] in _OPENS:
            self.opened = self.seconds
        return answer


_OPENS = (0x82, 0xA4)  # EXTERNAL AUTHENTICATE of BAC, SELECT after PACE; nothing after is either


def _over_a_slow_link(
    name: str, held: Card, faults: ChipFaults | None = None
) -> list[tuple[str, str, str]]:
    alone = 8 * sum(len(held.files[file]) for file in ESSENTIAL) / BIT_RATE
    link = _slow(held, (1, 2), faults)
    reading = link.seconds - link.opened
    everything = _slow(held, None, faults).seconds
    return [
        (
            f"{name}: COM, SOD, DG1, DG2 once open",
            f"{reading * 1000:.0f} ms, ratio {reading / alone:.3f}",
            f"≤ {RATIO}" if faults is None else "-",
        ),
        (
            f"{name}: the same with the {link.opened * 1000:.0f} ms of opening",
            f"{link.seconds * 1000:.0f} ms, ratio {link.seconds / alone:.3f}",
            "-",
        ),
        (f"{name}: all files, all proofs", f"{everything * 1000:.0f} ms", "-"),
    ]


def _slow(held: Card, groups: tuple[int, ...] | None, faults: ChipFaults | None) -> SlowLink:
    link = SlowLink(held.chip(faults))
    size = read_size(link.power_on())
    zone = lds.dg1(held.files["DG1"]).key_input
    read_chip(link, zone, secrets.token_bytes, read_size=size, groups=groups)
    return link


def _timed(held: Card, faults: ChipFaults) -> tuple[float, Reading]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    key_input = lds.dg1(held.files["DG1"]).key_input
    with on_reader(held.chip(faults), "127.0.0.1", port):
        reader = open_reader(f"vpcd://127.0.0.1:{port}")
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            size = read_size(reader.power_on())
            reading = read_chip(reader, key_input, secrets.token_bytes, read_size=size)
            times.append(time.perf_counter() - start)
        reader.close()
    assert reading.files["DG2"] == held.files["DG2"]
    return statistics.median(times), reading


if __name__ == "__main__":
    for row in run():
        print(*row, sep=" | ")
