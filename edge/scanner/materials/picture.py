"""The picture people know: organic orange, inorganic green, metal blue; dark where much is in it.

1. The hue is the kind's, the brightness τ_high's, and falls with it for every kind. White is air.
2. Orange, bluish green and blue are Okabe and Ito's (2008); what is ambiguous is violet. Any two
   differ by 20 (CIE 1976) or more with either red–green blindness too. What was not seen is grey.
3. Stripping shows the wanted kinds and pales the others to light grey. What is ambiguous stays in
   every stripped view: it may be what is looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.scanner.materials.maps import Materials
from edge.scanner.materials.table import Kind

Colours = NDArray[np.uint8]

PALETTE: Mapping[Kind, tuple[int, int, int]] = {
    Kind.AIR: (120, 120, 120),
    Kind.ORGANIC: (230, 159, 0),
    Kind.INORGANIC: (0, 158, 115),
    Kind.METAL: (0, 114, 178),
    Kind.THIN: (120, 120, 120),
    Kind.THICK: (48, 0, 112),
    Kind.HEAVY: (96, 0, 224),
    Kind.OUTSIDE: (96, 0, 224),
    Kind.UNKNOWN: (60, 60, 60),
}
ORGANIC_ONLY = frozenset({Kind.ORGANIC})
INORGANIC_ONLY = frozenset({Kind.INORGANIC})
METAL_ONLY = frozenset({Kind.METAL})
ALWAYS = frozenset({Kind.THICK, Kind.HEAVY, Kind.OUTSIDE, Kind.UNKNOWN})
LEVELS = 512
DEEPEST = 6.0  # τ_high of the last level
TINT = 1.6  # 1/τ: how soon white turns into the hue
SHADE = 0.35  # 1/τ: how soon the hue turns black
PALE = 0.25  # of its shade is left of what is stripped


def coloured(materials: Materials) -> Colours:
    """Return the picture (lines, pixels, 3) in red, green, blue."""
    return _painted(materials, frozenset(Kind))


def stripped(materials: Materials, keep: Collection[Kind]) -> Colours:
    """Return the picture with only ``keep`` (and what is ambiguous) in colour."""
    return _painted(materials, frozenset(keep) | ALWAYS)


def _painted(materials: Materials, keep: frozenset[Kind]) -> Colours:
    level = np.clip(materials.depth * np.float32(LEVELS / DEEPEST), 0, LEVELS - 1)
    cell = level.astype(np.int32)
    cell += materials.kind.astype(np.int32) * LEVELS
    picture: Colours = np.take(_paints(keep), cell, axis=0)
    return picture


@cache
def _paints(keep: frozenset[Kind]) -> Colours:
    """Return the colour of each kind at each level, (kinds · levels, 3)."""
    depth = (np.arange(LEVELS) * DEEPEST / LEVELS)[:, None]
    rows = [_paint(kind, depth, kind in keep) for kind in Kind]
    paints: Colours = np.rint(np.concatenate(rows)).astype(np.uint8)
    return paints


def _paint(kind: Kind, depth: NDArray[np.float64], kept: bool) -> NDArray[np.float64]:
    hue = np.array(PALETTE[kind if kept else Kind.AIR], np.float64)
    white = np.full(3, 255.0)
    colour = (hue + (white - hue) * np.exp(-TINT * depth)) * np.exp(-SHADE * depth)
    colour = colour if kept else white - PALE * (white - colour)
    return np.asarray(np.full_like(colour, PALETTE[kind][0]) if kind is Kind.UNKNOWN else colour)
