"""A real lane's process, killed at any moment: what it was told is on disk, is on disk."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

from contract import passage
from contract.envelope import FIRST_PREVIOUS, event_hash
from contract.topics import Stream
from edge.uplink.outbox import Outbox
from tests.simulation.bad_luck import HERE, Clock, memory_folder

ROOT = Path(__file__).parents[2]
LANE = """
import sys
from pathlib import Path
from contract import passage
from contract.topics import Stream
from edge.runtime.clock import SystemClock
from edge.uplink.outbox import Outbox
from tests.simulation.bad_luck import HERE

outbox = Outbox(Path(sys.argv[1]), HERE, SystemClock())
while True:
    name = f"p{outbox.position(Stream.DECISION).last + 1}"
    data = passage.Started(passage=name)
    print(outbox.record(Stream.DECISION, "passage.started", data, state={"open": name}), flush=True)
"""


def test_kill_9_loses_nothing_that_was_recorded() -> None:
    rng, last = random.Random(9), 0
    with memory_folder() as folder:
        file = folder / "outbox.db"
        for _ in range(3):
            last = _killed(file, last + rng.randrange(1, 200))
            _check(file, last)


def _killed(file: Path, after: int) -> int:
    """Let a lane record until ``after``, kill it; return the last number it was sure of."""
    command = [sys.executable, "-c", LANE, str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as lane:
        assert lane.stdout is not None
        told = 0
        for line in lane.stdout:
            told = int(line)
            if told >= after:
                time.sleep(random.Random(told).random() / 1000)  # anywhere in a transaction
                lane.kill()
                break
        rest = [int(line) for line in lane.stdout if line.endswith("\n")]
    return max([told, *rest])


def _check(file: Path, told: int) -> None:
    outbox = Outbox(file, HERE, Clock())
    rows = outbox.pending(Stream.DECISION, 0, 100_000)
    assert len(rows) in (told, told + 1)  # the last may be on disk without having been told
    previous = FIRST_PREVIOUS
    for seq, body in rows:
        event = json.loads(body)
        assert (event["seq"], event["prev_hash"]) == (seq, previous)
        assert passage.Started.model_validate(event["data"]).passage == f"p{seq}"
        previous = event_hash(body)
    assert outbox.state() == {"open": f"p{len(rows)}"}
    outbox.close()
