"""From an analysis to a decision on record, with every examination that a lane can have.

1. Nothing is left out: another maker's recogniser (a mean of 4 × 4 pixels: its own time is no
   matter of ours), penetration, the empty thing always, papers with wedges, similar cargo, record.
2. The template is learned from the item's own picture: then it lies over it, and all is computed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from contract.names import Address
from edge.runtime.clock import SystemClock
from edge.runtime.lane import Lane
from edge.scanner.analysis import Analysis
from edge.scanner.cargo.template import learn
from edge.scanner.cargo_checks import FLOOR
from edge.scanner.config import DoseEstimate, Examinations
from edge.scanner.deciding import Deciding
from edge.scanner.dose import DoseBook
from edge.scanner.examinations import Examination
from edge.scanner.examining import examinations
from edge.scanner.identify import Known
from edge.scanner.likeness import Memory
from edge.scanner.manifests import Manifest
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.wedges import save
from edge.scanner.phantom.limits import SelfTest
from edge.scanner.self_test import SelfTestDuty
from edge.scanner.story import Recorder, Story
from edge.uplink.blobs import BlobSpool
from edge.uplink.outbox import Outbox
from models.catalogue import card
from models.xray.segmenter import NAME
from tests.unit.test_xray_recognisers import DARK, dark_cells, plug

CLOCK = SystemClock()
PAPERS = {"id": "MRN-1", "chapter": "25", "gross_kg": 500.0, "packages": 12, "homogeneous": True}
SCANS = 5


@contextmanager
def recording(folder: Path) -> Iterator[tuple[Lane, Recorder]]:
    """Yield a lane's record on disk in ``folder``, and who writes an item's story to it."""
    outbox = Outbox(folder / "outbox.db", Address(site="s", unit="u"), CLOCK)
    try:
        lane = Lane(outbox, CLOCK, lambda: "deciding", {})
        book = DoseBook.opened(DoseEstimate(), None, date(2026, 1, 1))
        yield lane, Recorder(lane, BlobSpool(folder / "spool"), card(NAME), 0.5, book)
    finally:
        outbox.close()


def every(analysis: Analysis, folder: Path) -> list[tuple[str, Examination]]:
    """Return every examination there is, for an item that looks like ``analysis``."""
    now = CLOCK.now().timestamp()
    tau = -np.log(np.maximum(analysis.overview[-1], FLOOR))
    rng = np.random.default_rng(1)
    scans = [tau + 0.01 * rng.standard_normal(tau.shape, np.float32) for _ in range(SCANS)]
    learn("itself", scans, now).save(folder / "empty.npz")
    save(replace(nominal(now), origin="measured"), folder / "wedges.json")
    (folder / "networks").mkdir()
    coarse = DARK.replace("pitch_mm = 2.0", f"pitch_mm = {analysis.overview_pitch:g}")
    plug(folder / "networks", "other", dark_cells(), coarse)
    how = Examinations(
        recognisers=folder / "networks",
        empty_template=folder / "empty.npz",
        empty="always",
        manifests=folder,
        wedges=folder / "wedges.json",
    )
    return examinations(how)


def decided(
    analysis: Analysis,
    known: Sequence[tuple[str, Examination]],
    where: tuple[Lane, Recorder],
    folder: Path,
    pitch_mm: float,
) -> Story:
    """Return the story of ``analysis`` once it is decided and on record."""
    duty = SelfTestDuty(SelfTest(), folder, CLOCK)
    deciding = Deciding(*where, known, duty, Memory(folder), pitch_mm, CLOCK)
    story = Story(CLOCK.monotonic(), analysis=analysis)
    story.known = Known().declared(Manifest.model_validate(PAPERS)).weighing(500.0)
    asyncio.run(deciding.decide(story))
    return story
