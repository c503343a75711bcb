"""Faces: time per 720p frame on one core, and verification on rendered people and real portraits.

``run()`` returns rows (figure, value, limit) and never fails for slowness; whoever reads decides.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from edge.face_images import load
from models.face.calibration import RECOMMENDED_FMR
from models.face.comparison import compare
from models.face.geometry import Face
from models.face.pack import FacePack, open_pack
from models.face.pad import score
from models.face.quality import judge
from simulators.world.faces import Look, at_gate, identity, picture
from tests.bench.stopwatch import best

SHARED = Path(__file__).parents[2].parent / "shared"
FACES, WEIGHTS = SHARED / "data" / "faces", SHARED / "weights"
FIRST, PEOPLE = 1 << 44, 40  # rendered people whom neither training nor calibration saw
Row = tuple[str, str, str]


def run() -> list[Row]:
    """Return every figure of this room."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        own = open_pack()
        rows = [*_speed("own networks", own), *_looks(own), *_rendered(own)]
        if FACES.is_dir() and WEIGHTS.is_dir():
            added = open_pack(WEIGHTS)
            rows += [*_speed("YuNet, MobileFaceNet", added), *_portraits(added), *_attacks(added)]
        return rows
    finally:
        cv2.setNumThreads(threads)


def _largest(pack: FacePack, image: np.ndarray) -> Face:
    assert pack.detect is not None
    return max(pack.detect(image), key=lambda face: face.size)


def _speed(name: str, pack: FacePack) -> list[Row]:
    frame = at_gate(FIRST, Look(yaw=5), 720, 1280).image
    assert pack.embed is not None
    embed = pack.embed
    taken = 1000 * best(lambda: embed(frame, _largest(pack, frame)))
    found = 1000 * best(lambda: _largest(pack, frame))
    return [
        (f"face, 720p, find and embed, {name}", f"{taken:.1f} ms", "≤ 60 ms"),
        (f"face, 720p, find, {name}", f"{found:.1f} ms", ""),
    ]


def _looks(pack: FacePack) -> list[Row]:
    frame = at_gate(FIRST, Look(), 720, 1280).image
    face = _largest(pack, frame)
    quality, attack = (
        1000 * best(work) for work in (lambda: judge(frame, [face]), lambda: score(frame, face))
    )
    return [
        ("face quality of one picture", f"{quality:.1f} ms", "OFIQ, as printed: 4000 to 7000 ms"),
        ("face, signs of an attack, one frame", f"{attack:.1f} ms", ""),
    ]


def _rendered(pack: FacePack) -> list[Row]:
    """Return false matches and non-matches of rendered people, at the recommended rate."""
    assert pack.embed is not None
    rng = np.random.default_rng(4)
    live: list[np.ndarray] = []
    stored: list[np.ndarray] = []
    for seed in range(FIRST, FIRST + PEOPLE):
        look = Look(yaw=float(rng.normal(0, 6)), pitch=float(rng.normal(0, 3)))
        for shown, kept in (
            (at_gate(seed, look, 480, 640), live),
            (picture(identity(seed), Look(), 480, 360), stored),
        ):
            kept.append(pack.embed(shown.image, _largest(pack, shown.image)))
    answers = np.array(
        [[bool(compare(a, b, pack.embed, RECOMMENDED_FMR).match) for b in stored] for a in live]
    )
    others = PEOPLE * (PEOPLE - 1)
    missed, taken = int((~answers.diagonal()).sum()), int(answers.sum() - answers.trace())
    return [
        ("rendered people not matched, FMR 0.01 %", f"{missed} of {PEOPLE}", "< 2 %"),
        ("rendered others matched, FMR 0.01 %", f"{taken} of {others}", "≤ 0.01 %"),
    ]


def _portraits(pack: FacePack) -> list[Row]:
    """Return how many of the real pairs are judged rightly by the added models."""
    assert pack.embed is not None
    pairs = [json.loads(line) for line in (FACES / "pairs.jsonl").read_text().splitlines()]
    templates = {}
    for name in {pair[side] for pair in pairs for side in ("a", "b")}:
        image = load(FACES / name)
        templates[name] = pack.embed(image, _largest(pack, image))
    found = [(compare(templates[p["a"]], templates[p["b"]], pack.embed), p["same"]) for p in pairs]
    right = sum(answer.match is same for answer, same in found)
    same = [answer.score for answer, alike in found if alike]
    others = [answer.score for answer, alike in found if not alike]
    return [
        ("real pairs judged rightly, added models", f"{right} of {len(pairs)}", "all"),
        (
            "real pairs, scores",
            f"same {min(same):.2f} (n {len(same)}), others ≤ {max(others):.2f} (n {len(others)})",
            "",
        ),
    ]


def _attacks(pack: FacePack) -> list[Row]:
    """Return how many real portraits look like an attack: they were taken of people."""
    scores = []
    for path in sorted(p for p in FACES.iterdir() if p.suffix in (".jpg", ".png", ".jp2")):
        image = load(path)
        assert pack.detect is not None
        scores += [score(image, face) for face in pack.detect(image)[:1]]
    judged = [found for found in scores if found is not None]
    alarms = sum(found >= 0.5 for found in judged)
    return [("real portraits that alarm as attacks", f"{alarms} of {len(judged)}", "≤ 2 %")]
