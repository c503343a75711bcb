"""What goods of an HS chapter look like to a scanner, as data: ranges, with where they come from.

``chapters.toml`` holds for each chapter the range of each figure:
  organic, mineral, metal   shares of the goods' weight by Zeff below 10, to 18, above
  zeff                      mean Zeff, weighted by areal density
  density                   kg per dm³ of what the goods fill, packing and air within included
  texture                   spread of √τ within 40 mm: powder is smooth, machine parts are not
A share is of what has a known Zeff; a figure that cannot be measured is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from edge.scanner.cargo.mass import weigh
from edge.scanner.cargo.seen import Seen

ORGANIC, METAL = 10.0, 18.0  # Zeff; the classes that the materials map uses
LEAST_KNOWN = 0.5  # of the goods' area, for shares to be told
TEXTURE_MM = 40.0
FIGURES = ("organic", "mineral", "metal", "zeff", "density", "texture")
FILE = Path(__file__).with_name("chapters.toml")


class ChaptersError(Exception):
    """A file of expectations that cannot be read or does not make sense."""


@dataclass(frozen=True)
class Expectation:
    """One chapter: its name, its ranges by figure, and where they come from."""

    chapter: str
    name: str
    ranges: Mapping[str, tuple[float, float]]
    source: str


@cache
def expectations(path: Path = FILE) -> Mapping[str, Expectation]:
    """Return what is expected, by chapter; raise ChaptersError naming what is wrong."""
    try:
        held = tomllib.loads(path.read_text("utf-8"))
        source = str(held["source"])
        found = [_expectation(key, value, source) for key, value in held["chapter"].items()]
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ChaptersError(f"{path}: no expectations can be read: {error!r}") from error
    return {one.chapter: one for one in found}


def _expectation(chapter: str, held: Mapping[str, object], source: str) -> Expectation:
    ranges = {}
    for figure in FIGURES:
        if figure not in held:
            continue
        ranges[figure] = _range(chapter, figure, held[figure])
    if unknown := set(held) - {*FIGURES, "name", "source"}:
        raise ChaptersError(f"chapter {chapter}: unknown figures {sorted(unknown)}")
    return Expectation(chapter, str(held["name"]), ranges, str(held.get("source", source)))


def _range(chapter: str, figure: str, held: object) -> tuple[float, float]:
    match held:
        case [int() | float() as low, int() | float() as high] if low <= high:
            return float(low), float(high)
    raise ChaptersError(f"chapter {chapter}: {figure} is {held!r}, not a range from low to high")


def measure(item: Seen) -> dict[str, float]:
    """Return the figures of ``item`` that can be measured."""
    return {**_shares(item), **_density(item), "texture": _texture(item)}


def _shares(item: Seen) -> dict[str, float]:
    if item.zeff is None:
        return {}
    zeff = item.zeff[item.goods]
    known = np.isfinite(zeff)
    if known.mean() < LEAST_KNOWN:
        return {}
    weight = (item.tau if item.areal is None else item.areal)[item.goods][known]
    zeff, total = zeff[known], max(float(weight.sum()), 1e-9)
    organic, metal = (
        float(weight[where].sum()) / total for where in (zeff < ORGANIC, zeff >= METAL)
    )
    return {
        "organic": organic,
        "mineral": max(0.0, 1 - organic - metal),
        "metal": metal,
        "zeff": float((zeff * weight).sum()) / total,
    }


def _density(item: Seen) -> dict[str, float]:
    mass = weigh(item)
    if item.depth_mm is None or mass.kilograms is None or not np.isfinite(mass.most):
        return {}
    dm3 = item.area_cm2 * item.depth_mm / 10.0 / 1000.0
    return {"density": mass.kilograms / max(dm3, 1e-6)}


def _texture(item: Seen) -> float:
    shape = np.sqrt(np.clip(item.tau, 0, 6)).astype(np.float32)
    window = tuple(max(3, round(TEXTURE_MM / pitch)) for pitch in reversed(item.pitch_mm))
    mean, square = (cv2.blur(plane, window) for plane in (shape, shape * shape))
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    return float(np.mean(spread[item.goods]))
