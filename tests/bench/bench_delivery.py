"""What delivery costs: a durable record on a lane, and events a second from outbox to tables.

The limits are for a machine with two cores. A durable record ends in one ``fdatasync``, so what the
disk takes for it alone is measured beside it: the rest is ours.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import passage
from contract.topics import Stream
from edge.runtime.clock import SystemClock
from edge.uplink.outbox import Outbox
from tests.simulation.bad_luck import HERE, memory_folder
from tests.simulation.delivery import World, tell
from tests.system.delivery import Amqtt, Mosquitto, mosquitto, world

Row = tuple[str, str, str]
RECORDS = 1000
EVENTS = 5000
STORIES = 50


def run() -> list[Row]:
    """Measure everything; return (figure, value, limit)."""
    with tempfile.TemporaryDirectory() as disk, memory_folder() as memory:
        rows = [*_disk(Path(disk)), *_records("on disk", Path(disk), ("≤ disk + 1 ms",) * 2)]
        rows += _records("software alone", memory, ("≤ 400 µs", "≤ 1000 µs"))
    rows += _signatures()
    for kind in (Amqtt, Mosquitto):
        rows.append(_end_to_end(kind))
    return [*rows, _stories()]


def _disk(folder: Path) -> list[Row]:
    file = os.open(folder / "probe", os.O_RDWR | os.O_CREAT)
    spans = []
    for number in range(200):
        begun = time.perf_counter()
        os.pwrite(file, bytes(4096), 4096 * number)
        os.fdatasync(file)
        spans.append(time.perf_counter() - begun)
    os.close(file)
    middle, high = _percentiles(spans)
    return [("fdatasync of this disk p50", middle, "—"), ("fdatasync of this disk p95", high, "—")]


def _records(where: str, folder: Path, limits: tuple[str, str]) -> list[Row]:
    outbox = Outbox(folder / "outbox.db", HERE, SystemClock())
    spans = []
    for number in range(RECORDS):
        data, state = passage.Started(passage=f"p{number}"), {"phase": "reading"}
        begun = time.perf_counter()
        outbox.record(Stream.DECISION, "passage.started", data, state=state)
        spans.append(time.perf_counter() - begun)
    outbox.close()
    middle, high = _percentiles(spans)
    name = f"durable record, {where}"
    return [(f"{name} p50", middle, limits[0]), (f"{name} p95", high, limits[1])]


def _percentiles(spans: list[float]) -> tuple[str, str]:
    cuts = quantiles(spans, n=20)
    return f"{cuts[9] * 1e6:.0f} µs", f"{cuts[18] * 1e6:.0f} µs"


def _signatures() -> list[Row]:
    key, body = Ed25519PrivateKey.generate(), bytes(30_000)
    begun = time.perf_counter()
    for _ in range(200):
        key.public_key().verify(key.sign(body), body)
    pairs = 200 / (time.perf_counter() - begun)
    return [("signed and verified batches of 30 kB", f"{pairs:.0f} /s", "≥ 1000 /s")]


def _end_to_end(kind: type[Amqtt | Mosquitto]) -> Row:
    name = f"outbox → {kind.__name__} → SQLite → acknowledged, in memory"
    if kind is Mosquitto and mosquitto() is None:
        return (name, "not measured: mosquitto is not installed", "≥ 1500 /s")
    rate = asyncio.run(_drained(kind))
    return (name, f"{rate:.0f} /s", "≥ 1500 /s")


async def _drained(kind: type[Amqtt | Mosquitto]) -> float:
    with memory_folder() as folder:
        async with world(folder, kind, ears=False) as here:
            with here.outbox.transaction() as db:
                for number in range(EVENTS):
                    data = passage.Started(passage=f"p{number}")
                    here.outbox.append(db, Stream.DECISION, "passage.started", data)
            begun = time.perf_counter()
            async with asyncio.timeout(120):
                while here.outbox.depth:  # noqa: ASYNC110 the outbox rings no bell for empty
                    await asyncio.sleep(0.01)
            return EVENTS / (time.perf_counter() - begun)


def _stories() -> Row:
    begun = time.perf_counter()
    with memory_folder() as folder:
        for seed in range(STORIES):
            tell(World(seed, folder))
    rate = STORIES / (time.perf_counter() - begun)
    return ("simulated stories of bad luck", f"{rate:.0f} /s", "≥ 30 /s")


if __name__ == "__main__":
    for figure, value, limit in run():
        print(f"{figure:60} {value:>24}   {limit}")
