"""How good the face networks are, on rendered people and attacks that training never saw."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face.geometry import Face, eye_distance
from models.face.pack import FacePack, open_pack
from models.face.pad import score
from models.training.face_pad import some_attack, some_face
from models.training.face_scenes import any_look, clutter
from simulators.world.faces import Pictured, at_gate, identity, picture

__all__ = ["judge_pad", "judge_people"]

Vectors = NDArray[np.float32]
Figures = dict[str, dict[str, float]]
_PAD_EACH = 150
_EMPTY = 100
ALARM = 0.5


def judge_people(first: int, count: int) -> tuple[Figures, Vectors, Vectors]:
    """Return figures by network, and the embeddings of ``count`` people: at the gate, on passports.

    Row k of both is one person; who was not found in either is left out (and counted).
    """
    pack, rng = open_pack(), np.random.default_rng([1, first])
    live, stored, off, extra = [], [], [], 0
    for seed in range(first, first + count):
        pair = (
            at_gate(seed, any_look(rng, 0.4), 540, 720),
            picture(identity(seed), any_look(rng, 0.15), 480, 360),
        )
        seen = [_seen(pack, shown) for shown in pair]
        extra += sum(n - 1 for _, n in seen if n > 1)
        if all(face is not None for face, _ in seen):
            off += [_error(face, shown) for (face, _), shown in zip(seen, pair, strict=True)]
            assert pack.embed is not None
            vectors = [
                pack.embed(shown.image, face)
                for (face, _), shown in zip(seen, pair, strict=True)
                if face is not None
            ]
            live.append(vectors[0])
            stored.append(vectors[1])
    figures = {
        "face_detector": {
            "people": float(count),
            "people_missed": float(count - len(live)),
            "extra_faces": float(extra),
            f"faces_in_{_EMPTY}_empty_scenes": float(_false(pack, rng)),
        },
        "face_landmarks": {
            "mean_error_of_eye_distance": round(float(np.mean(off)), 4),
            "worst_point_95": round(float(np.quantile(np.array(off).max(1), 0.95)), 4),
        },
        "face_embedding": {},
    }
    return figures, np.stack(live), np.stack(stored)


def judge_pad(first: int) -> dict[str, float]:
    """Return the share of rendered faces that alarm, and of rendered attacks that do not."""
    pack, rng = open_pack(), np.random.default_rng([2, first])
    cv2.setRNGSeed(first % 1000)
    good = _pad_scores(pack, [some_face(rng) for _ in range(_PAD_EACH)])
    bad = _pad_scores(pack, [some_attack(rng) for _ in range(_PAD_EACH)])
    return {
        "bona_fide": float(len(good)),
        "bona_fide_alarms": round(float((good >= ALARM).mean()), 4),
        "attacks": float(len(bad)),
        "attacks_not_alarmed": round(float((bad < ALARM).mean()), 4),
    }


def _pad_scores(pack: FacePack, pictures: list[Pictured]) -> NDArray[np.float64]:
    scores = [score(p.image, face) for p in pictures if (face := _seen(pack, p)[0]) is not None]
    return np.array([s for s in scores if s is not None])


def _seen(pack: FacePack, shown: Pictured) -> tuple[Face | None, int]:
    """Return the largest face found in a picture, and how many there were."""
    assert pack.detect is not None
    faces = pack.detect(shown.image)
    return (max(faces, key=lambda f: f.size) if faces else None), len(faces)


def _error(face: Face | None, shown: Pictured) -> NDArray[np.float64]:
    assert face is not None
    gap = eye_distance(Face(shown.box, shown.landmarks, 1.0))
    return np.asarray(np.linalg.norm(face.landmarks - shown.landmarks, axis=1) / gap)


def _false(pack: FacePack, rng: np.random.Generator) -> int:
    assert pack.detect is not None
    return sum(len(pack.detect(clutter(rng, 360, 480))) for _ in range(_EMPTY))
