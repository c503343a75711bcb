"""The colours of a face under white light: skin, eyes, brows, lips, hair, beard, glasses, clothes.

Each layer is laid over the ones before it by how much of a cell it covers.
"""

from __future__ import annotations

import cv2
import numpy as np

from simulators.world.faces_identity import Colour, Identity
from simulators.world.faces_shape import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Board,
    Field,
    bump,
    half_width,
    soft,
)

__all__ = ["body", "grain", "paint"]


def grain(b: Board, seed: int, size: tuple[float, float], amount: float) -> Field:
    """Return smooth noise around 1, features ``size`` units wide and high, the same for a seed."""
    rng = np.random.default_rng([seed, 7])
    rows, columns = b.x.shape
    few = max(3, round((BOTTOM - TOP) / size[1])), max(3, round((RIGHT - LEFT) / size[0]))
    noise = rng.normal(0, amount, few).astype(np.float32)
    return np.asarray(1 + cv2.resize(noise, (columns, rows), interpolation=cv2.INTER_CUBIC))


def paint(b: Board, who: Identity, smile: float, closed: float, gaze: float) -> Field:
    """Return the head's colours, (rows, columns, 3), BGR; ``closed`` eyes from 0 to 1."""
    paper = np.empty((*b.x.shape, 3), np.float32)
    paper[:] = who.skin
    paper *= (grain(b, who.seed, (0.35, 0.35), 0.05) * grain(b, who.seed + 1, (0.05, 0.05), 0.03))[
        ..., None
    ]
    _blush(b, paper, who)
    _lines(b, paper, who)
    _mouth(b, paper, who, smile)
    for side in (-1, 1):
        _eye(b, paper, who, side, closed, gaze)
        _brow(b, paper, who, side)
        nostril = (side * who.nose_width * 0.42, who.nose_y + 0.055, 0.035, 0.018)
        _spot(b, paper, 0.75, nostril, _dark(who.skin, 0.25))
    _beard(b, paper, who)
    _hair(b, paper, who)
    if who.glasses:
        _frames(b, paper, who)
    return paper


def body(b: Board, who: Identity) -> tuple[Field, Field]:
    """Return neck, shoulders and the hair behind: colours, and how much each cell is covered."""
    paper = np.empty((*b.x.shape, 3), np.float32)
    paper[:] = _dark(who.hair, 0.7)
    edge = 1.5 / b.unit
    stand = who.width + who.hair_full
    behind = ((b.x / stand) ** 2 + ((b.y + 0.1) / 1.2) ** 2) < 1
    long_hair = behind | ((np.abs(b.x) < stand * 0.95) & (b.y > -0.1) & (b.y < who.hair_side))
    cover = long_hair.astype(np.float32) * float(who.hair_side > 0)
    neck = soft(-np.abs(b.x), -0.37 - edge, -0.37 + edge) * (b.y > 0.3)
    _lay(paper, np.asarray(neck, np.float32), _dark(who.skin, 0.72))
    arc = 1.28 + 0.30 * np.clip(np.abs(b.x) / 1.2, 0, 1) ** 2 - 0.10 * bump(b, 0, 1.3, 0.4, 9)
    cloth = soft(b.y - arc, -edge, edge)
    _lay(paper, cloth, who.cloth)
    return paper, np.maximum(np.maximum(cover, neck), cloth).astype(np.float32)


def _spot(
    b: Board, paper: Field, cover: float, at: tuple[float, float, float, float], colour: Colour
) -> None:
    near, part = b.window(at[0], at[1], 2.5 * at[2], 2.5 * at[3])
    _lay(paper[part], np.float32(cover) * bump(near, *at), colour)


def _lay(paper: Field, cover: Field, colour: Colour) -> None:
    paper += cover[..., None] * (np.array(colour, np.float32) - paper)


def _blush(b: Board, paper: Field, who: Identity) -> None:
    red = (who.skin[0] * 0.82, who.skin[1] * 0.84, who.skin[2])
    for x in (-0.4, 0.4):
        _spot(b, paper, 0.45, (x, 0.25, 0.22, 0.18), red)
    _spot(b, paper, 0.5, (0, who.nose_y, 0.12, 0.12), red)
    for x, y, radius in who.moles:
        _spot(b, paper, 0.7, (x, y, radius, radius), _dark(who.skin, 0.4))


def _lines(b: Board, paper: Field, who: Identity) -> None:
    dark = _dark(who.skin, 0.6)
    near, part = b.window(0, 0.42, 0.4, 0.2)
    span = soft(near.y, who.nose_y, who.nose_y + 0.08) * soft(-near.y, -0.56, -0.42)
    for side in (-1, 1):
        fold = np.abs(near.x * side - 0.17 - 0.28 * (near.y - who.nose_y))
        deep = np.float32(0.1 + 0.5 * who.age)
        _lay(paper[part], soft(-fold, -0.03, 0.0) * span * deep, dark)
        bag = (side * who.eye_gap, who.eye_y + 0.105, 0.12, 0.02)
        _spot(b, paper, 0.15 + 0.35 * who.age, bag, dark)
    for k in range(3):
        crease = (0, who.eye_y - 0.32 - 0.09 * k, 0.32, 0.010)
        _spot(b, paper, max(0.0, who.age - 0.35) * 0.7, crease, dark)


def _mouth(b: Board, paper: Field, who: Identity, smile: float) -> None:
    b, part = b.window(0, who.mouth_y, 0.5, 0.25)
    paper = paper[part]
    wide = who.mouth_width * (1 + 0.15 * smile)
    t = np.clip(1 - (b.x / wide) ** 2, 0, 1)
    middle = who.mouth_y - 0.05 * smile * (1 - t)
    bow = 1 - 0.25 * np.exp(-((b.x / 0.04) ** 2))
    upper = soft(b.y - (middle - who.lip_upper * t * bow), -0.008, 0.008)
    lower = soft((middle + who.lip_lower * t) - b.y, -0.008, 0.008)
    _lay(paper, np.asarray(upper * lower * (t > 0.01) * 0.9, np.float32), who.lips)
    line = np.exp(-(((b.y - middle) / 0.012) ** 2)) * np.sqrt(t)
    _lay(paper, np.asarray(line * 0.8, np.float32), _dark(who.lips, 0.35))


def _eye(b: Board, paper: Field, who: Identity, side: int, closed: float, gaze: float) -> None:
    b, part = b.window(side * who.eye_gap, who.eye_y, 0.25, 0.22)
    paper = paper[part]
    x = (b.x - side * who.eye_gap) * side
    y = b.y - who.eye_y - who.eye_tilt * -x
    t = np.clip(1 - (x / who.eye_width) ** 2, 0, 1)
    top = -who.eye_height * (1 - closed) * t**0.7
    bottom = who.eye_height * 0.75 * t
    edge = max(0.008, 0.6 / b.unit)
    open_ = soft(y - top, -edge, edge) * soft(bottom - y, -edge, edge) * (t > 0)
    _lay(paper, np.asarray(open_, np.float32), (205, 212, 216))
    away = np.sqrt((x - gaze * side) ** 2 + (y + 0.004) ** 2)
    radius = 0.062
    _lay(paper, np.asarray(open_ * soft(-away, -radius - edge, -radius + edge)), who.iris)
    _lay(paper, np.asarray(open_ * soft(-away, -0.028 - edge, -0.028 + edge)), (12, 12, 12))
    spark = np.sqrt((b.x - side * who.eye_gap + 0.02) ** 2 + (y + 0.022) ** 2)
    _lay(paper, np.asarray(open_ * soft(-spark, -0.016, -0.006)), (245, 245, 245))
    lash = np.exp(-(((y - top) / 0.016) ** 2)) * (t > 0)
    _lay(paper, np.asarray(lash * 0.75, np.float32), _dark(who.skin, 0.15))
    lid = np.exp(-(((y - top + 0.04) / 0.012) ** 2)) * t
    _lay(paper, np.asarray(lid * 0.35, np.float32), _dark(who.skin, 0.45))


def _brow(b: Board, paper: Field, who: Identity, side: int) -> None:
    b, part = b.window(side * who.eye_gap, who.eye_y - who.brow_rise, 0.26, 0.2)
    paper = paper[part]
    x = (b.x - side * who.eye_gap) * side
    curve = who.eye_y - who.brow_rise - who.brow_tilt * x + 1.2 * (x - 0.03) ** 2
    thick = who.brow_thick * np.clip(1.15 - 2.2 * np.abs(x + 0.04), 0.25, 1)
    along = soft(-np.abs(x), -0.21, -0.16)
    cover = np.exp(-(((b.y - curve) / thick) ** 2)) * along
    _lay(paper, np.asarray(cover * 0.85, np.float32), _dark(who.hair, 0.8))


def _beard(b: Board, paper: Field, who: Identity) -> None:
    if not (who.beard or who.moustache):
        return
    b, part = b.window(0, 0.7, 0.9, 0.55)
    paper = paper[part]
    if who.beard:
        low = soft(b.y, 0.30 + 0.35 * who.beard * 0.3, 0.62) * soft(np.abs(b.x) + b.y, 0.55, 0.72)
        keep = bump(b, 0, who.mouth_y, who.mouth_width, 0.09)
        _lay(paper, np.asarray(low * who.beard * (1 - keep), np.float32), who.hair)
    if who.moustache:
        above = bump(b, 0, who.mouth_y - who.lip_upper - 0.05, who.mouth_width * 1.05, 0.045)
        _lay(paper, above * who.moustache, who.hair)


def _hair(b: Board, paper: Field, who: Identity) -> None:
    if not who.hair_side:
        return
    line = who.hairline + 0.55 * (np.abs(b.x - 0.25 * who.part) / who.width) ** 2.5
    top = soft(line - b.y, -0.05, 0.05)
    temples = soft(np.abs(b.x) / np.maximum(half_width(b, who), 0.05), 0.86, 0.96)
    side = temples * (b.y < min(who.hair_side, 0.75) - 0.1)
    streaks = grain(b, who.seed + 2, (0.025, 0.35), 0.16)[..., None]
    cover = np.maximum(top, side).astype(np.float32)
    paper += cover[..., None] * (np.array(who.hair, np.float32) * streaks - paper)


def _frames(b: Board, paper: Field, who: Identity) -> None:
    b, part = b.window(0, who.eye_y, 0.8, 0.4)
    paper = paper[part]
    power, thick = who.round_glasses, max(0.016, 1.0 / b.unit)
    for side in (-1, 1):
        x = np.abs(b.x - side * who.eye_gap * 1.06) / who.glasses
        y = np.abs(b.y - who.eye_y - 0.03) / (who.glasses * 0.78)
        away = (x**power + y**power) ** (1 / power) - 1
        rim = soft(-np.abs(away) * who.glasses, -thick, -thick * 0.3)
        _lay(paper, np.asarray(rim * 0.9, np.float32), (35, 32, 30))
    bridge = (np.abs(b.y - who.eye_y) < thick * 0.8) & (
        np.abs(b.x) < who.eye_gap * 1.06 - who.glasses
    )
    _lay(paper, bridge.astype(np.float32) * 0.9, (35, 32, 30))


def _dark(colour: Colour, factor: float) -> Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
