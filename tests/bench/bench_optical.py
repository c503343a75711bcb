"""Optical checks: bona fide pages that pass, forgeries that their check catches, time per page.

All pages are rendered: the figures are of the simulated state's passport. One core.
"""

from __future__ import annotations

import time

import cv2
import numpy as np

from edge.documents.optical.judge import OpticalModels, open_models, optical_checks
from edge.documents.optical.light import Light
from edge.documents.optical.registration import register
from edge.documents.page import read
from edge.documents.result import Check, Status
from models.face.pack import open_pack
from simulators.world.documents_light import Forgery, passport, photographed
from simulators.world.portraits import portrait

SEEDS = 8_000_000_000
BONA_FIDE, FORGED = 60, 12  # pages; pages of each kind
DPIS = (200.0, 300.0, 400.0)
CAUGHT_BY = {
    Forgery.BRIGHT_PAPER: "uv-dullness",
    Forgery.MRZ_DYE: "ir-mrz-visible",
    Forgery.LASER_PRINT: "ir-background-gone",
    Forgery.NO_MOTIF: "uv-motif",
    Forgery.PHOTO_SUBSTITUTED: "printed-portrait",
    Forgery.COPIED: "security-features",
    Forgery.FOREIGN_TYPE: "mrz-typeface",
}
Rows = list[tuple[str, str, str]]


def run() -> Rows:
    """Return every figure with its limit."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        models = open_models(open_pack())
        return [*_bona_fide(models), *_forgeries(models), *_portraits(), *_times(models)]
    finally:
        cv2.setNumThreads(threads)


def _bona_fide(models: OpticalModels) -> Rows:
    answers = [_judged(SEEDS + k, None, models) for k in range(BONA_FIDE)]
    alarms = sum(_any(checks, Status.FAILED) for checks in answers)
    doubts = sum(_any(checks, Status.UNDETERMINED, Status.ABORTED) for checks in answers)
    return [
        ("optical: bona fide pages with a failed check", f"{alarms} of {BONA_FIDE}", "≤ 2 %"),
        ("optical: bona fide pages in doubt", f"{doubts} of {BONA_FIDE}", ""),
    ]


def _forgeries(models: OpticalModels) -> Rows:
    rows = []
    for forgery, name in CAUGHT_BY.items():
        seeds = range(SEEDS + 1000, SEEDS + 1000 + FORGED)
        answers = [_judged(seed, forgery, models)[name].status for seed in seeds]
        failed = sum(status is Status.FAILED for status in answers)
        passed = sum(status is Status.SUCCESSFUL for status in answers)
        told = f"{failed} of {FORGED} failed, {passed} passed"
        rows.append((f"optical: {forgery}, by {name}", told, "≤ 2 % passed"))
    return rows


def _portraits() -> Rows:
    """The printed portrait on a lane without face models, by correlation."""
    models = OpticalModels(open_models().documents)
    rows = []
    for title, forgery in (("one person", None), ("two persons", Forgery.PHOTO_SUBSTITUTED)):
        seeds = range(SEEDS + 2000, SEEDS + 2000 + FORGED)
        answers = [_judged(s, forgery, models)["printed-portrait"].status for s in seeds]
        told = ", ".join(f"{answers.count(s)} {s}" for s in Status if s in answers)
        rows.append((f"optical: portraits by correlation, {title}", told, ""))
    return rows


def _times(models: OpticalModels) -> Rows:
    rows = []
    for dpi in (200.0, 400.0):
        pictures = photographed(passport(SEEDS, dpi), SEEDS)
        reading, dg2 = read(pictures[Light.WHITE]), portrait(SEEDS, 480, 360)
        spent = []
        for _ in range(9):
            began = time.process_time()
            optical_checks(pictures, reading, dg2, models)
            spent.append((time.process_time() - began) * 1000)
        assert reading.zone is not None
        began = time.process_time()
        register(pictures, reading.zone, reading.quad)
        placing = (time.process_time() - began) * 1000
        told = f"{np.median(spent):.0f} (placing {placing:.0f})"
        rows.append((f"optical: ms of one core per page, three lights, {dpi:g} ppi", told, "≤ 60"))
    return rows


def _judged(seed: int, forgery: Forgery | None, models: OpticalModels) -> dict[str, Check]:
    turn = (0.0, 180.0, 3.0)[seed // 3 % 3]
    pictures = photographed(passport(seed, DPIS[seed % 3], forgery), seed, turn)
    return optical_checks(pictures, read(pictures[Light.WHITE]), portrait(seed, 480, 360), models)


def _any(checks: dict[str, Check], *statuses: Status) -> bool:
    return any(check.status in statuses for check in checks.values())


if __name__ == "__main__":
    for row in run():
        print(" | ".join(row))
