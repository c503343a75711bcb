"""A lane's self-test from the scan to the file: measure, compare with the earlier ones, keep.

1. The scan itself may be kept as well, for ``border-edge xray selftest`` to look at again.
2. A file that cannot be written is said in a warning; the verdict stands without it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge.scanner.phantom.history import History, HistoryError
from edge.scanner.phantom.limits import SelfTestLimits
from edge.scanner.phantom.measure import Image, self_test
from edge.scanner.phantom.result import Measurement, Result
from edge.scanner.phantom.trend import warning

SCAN = "selftest.tiff"  # the latest scan of the phantom, in the lane's folder
FULL = 65_535


def perform(
    transmission: Image,
    at: float,
    folder: Path,
    limits: SelfTestLimits | None = None,
    pitch_mm: float = 1.0,
) -> Result:
    """Return the result of a scan of the phantom, kept in the lane's ``folder`` with its trend.

    ``transmission`` is (H, W) or (2, H, W), low energy first; ``at`` in seconds since 1970.
    """
    result = self_test(transmission, at, limits, pitch_mm)
    history = History(folder)
    try:
        result = replace(result, warnings=tuple(drifts(result, history)))
        history.add(result)
    except HistoryError as error:
        result = replace(result, warnings=(*result.warnings, str(error)))
    return result


def drifts(result: Result, history: History) -> list[str]:
    """Return what is to be said of each measurement's drift, this result included."""
    return [said for m in result.measurements if (said := _drift(result, m, history))]


def _drift(result: Result, m: Measurement, history: History) -> str | None:
    if m.value is None:
        return None
    times, values = history.values(m.name, result.layout)
    return warning(m, [*times, result.at], [*values, m.value])


def keep_scan(transmission: Image, folder: Path) -> Path:
    """Keep a scan as a 16-bit TIFF, a page for each energy, low first; raise OSError."""
    planes = transmission if transmission.ndim == 3 else transmission[None]
    pages = [np.rint(np.clip(plane, 0, 1) * FULL).astype(np.uint16) for plane in planes]
    done, content = cv2.imencodemulti(".tiff", pages)
    if not done:
        raise OSError("the scan cannot be written as TIFF")
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"{SCAN}.part"
    with half.open("wb") as file:
        file.write(content.tobytes())
        file.flush()
        os.fsync(file.fileno())
    return half.replace(folder / SCAN)
