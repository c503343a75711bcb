"""Pictures that a passport reader would take of documents laid on it well and badly.

The page is at its real size on dark glass, lit from below; what stands off the glass is dim and out
of focus. Every scene follows from its seed.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz_layout import Format
from edge.egate.placement import Problem
from simulators.world.documents import render_document
from simulators.world.documents_holder import fictitious, zone
from simulators.world.documents_paper import security_paper

Image = NDArray[np.uint8]
Light = NDArray[np.float32]
Rng = np.random.Generator

DPI = 180
EDGE = 24  # pixels of glass round a page that lies right
GLASS = 34


def page(seed: int) -> Image:
    """Return a passport's data page."""
    return render_document(zone(fictitious(seed), Format.TD3), DPI, seed)


def laid(
    sheet: Image,
    turn: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    shape: Image | None = None,
) -> Image:
    """Return ``sheet`` on the glass, turned clockwise by degrees and shifted by parts of itself."""
    height, width = (shape if shape is not None else sheet).shape[:2]
    size = (width + 2 * EDGE, height + 2 * EDGE)
    matrix = cv2.getRotationMatrix2D((sheet.shape[1] / 2, sheet.shape[0] / 2), -turn, 1.0)
    matrix[:, 2] += (size[0] - sheet.shape[1]) / 2, (size[1] - sheet.shape[0]) / 2
    matrix[:, 2] += shift[0] * width, shift[1] * height
    return np.asarray(
        cv2.warpAffine(sheet, matrix, size, borderValue=(GLASS, GLASS, GLASS)), np.uint8
    )


def taken(scene: Image | Light, rng: Rng) -> Image:
    """Return ``scene`` as the reader's camera keeps it: even light, a little noise and blur."""
    noise = rng.normal(0, rng.uniform(0.5, 3.5), scene.shape)
    lit = scene.astype(np.float32) * rng.uniform(0.85, 1.05)
    blurred = cv2.GaussianBlur(lit, (0, 0), float(rng.uniform(0.3, 0.85)))
    return np.asarray(np.clip(blurred + noise, 0, 255), np.uint8)


def good(seed: int, rng: Rng) -> Image:
    """The data page, straight."""
    return laid(page(seed), float(rng.uniform(-4, 4)), tuple(rng.uniform(-0.015, 0.015, 2)))


def absent(_: int, rng: Rng) -> Image:
    """Bare glass under a ceiling with lamps."""
    glass = laid(np.full((624, 886, 3), GLASS, np.uint8)).astype(np.float32)
    for _lamp in range(int(rng.integers(0, 3))):
        at = (int(rng.integers(0, glass.shape[1])), int(rng.integers(0, glass.shape[0])))
        cv2.circle(glass, at, int(rng.integers(10, 60)), (120, 120, 110), -1)
    return np.asarray(cv2.GaussianBlur(glass, (0, 0), 15), np.uint8)


def skewed(seed: int, rng: Rng) -> Image:
    """The data page, leaning, or pushed aside so that its zone is out of sight."""
    if rng.random() < 0.7:
        turn = float(rng.uniform(12, 60) * rng.choice((-1, 1)))
        return laid(page(seed), turn, tuple(rng.uniform(-0.05, 0.05, 2)))
    return laid(page(seed), float(rng.uniform(-3, 3)), (0.0, float(rng.uniform(0.3, 0.5))))


def upside_down(seed: int, rng: Rng) -> Image:
    """The data page, its zone towards the traveller."""
    return laid(page(seed), 180 + float(rng.uniform(-6, 6)), tuple(rng.uniform(-0.02, 0.02, 2)))


def wrong_page(seed: int, rng: Rng) -> Image:
    """A visa page with stamps, an empty page, or the cover."""
    sheet = security_paper(624, 886, rng)
    kind = rng.integers(0, 3)
    if kind == 2:
        tint = rng.uniform(35, 110, 3)
        sheet = np.asarray(np.clip(rng.normal(0, 6, sheet.shape) + tint, 0, 255), np.uint8)
        cv2.circle(sheet, (443, 290), 120, (60, 170, 200), 8)
        cv2.putText(sheet, "PASSPORT", (250, 540), cv2.FONT_HERSHEY_TRIPLEX, 2, (60, 170, 200), 4)
    for _stamp in range(int(rng.integers(1, 5)) if kind == 1 else 0):
        at = (int(rng.integers(100, 780)), int(rng.integers(100, 520)))
        ink = rng.uniform(20, 140, 3).tolist()
        cv2.ellipse(sheet, at, (95, 60), float(rng.uniform(0, 180)), 0, 360, ink, 5)
        cv2.putText(
            sheet, "24 NOV 2026", (at[0] - 70, at[1]), cv2.FONT_HERSHEY_SIMPLEX, 0.7, ink, 2
        )
    return laid(sheet, float(rng.uniform(-4, 4)))


def glare(seed: int, rng: Rng) -> Light:
    """The data page in a shiny cover: a lamp's image over a part of the zone."""
    scene = good(seed, rng).astype(np.float32)
    height, width = scene.shape[:2]
    at = (int(width * rng.uniform(0.2, 0.8)), int(height * rng.uniform(0.78, 0.88)))
    spot = np.zeros((height, width), np.float32)
    axes = (int(width * rng.uniform(0.06, 0.16)), int(height * rng.uniform(0.08, 0.2)))
    cv2.ellipse(spot, at, axes, float(rng.uniform(-30, 30)), 0, 360, 1.0, -1)
    spot = cv2.GaussianBlur(spot, (0, 0), 8) * float(rng.uniform(150, 400))
    return np.asarray(scene + spot[:, :, None], np.float32)


def not_flat(seed: int, rng: Rng) -> Image:
    """The data page, standing off the glass towards one side: dim and soft there."""
    scene = good(seed, rng)
    height, width = scene.shape[:2]
    across = np.linspace(0, 1, width) if rng.random() < 0.5 else np.linspace(1, 0, width)
    lift = np.clip(np.tile(across, (height, 1)) * rng.uniform(0.8, 1.3) + rng.uniform(0, 0.4), 0, 1)
    if rng.random() < 0.4:  # the whole book is held above the glass
        lift = np.full_like(lift, rng.uniform(0.7, 1.0))
    levels = [cv2.GaussianBlur(scene, (0, 0), s) if s else scene for s in (0, 1.4, 2.8, 4.2, 5.6)]
    stack = np.stack(levels).astype(np.float32)
    index = np.minimum((lift * 4).astype(int), 4)
    soft = np.take_along_axis(stack, index[None, :, :, None], 0)[0]
    return np.asarray(np.clip(soft * (1 - 0.45 * lift[:, :, None]), 0, 255), np.uint8)


SCENES: dict[Problem, Callable[[int, Rng], Image | Light]] = {
    Problem.GOOD: good,
    Problem.ABSENT: absent,
    Problem.UPSIDE_DOWN: upside_down,
    Problem.SKEWED: skewed,
    Problem.GLARE: glare,
    Problem.NOT_FLAT: not_flat,
    Problem.WRONG_PAGE: wrong_page,
}


def scene(problem: Problem, seed: int) -> tuple[Image, Image | None]:
    """Return a picture with ``problem``, and the picture before it where there is one."""
    rng = np.random.default_rng([seed, sum(problem.value.encode())])
    if problem is not Problem.MOVED:
        sheet = SCENES[problem](seed, rng)
        still = problem in (Problem.GOOD, Problem.SKEWED, Problem.WRONG_PAGE)
        return taken(sheet, rng), taken(sheet, rng) if still else None
    sheet, turn = page(seed), float(rng.uniform(-4, 4))
    pushed = float(rng.uniform(0.03, 0.2) * rng.choice((-1, 1)))
    turned = float(rng.uniform(3, 25) * rng.choice((-1, 1)))
    after = laid(sheet, turn, (pushed, 0.0)) if rng.random() < 0.5 else laid(sheet, turn + turned)
    return taken(after, rng), taken(laid(sheet, turn), rng)
