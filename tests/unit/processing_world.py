"""An item's lines, a recogniser that decides nothing, and what becomes of them."""

from __future__ import annotations

import time
from dataclasses import replace

import imagecodecs
import numpy as np

from contract.blob import Blob, Picture
from drivers.detector.ring import Arrivals, LineRing
from edge.scanner.acquisition import Ended
from edge.scanner.analysis import analyse
from edge.scanner.calibration import calibrate
from edge.scanner.config import InspectionPolicy
from edge.scanner.pictures import PART
from edge.scanner.processing import Processing
from edge.scanner.strips import Sight
from models.xray import segmenter
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts

PIXELS = 48
WELL = Ended(cut=False, quiet=0.0)
DETECTOR = make_detector(PIXELS, seed=1, dead=0)
CALIBRATION = calibrate(dark_counts(128, DETECTOR, 1), air_counts(128, DETECTOR, 2), at=0)
LEAD = 20
QUIET = 0.15  # s


def sees(score=0.1):
    def recognise(picture, pitch_mm, threads):
        return segmenter.Finding(score, (), 0.0, np.zeros((1, 1), np.float32), (1, 1))

    return Sight(recognise)


def kept(files):
    return list(files)


def item(lines):
    """Return the counts of air in front of an item, and of the item."""
    tau = np.zeros((2, LEAD + lines, PIXELS), np.float32)
    tau[:, LEAD:, 10:40] = 0.5
    return raw_counts(tau, DETECTOR, 3)


def fed(processing, raw, numbers=None, beam_on=None, lines=4096, lead=LEAD):
    """Run ``processing`` on lines ``numbers`` of ``raw``; the rest never came."""
    numbers = np.arange(raw.shape[1]) if numbers is None else np.asarray(numbers)
    ring = LineRing(2, PIXELS, lines)
    for some in np.array_split(numbers, 1 + len(numbers) // 40):
        if len(some):
            ring.place(arrivals(raw, some, beam_on))
    ring.end()
    processing.expect(lead)
    return processing.run(ring)


def arrivals(raw, numbers, beam_on=None):
    lit = np.ones(len(numbers), bool) if beam_on is None else beam_on[numbers]
    pixels = raw[:, numbers].transpose(1, 0, 2)
    return Arrivals(numbers.astype(np.uint32), numbers.astype(np.uint64), lit, pixels)


def pace(ring, raw, start, count=20):
    """Place some lines as soon as there is room; return the number of the next."""
    numbers = np.arange(start, min(start + count, raw.shape[1]))
    deadline = time.monotonic() + 30
    while numbers[-1] >= ring._released + ring.capacity:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    ring.place(arrivals(raw, numbers))
    return int(numbers[-1]) + 1


def processing(score=0.1, keep=kept, calibration=CALIBRATION):
    return Processing(calibration, 1.0, sees(score), keep)


def shown(seen, kind):
    parts = [part for part in seen.pictures if part.kind.split("-")[0] == kind]
    assert [part.top for part in parts] == [PART * i for i in range(len(parts))]
    return np.concatenate([imagecodecs.jpegxl_decode(part.content) for part in parts])


def judged(seen, ended=WELL, threshold=0.5, most_lost=2):
    blob = Blob(sha256="0" * 64, size=1, media_type="image/jxl")
    pictures = [
        Picture(kind=p.kind, blob=blob, width=p.width, height=p.height, bits=16, personal=False)
        for p in seen.pictures
    ]
    policy = InspectionPolicy(most_lost_lines=most_lost)
    return analyse(replace(seen, pictures=pictures), ended, threshold, policy, QUIET)
