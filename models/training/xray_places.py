"""Places that the scene network points at, cut out for the close-up network to learn from.

1. A scene is packed anew for every seed; in half of them some more harmless things lie about. It is
   looked at once with up to three threats hidden in it and once without.
2. Every peak of the scene network's certainty is a place: on a threat, or of harmless goods. Places
   beside a threat are neither, and left out.
3. What is kept of a place is the noiseless transmission around it, low and high, at ``FINE_MM``;
   how certain the scene network was; and the kind. It is recorded anew at each use.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.xray_scene_tiles import LINES, PIXELS, exposed
from models.training.xray_tiles import GROUP
from models.xray.closeup import FINE_MM, VIEW, Peak, cut, peaks
from models.xray.scenes import KINDS, WORKING_MM, Runner, look, working
from models.xray.spectrum import depth_from_bins
from simulators.world.goods import Container, hidden_pose, pack, visible
from simulators.world.goods_canvas import Canvas
from simulators.world.goods_harmless import FILLING, LOOKALIKES, NEGATIVES, any_pose
from simulators.world.goods_threats import DRAW, Threat

Image = NDArray[np.float32]
Rng = np.random.Generator
Rect = tuple[int, int, int, int]  # left, top, width, height in mm

KEPT = VIEW + 16  # fine pixels of a place: it may be moved a little at each use
SHARES = {
    Threat.PISTOL: 0.09, Threat.REVOLVER: 0.08, Threat.KNIFE: 0.21, Threat.RAZOR: 0.23,
    Threat.STAR: 0.14, Threat.BAR: 0.07, Threat.DEVICE: 0.18,
}  # fmt: skip
THREATS = 3  # at most, in one scene
TRIES = 4  # of poses for each
NEAR, FAR = 12.0, 40.0  # mm from a threat: on it, and beside it no more
FAINT = 0.01  # certainty of a peak that is learned from; lower than what is asked in earnest
DOUBTED, RARELY = -3.9, 0.3  # logit of a harmless peak; what is fainter is kept now and then
CLUTTER = 0.5  # odds of more things in a scene, up to four
ONE_ENERGY = 0.18  # of the looks


@dataclass(frozen=True)
class Place:
    """A place as rule 3 says: ``passed`` (2, KEPT, KEPT), ``kind`` of KINDS or −1, its logit."""

    passed: NDArray[np.float16]
    kind: int
    logit: float
    energies: int


def places(seed: int, number: int, run: Runner) -> list[Place]:
    """Return the places of one scene, with threats and without."""
    rng = np.random.default_rng([seed, 88, number])
    canvas = Canvas(LINES, PIXELS, 1.0 / FINE_MM)
    pack(canvas, rng, list(Container)[int(rng.integers(len(Container)))])
    if rng.random() < CLUTTER:
        for _ in range(int(rng.integers(1, 5))):
            kinds = (FILLING, LOOKALIKES, NEGATIVES)[int(rng.choice(3, p=[0.2, 0.35, 0.45]))]
            kinds[int(rng.integers(len(kinds)))](canvas, any_pose(canvas, rng, spread=0.7), rng)
    found = _seen(canvas, [], run, rng)
    return found + _seen(canvas, _hidden(canvas, rng), run, rng)


def _hidden(canvas: Canvas, rng: Rng) -> list[tuple[Rect, int]]:
    """Hide some threats, apart from one another; return where, and their kinds."""
    made: list[tuple[Rect, int]] = []
    behind = np.exp(-canvas.tau()[1])
    for _ in range(THREATS * TRIES):
        threat = list(SHARES)[int(rng.choice(len(SHARES), p=list(SHARES.values())))]
        layer = canvas.blank()
        DRAW[threat](layer, hidden_pose(canvas, rng), rng)
        left, top, wide, high = cv2.boundingRect((layer.sums[-1] > 1e-4).astype(np.uint8))
        rect, part = (left, top, wide, high), np.s_[top : top + high, left : left + wide]
        if not wide or any(_apart(rect, other) < FAR for other, _ in made):
            continue
        depth = depth_from_bins(layer.sums[:, *part])[1]
        if visible(behind[part], depth, depth > 0.02):
            canvas.sums[:, *part] += layer.sums[:, *part]
            made.append((rect, KINDS.index(GROUP[threat])))
        if len(made) == THREATS:
            break
    return made


def _seen(canvas: Canvas, hidden: list[tuple[Rect, int]], run: Runner, rng: Rng) -> list[Place]:
    passed = np.exp(-canvas.tau())
    alone = rng.random() < ONE_ENERGY
    shown = exposed(working(passed, FINE_MM), rng, one_energy=alone)
    found = []
    scale = WORKING_MM / FINE_MM
    for peak in peaks(look(shown, run).sure, FAINT):
        kind = _kind(peak, hidden)
        if kind is not None and (kind >= 0 or peak.logit > DOUBTED or rng.random() < RARELY):
            at = peak.x * scale, peak.y * scale
            kept = cut(passed, at, FINE_MM, KEPT).astype(np.float16)
            found.append(Place(kept, kind, peak.logit, len(shown)))
    return found


def _kind(peak: Peak, hidden: list[tuple[Rect, int]]) -> int | None:
    """Return the kind of the threat that a peak lies on, −1 for none, None for beside one."""
    x, y = peak.x * WORKING_MM, peak.y * WORKING_MM
    away = [(_apart(rect, (int(x), int(y), 1, 1)), kind) for rect, kind in hidden]
    nearest, kind = min(away, default=(FAR, -1))
    if nearest <= NEAR:
        return kind
    return -1 if nearest >= FAR else None


def _apart(one: Rect, other: Rect) -> float:
    """Return how far two rectangles are apart, the larger of across and down; 0 if they meet."""
    across = max(one[0] - other[0] - other[2], other[0] - one[0] - one[2], 0)
    down = max(one[1] - other[1] - other[3], other[1] - one[1] - one[3], 0)
    return float(max(across, down))


def pictures(labels: Path) -> Path:
    """Return the file with the pictures of the places that the file ``labels`` tells of."""
    return labels.with_suffix(".npy")


def gather(folder: Path, seed: int, first: int, scenes: int, run: Runner) -> Path:
    """Return the file that tells of the places of ``scenes`` scenes from ``first`` on.

    It and its pictures are made if they lack.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = folder / f"{seed}-{first}.npz"
    if labels.exists():
        return labels
    cv2.setNumThreads(1)
    every = [
        place for number in range(first, first + scenes) for place in places(seed, number, run)
    ]
    np.save(pictures(labels), np.stack([place.passed for place in every]))
    rough = labels.with_suffix(".part")
    with rough.open("wb") as file:
        np.savez(
            file,
            kind=np.array([place.kind for place in every], np.int8),
            logit=np.array([place.logit for place in every], np.float32),
            energies=np.array([place.energies for place in every], np.int8),
        )
    rough.rename(labels)
    return labels
