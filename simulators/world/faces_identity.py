"""People who do not exist: what stays the same about a face, whatever the day, drawn from a seed.

Lengths are in head units: the eyes' line is y = -0.1, the chin y = 1, and an adult's pupils are
about 0.6 apart (1 unit is some 105 mm). x runs to the picture's right, y down, z to the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Colour", "Identity", "identity"]

Colour = tuple[float, float, float]
_FACE = 0xFACE


@dataclass(frozen=True, slots=True)
class Identity:
    """Bones, skin and hair. Colours are BGR, 0 to 255, as under white light."""

    seed: int
    width: float  # half the face at the cheeks
    jaw: float  # how much narrower the jaw is
    chin: float  # y of the chin
    eye_gap: float  # half the distance of the pupils
    eye_y: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    brow_rise: float  # above the eye
    brow_thick: float
    brow_tilt: float
    nose_y: float
    nose_width: float
    nose_high: float  # towards the camera
    mouth_y: float
    mouth_width: float
    lip_upper: float
    lip_lower: float
    cheek: float
    depth: float
    hairline: float
    part: float
    hair_side: float  # how far down the sides it goes; 0: none
    hair_full: float  # how far it stands off
    beard: float  # 0 to 1
    moustache: float
    age: float
    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    cloth: Colour
    moles: tuple[tuple[float, float, float], ...]  # x, y, radius
    glasses: float  # 0: wears none; otherwise how wide
    round_glasses: float


def identity(seed: int) -> Identity:
    """Return the person of ``seed``."""
    rng = np.random.default_rng([seed, _FACE])
    traits: dict[str, Any] = {**_bones(rng), **_hair(rng), **_colours(rng)}
    traits |= {"moles": _moles(rng), **_glasses(rng)}
    return Identity(seed=seed, **traits)


def _bones(rng: np.random.Generator) -> dict[str, float]:
    spread = {
        "width": (0.70, 0.05),
        "jaw": (0.30, 0.10),
        "chin": (1.0, 0.06),
        "eye_gap": (0.30, 0.022),
        "eye_y": (-0.10, 0.025),
        "eye_width": (0.135, 0.014),
        "eye_height": (0.052, 0.012),
        "eye_tilt": (0.0, 0.10),
        "brow_rise": (0.17, 0.025),
        "brow_thick": (0.032, 0.011),
        "brow_tilt": (0.08, 0.10),
        "nose_y": (0.265, 0.022),
        "nose_width": (0.135, 0.025),
        "nose_high": (0.26, 0.05),
        "mouth_y": (0.56, 0.03),
        "mouth_width": (0.25, 0.03),
        "lip_upper": (0.045, 0.014),
        "lip_lower": (0.06, 0.016),
        "cheek": (0.05, 0.03),
        "depth": (0.75, 0.06),
        "hairline": (-0.62, 0.09),
        "part": (0.0, 0.35),
    }
    drawn = {k: m + s * float(np.clip(rng.normal(), -2.2, 2.2)) for k, (m, s) in spread.items()}
    return {k: max(v, 0.018) if k.endswith(("thick", "upper")) else v for k, v in drawn.items()}


def _hair(rng: np.random.Generator) -> dict[str, float]:
    bald, long_hair = rng.random() < 0.08, rng.random() < 0.45
    bearded = rng.random() < 0.25 and not long_hair
    return {
        "hair_side": 0.0 if bald else float(rng.uniform(0.7, 1.5) if long_hair else 0.15),
        "hair_full": 0.0 if bald else float(rng.uniform(0.05, 0.22)),
        "beard": float(rng.uniform(0.35, 0.95)) if bearded else 0.0,
        "moustache": float(rng.uniform(0.3, 0.9)) if bearded or rng.random() < 0.06 else 0.0,
        "age": float(rng.beta(1.4, 2.0)),
    }


def _colours(rng: np.random.Generator) -> dict[str, Colour]:
    tone, warm = rng.uniform(0.38, 1.0), rng.uniform(0.92, 1.08)
    skin = (158 * tone / warm + 8, 184 * tone + 8, 226 * tone * warm**0.5 + 10)
    dark = float(rng.beta(1.1, 2.2))
    grey = rng.random() < 0.18
    hair = (150.0,) * 3 if grey else (20 + 70 * dark, 24 + 105 * dark, 30 + 150 * dark)
    iris = [(30.0, 45.0, 70.0), (25.0, 35.0, 50.0), (130.0, 110.0, 70.0), (80.0, 100.0, 85.0)]
    red = rng.uniform(0.55, 0.9)
    cloth = rng.uniform(25, 200, 3)
    return {
        "skin": skin,
        "hair": (hair[0], hair[1], hair[2]),
        "iris": iris[int(rng.integers(len(iris)))],
        "lips": (skin[0] * red, skin[1] * red * 0.92, skin[2] * 0.95),
        "cloth": (float(cloth[0]), float(cloth[1]), float(cloth[2])),
    }


def _moles(rng: np.random.Generator) -> tuple[tuple[float, float, float], ...]:
    return tuple(
        (
            float(rng.uniform(-0.5, 0.5)),
            float(rng.uniform(-0.4, 0.85)),
            float(rng.uniform(0.01, 0.025)),
        )
        for _ in range(int(rng.integers(0, 4)))
    )


def _glasses(rng: np.random.Generator) -> dict[str, float]:
    wears = rng.random() < 0.2
    return {
        "glasses": float(rng.uniform(0.19, 0.25)) if wears else 0.0,
        "round_glasses": float(rng.uniform(2.0, 5.0)),
    }
