"""X-ray: speed of the recogniser by stage, how good it is on real crops and rendered items, peers.

Peers are PaDiM and PatchCore as anomalib runs them, in an environment of its own
(tests/bench/peers_xray.txt says how), on the same pictures and threads. Their published backbones
come from a hub; where that is out of reach their weights are random, and the row says so. Both know
nothing of threats: they learn what harmless items look like. EfficientAD cannot do without its
published teacher.
``run`` returns rows of (figure, value, limit or peer) and never fails for slowness.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.scanner.calibration import calibrate
from models.catalogue import card
from models.training import xray_scene_judge as judge
from models.training.xray_figures import auc, hits_at
from models.xray import scenes
from models.xray.closeup import cut
from models.xray.projection import air_counts, dark_counts, make_detector
from models.xray.segmenter import CLOSE_UP, NAME, catalogued, close_up, inspect
from simulators.world.goods import OPEN, PITCH_MM, raw_counts, scene
from tests.bench.stopwatch import best

ROOT = Path(__file__).parents[2]
CROPS = ROOT.parent / "shared/data/xray/gdxray_objects"
PEERS = ROOT / ".venv" / "peers_xray" / "bin" / "python"
THREATS = ("handgun", "shuriken", "razor_blade")
ITEMS, FIT, SIDE = 60, 24, 256  # items with and without a threat; a peer's to learn, and its side
Row = tuple[str, str, str]


def run() -> list[Row]:
    """Return every figure of this room."""
    return [*_speed(), *_crops(), *_items()]


def _speed() -> list[Row]:
    goods = scene(1, lines=1000, pixels=512)
    picture = np.stack([goods.low, goods.high]).astype(np.float32) / np.float32(OPEN)
    size = goods.high.size / 1e6
    detector = make_detector(512, seed=1)
    made = calibrate(dark_counts(128, detector, 1), air_counts(128, detector, 2), at=0)
    counts = raw_counts(goods, detector)
    inspect(picture, PITCH_MM, threads=2)
    seen = best(lambda: inspect(picture, PITCH_MM, threads=2))
    whole = best(lambda: inspect(picture, threads=2))
    calibrated = best(lambda: made.normalise(counts))
    rendered = best(lambda: scene(2, lines=1000, pixels=512, threat=True), tries=3)
    return [
        ("recogniser, two threads, 1 mm pixels", f"{size / seen:.1f} Mpix/s", "≥ 30 Mpix/s"),
        *_stages(picture, size),
        ("recogniser, two threads, unknown pitch", f"{size / whole:.1f} Mpix/s", "≥ 10 Mpix/s"),
        ("automatic triage of one picture", f"{seen:.3f} s", "≤ 1 s"),
        ("calibration, two energies", f"{2 * size / calibrated:.0f} Mpix/s", "≥ 10 Mpix/s"),
        ("a rendered scene of 1000 × 512", f"{rendered:.2f} s", "≤ 0.5 s"),
    ]


def _stages(picture: np.ndarray, size: float) -> list[Row]:
    """Return the recogniser's stages, in Mpix/s of the picture."""
    look, small = catalogued(NAME, "scene", 2), scenes.working(picture, PITCH_MM)
    view, cells = scenes._padded(small), scenes.look(small, look)
    stages: dict[str, Callable[[], object]] = {
        "reduce to 2 mm": lambda: scenes.working(picture, PITCH_MM),
        "channels": lambda: scenes._padded(small),
        "network": lambda: look(view),
        "regions": lambda: scenes.spots(cells, 0.3),
    }
    adds, at = close_up(2), (256.0, 500.0)
    place = best(lambda: adds(scenes.channels(cut(picture, at, PITCH_MM))[None]))
    return [
        *((f"– {name}", f"{size / best(work):.0f} Mpix/s", "a stage")
          for name, work in stages.items()),
        ("– a place looked at again", f"{place * 1000:.1f} ms", "one in an item, on average"),
    ]  # fmt: skip


def _crops() -> list[Row]:
    if not CROPS.is_dir():
        return [("real crops", "not on this machine", "AUC ≥ 0.97")]
    found = {}
    for name in (*THREATS, "other"):
        files = sorted((CROPS / name).glob("*.jpg"))
        found[name] = np.array([inspect(_grey(path)).score for path in files])
    good, every = found["other"], np.concatenate([found[name] for name in THREATS])
    limits = {"handgun": "0.93", "shuriken": "0.99", "razor_blade": "0.93"}
    return [
        ("real crops, AUC", f"{auc(every, good):.3f}", "≥ 0.97"),
        ("real crops, hits at 5 % false alarms", f"{hits_at(every, good):.2f}", "≥ 0.85"),
        *(
            (f"real crops, AUC {name}", f"{auc(found[name], good):.3f}", f"≥ {limit}")
            for name, limit in limits.items()
        ),
    ]


def _grey(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)


def _items() -> list[Row]:
    """Judge ours and the peers on the same rendered items."""
    first = judge.UNSEEN_FROM
    bad = [judge.item(first + index, threat=True) for index in range(ITEMS)]
    good = [judge.item(first + index, threat=False) for index in range(ITEMS)]
    look, adds, at = catalogued(NAME, "scene", 2), close_up(2), card(CLOSE_UP).threshold or 1.0
    begun = time.perf_counter()
    seen = {"bad": judge.judged(bad, look, adds), "good": judge.judged(good, look, adds)}
    took = (time.perf_counter() - begun) / (2 * ITEMS)
    figures = judge.figures(seen["bad"], seen["good"], at, "items")
    alone = judge.judged(bad, look, adds, 1), judge.judged(good, look, adds, 1)
    name = f"rendered items, {ITEMS} with a threat, {ITEMS} without"
    return [
        (f"{name}: AUC", f"{figures['items_auc']:.3f}", "peers below"),
        (f"{name}: hits and false alarms at the card's threshold",
         f"{figures['items_hits']:.0%}, {figures['items_alarms']:.1%}", "≥ 95 %, ≤ 0.4 %"),
        (f"{name}: AUC, one energy", f"{judge.figures(*alone, at, 'x')['x_auc']:.3f}", "two"),
        (f"{name}: seconds an item", f"{took:.4f}", "peers below"),
        *_peers(bad, good),
    ]  # fmt: skip


def _peers(bad: list[judge.Item], good: list[judge.Item]) -> list[Row]:
    if not PEERS.exists():
        return [("anomalib's PaDiM and PatchCore", "not measured: peers_xray.txt", "peer")]
    fit = [judge.item(judge.TUNING + index, threat=False) for index in range(FIT)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.npz"
        np.savez(path, fit=_square(fit), seen=_square([*bad, *good]))
        script = Path(__file__).with_name("peer_anomalib.py")
        done = subprocess.run(
            [str(PEERS), str(script), str(path)],
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    if done.returncode:
        return [("anomalib's PaDiM and PatchCore", f"failed: {done.stderr[-200:]!r}", "peer")]
    return [row for name, told in json.loads(done.stdout.splitlines()[-1]).items()
            for row in _peer(name, told, len(bad))]  # fmt: skip


def _peer(name: str, told: dict[str, list[float] | float | str], threats: int) -> list[Row]:
    scores = np.array(told["scores"])
    about = f"anomalib {name}, {told['weights']} weights, {SIDE}²"
    found = auc(scores[:threats], scores[threats:])
    return [
        (f"{about}: AUC on the same items", f"{found:.3f}", "peer"),
        (f"{about}: seconds an item", f"{told['seconds']:.4f}", "peer"),
    ]


def _square(items: list[judge.Item]) -> np.ndarray:
    """Return items as a peer wants them: (n, 3, SIDE, SIDE), low, high, high."""
    made = []
    for item in items:
        planes = [cv2.resize(plane.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
                  for plane in item.passed]  # fmt: skip
        made.append(np.stack([planes[0], planes[1], planes[1]]))
    return np.stack(made).astype(np.float16)
