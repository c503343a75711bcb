"""How well a face can be compared, and what one might ask the traveller to do about it.

1. Every measure is of the one face that is nearest; where several are near, that is said first.
2. A measure that misses its limit has one instruction, in words that blame nobody. Limits are data.
3. Pose comes from the five landmarks: the nose against the eyes and the mouth. It is rough (some 5
   degrees) and an instruction, not a measurement.
4. Light is judged by its range over the face, not by how light the skin is: dark skin in good light
   has as bright highlights and as dark pupils as any.
5. Covering is a proxy: an eye has white and dark beside each other, a mouth has edges; a smooth or
   a blown-out patch is taken for glass, glare or cloth. A scarf with a pattern passes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.face.geometry import TEMPLATE, Face, align, eye_distance, similarity

__all__ = ["Instruction", "Limits", "Measure", "Quality", "judge", "pose"]

Image = NDArray[np.uint8]
Grey = NDArray[np.float32]


class Instruction(StrEnum):
    """What the traveller is asked to do; the display has the words."""

    STEP_INTO_VIEW = "step-into-view"
    ONE_PERSON = "one-person"
    COME_CLOSER = "come-closer"
    STEP_BACK = "step-back"
    LOOK_AT_CAMERA = "look-at-camera"
    REMOVE_GLASSES = "remove-glasses"
    UNCOVER_FACE = "uncover-face"
    MORE_LIGHT = "more-light"
    LESS_LIGHT = "less-light"
    STAND_STILL = "stand-still"


class Limits(BaseModel):
    """From where on a measure is good enough for a comparison at the gate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    eyes_apart: float = Field(default=60.0, gt=0, description="px between the pupils, at least")
    inside: float = Field(default=0.02, ge=0, description="margin of the box, share of its size")
    yaw: float = Field(default=20.0, gt=0, description="degrees either way")
    pitch: float = Field(default=20.0, gt=0, description="degrees either way")
    roll: float = Field(default=20.0, gt=0, description="degrees either way; it is turned back")
    sharpness: float = Field(default=0.06, gt=0, description="edge energy over contrast")
    range: float = Field(default=40.0, gt=0, description="grey levels between dark and light parts")
    dark: float = Field(default=50.0, ge=0, description="grey level that the light parts exceed")
    blown: float = Field(default=0.20, gt=0, le=1, description="share of the face at full white")
    eye_range: float = Field(
        default=0.3, ge=0, description="light and dark in an eye over the face's"
    )
    eye_glare: float = Field(
        default=0.12, ge=0, le=1, description="share of the eyes at full white"
    )
    mouth_edges: float = Field(default=0.35, ge=0, description="edges at the mouth over all")
    rival: float = Field(default=0.5, gt=0, le=1, description="size of a second face that counts")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. ``share`` is how much of what is wanted is there, 1 or more is enough."""

    name: str
    value: float
    share: float
    instruction: Instruction

    @property
    def enough(self) -> bool:
        """Whether the limit is kept."""
        return self.share >= 1


@dataclass(frozen=True, slots=True)
class Quality:
    """All measures of one picture, in the order in which they are told."""

    faces: int
    measures: tuple[Measure, ...]

    @property
    def good(self) -> bool:
        """Whether every limit is kept, by exactly one face."""
        return self.instruction is None

    @property
    def instruction(self) -> Instruction | None:
        """The one thing to ask for now; None if nothing."""
        if self.faces == 0:
            return Instruction.STEP_INTO_VIEW
        return next((m.instruction for m in self.measures if not m.enough), None)

    @property
    def score(self) -> float:
        """0 to 1, to order pictures of one face by; 1 keeps every limit twice over."""
        if not self.measures:
            return 0.0
        shares = np.array([np.clip(m.share / 2, 0.01, 1) for m in self.measures])
        return float(np.exp(np.log(shares).mean()))


def judge(image: Image, faces: Sequence[Face], limits: Limits | None = None) -> Quality:
    """Return the quality of the largest of ``faces`` in a BGR picture."""
    limits = limits or Limits()
    if not faces:
        return Quality(0, ())
    by_size = sorted(faces, key=lambda face: -face.size)
    face = by_size[0]
    near = [other for other in by_size if other.size >= limits.rival * face.size]
    grey = _grey(align(image, face.landmarks))
    measures = (
        Measure("faces", len(near), 2.0 if len(near) == 1 else 0.0, Instruction.ONE_PERSON),
        *_place(image, face, limits),
        *_turn(face, limits),
        *_light(grey, limits),
        *_covering(grey, limits),
        _sharpness(image, face, limits),
    )
    return Quality(len(near), measures)


def pose(face: Face) -> tuple[float, float, float]:
    """Return yaw, pitch, roll in degrees: to the picture's right, down, clockwise."""
    left, right = face.landmarks[0], face.landmarks[1]
    along = right - left
    roll = float(np.degrees(np.arctan2(along[1], along[0])))
    turn = np.radians(-roll)
    back = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (face.landmarks - left) @ back.T
    gap = max(float(points[1, 0]), 1e-3)
    mouth = points[3:].mean(0)
    middle = (gap / 2 + mouth[0]) / 2
    yaw = np.degrees(np.arcsin(np.clip((points[2, 0] - middle) / gap / _NOSE_DEPTH, -1, 1)))
    down = points[2, 1] / max(float(mouth[1]), 1e-3)
    pitch = np.degrees(np.arcsin(np.clip((down - _NOSE_DOWN) / _NOSE_DEPTH, -1, 1)))
    return float(yaw), float(pitch), roll


_NOSE_DEPTH = 0.6  # how far the nose tip stands out, in distances of the pupils
_NOSE_DOWN = 0.58  # where the nose tip is between eyes and mouth when one looks ahead


def _place(image: Image, face: Face, limits: Limits) -> tuple[Measure, ...]:
    gap = eye_distance(face)
    x, y, wide, high = face.box
    rest = min(x, y, image.shape[1] - x - wide, image.shape[0] - y - high) / max(face.size, 1)
    inside = 2.0 if rest >= limits.inside else 0.9 + min(rest - limits.inside, 0)
    return (
        Measure("eyes-apart", gap, gap / limits.eyes_apart, Instruction.COME_CLOSER),
        Measure("inside", rest, inside, Instruction.STEP_BACK),
    )


def _turn(face: Face, limits: Limits) -> tuple[Measure, ...]:
    names = ("yaw", "pitch", "roll")
    most = (limits.yaw, limits.pitch, limits.roll)
    return tuple(
        Measure(name, angle, 2 - abs(angle) / limit, Instruction.LOOK_AT_CAMERA)
        for name, angle, limit in zip(names, pose(face), most, strict=True)
    )


def _covering(grey: Grey, limits: Limits) -> tuple[Measure, ...]:
    edges = _edges(grey)
    whole = float(edges[30:100, 20:92].mean()) + 1.0
    eyes = [_range(_patch(grey, k, 8, 4)) for k in (0, 1)]
    eye_range = min(eyes) / max(_range(grey[30:100, 26:86]), 1.0)
    glare = float(np.mean([(_patch(grey, k, 13, 10) >= 250).mean() for k in (0, 1)]))
    x, y = TEMPLATE[3:].mean(0)
    mouth = edges[int(y) - 8 : int(y) + 9, int(x) - 20 : int(x) + 21]
    mouth_edges = float(mouth.mean()) / whole
    return (
        Measure("eye-range", eye_range, eye_range / limits.eye_range, Instruction.REMOVE_GLASSES),
        Measure("eye-glare", glare, 2 - glare / limits.eye_glare, Instruction.REMOVE_GLASSES),
        Measure(
            "mouth-edges", mouth_edges, mouth_edges / limits.mouth_edges, Instruction.UNCOVER_FACE
        ),
    )


def _light(grey: Grey, limits: Limits) -> tuple[Measure, ...]:
    face = grey[30:100, 26:86]
    dark, light = (float(v) for v in np.quantile(face, [0.02, 0.98]))
    blown = float((face >= 252).mean())
    return (
        Measure("light", light, light / limits.dark, Instruction.MORE_LIGHT),
        Measure("range", light - dark, (light - dark) / limits.range, Instruction.MORE_LIGHT),
        Measure("blown", blown, 2 - blown / limits.blown, Instruction.LESS_LIGHT),
    )


def _sharpness(image: Image, face: Face, limits: Limits) -> Measure:
    """Edges of the face at twice the template's size, over its contrast: blur has neither."""
    centre = TEMPLATE.mean(0)
    wide = similarity(face.landmarks, (TEMPLATE - centre) * 2 + np.float32(80))
    how = cv2.INTER_AREA if eye_distance(face) > 140 else cv2.INTER_LINEAR
    cut = _grey(np.asarray(cv2.warpAffine(image, wide, (160, 160), flags=how), np.uint8))
    calm = cv2.GaussianBlur(cut, (0, 0), 0.8)  # grain is not sharpness
    fine = cv2.Laplacian(calm, cv2.CV_32F)[8:-8, 8:-8]
    value = float(fine.std()) / max(float(cut.std()), 4.0)
    return Measure("sharpness", value, value / limits.sharpness, Instruction.STAND_STILL)


def _range(grey: Grey) -> float:
    low, high = np.quantile(grey, [0.02, 0.98])
    return float(high - low)


def _grey(image: Image) -> Grey:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32)


def _edges(grey: Grey) -> Grey:
    calm = cv2.GaussianBlur(grey, (0, 0), 1.0)
    across, down = (cv2.Sobel(calm, cv2.CV_32F, dx, 1 - dx, scale=0.25) for dx in (1, 0))
    return np.asarray(np.hypot(across, down), np.float32)


def _patch(grey: Grey, point: int, wide: int, high: int) -> Grey:
    x, y = (int(v) for v in np.rint(TEMPLATE[point]))
    return grey[y - high : y + high + 1, x - wide : x + wide + 1]
