"""Items with a threat that was really in the beam, and the same with one that was projected.

1. Both come from one generator: the same goods, threats, places; only the way in differs.
2. ``CONTROLS`` are ways that are known to be bad, so that whoever judges can be judged.
3. Genuine: the threat is drawn among the goods, bin by bin, then blurred, then counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.scanner.tip.insertion import Optics, insert
from edge.scanner.tip.placement import NoPlace, Place, find_place
from models.training.threat_stamps import draw, pose_of
from models.xray.projection import blur, photon_noise, transmission
from models.xray.tip.library import COVERED, Stamp
from simulators.world.goods import OPEN, Container, pack
from simulators.world.goods_canvas import Canvas, Pose
from simulators.world.goods_threats import Threat

LINES, PIXELS = 360, 360
AROUND = 24  # pixels: more than any blur reaches, or any judge looks at
OPTICS = Optics(photons=(20_000, 20_000), spread=0.5)


@dataclass(frozen=True)
class Shown:
    """A picture (2, lines, pixels) with the place of its threat."""

    picture: np.ndarray
    place: Place


@dataclass(frozen=True)
class Pair:
    """The same item with the same threat, genuine and projected (or put in by a control)."""

    genuine: Shown
    projected: Shown
    controls: dict[str, Shown]


def goods(seed: int) -> Canvas:
    canvas = Canvas(LINES, PIXELS, 1.0)
    pack(canvas, np.random.default_rng([seed, 1]), list(Container)[seed % 3])
    return canvas


def taken(canvas: Canvas, seed: int, optics: Optics = OPTICS) -> np.ndarray:
    """Return the transmission that a scanner stores."""
    return seen(canvas.tau(), seed, optics)


def seen(tau: np.ndarray, seed: int, optics: Optics = OPTICS) -> np.ndarray:
    """Return the transmission that a scanner stores of what has the optical depth ``tau``."""
    rng = np.random.default_rng([seed, 3])
    counted = photon_noise(blur(transmission(tau), optics.spread), optics.photons[0], rng)
    if optics.read:
        counted += np.float32(optics.read) * rng.standard_normal(tau.shape, dtype=np.float32)
    return stored(counted)


def stored(picture: np.ndarray) -> np.ndarray:
    """Return a transmission as it is after it was kept in 16 bits."""
    return (np.rint(np.clip(picture, 0, 1.09) * OPEN) / OPEN).astype(np.float32)


@dataclass(frozen=True)
class Staged:
    """Goods and a threat among them, as no scanner has seen them yet: τ (2, lines, pixels)."""

    seed: int
    without: np.ndarray
    among: np.ndarray
    place: Place  # to project at
    where: Place  # of the genuine one: not on the pixels' grid

    def pair(self, scanner: Optics = OPTICS, optics: Optics | None = None) -> Pair:
        """Return what ``scanner`` shows; a projector takes it to see with ``optics``."""
        optics = optics or scanner
        bare = seen(self.without, self.seed * 2, scanner)
        rng = np.random.default_rng([self.seed, 5])
        projected = Shown(stored(insert(bare, self.place, optics, rng)), self.place)
        controls = {
            name: Shown(stored(way(bare, self.place, optics)), self.place)
            for name, way in CONTROLS.items()
        }
        return Pair(Shown(seen(self.among, self.seed * 2 + 1, scanner), self.where), projected,
                    controls)  # fmt: skip


def staged(seed: int, stamps: dict[str, Stamp]) -> Staged | None:
    """Return the goods of ``seed`` and their threat; None where it fits nowhere."""
    canvas = goods(seed)
    without = canvas.tau()
    stamp = list(stamps.values())[seed * 37 % len(stamps)]
    try:
        place = find_place(seen(without, seed * 2), stamp, 1.0, np.random.default_rng([seed, 4]))
    except NoPlace:
        return None
    thing, where = drawn(canvas, stamp, place)
    canvas.include(thing)
    return _nearby(Staged(seed, without, canvas.tau(), place, where))


def _nearby(one: Staged) -> Staged:
    """Return only what lies around the threat: nobody looks at the rest."""
    rows, columns = (slice(max(0, part.start - AROUND), part.stop + AROUND)
                     for part in one.place.window)  # fmt: skip
    without, among = (tau[:, rows, columns] for tau in (one.without, one.among))
    place, where = (
        replace(at, row=at.row - rows.start, column=at.column - columns.start)
        for at in (one.place, one.where)
    )
    return Staged(one.seed, without, among, place, where)


def pair(seed: int, stamps: dict[str, Stamp], optics: Optics = OPTICS) -> Pair | None:
    """Return the pair of ``seed``; None where the threat fits nowhere."""
    found = staged(seed, stamps)
    return None if found is None else found.pair(optics)


def drawn(canvas: Canvas, stamp: Stamp, place: Place) -> tuple[Canvas, Place]:
    """Return a canvas with the thing of ``stamp`` drawn at ``place``, and its place."""
    kind, number = stamp.name.rsplit("-", 1)
    own, sign = pose_of(Threat(kind), int(number)), -1 if place.mirror else 1
    turned = -place.turns * np.pi / 2  # rows run down
    rng = np.random.default_rng([place.row, place.column])
    at = np.array([place.column, place.row]) + np.array(place.tau.shape[:0:-1]) / 2
    at += rng.uniform(-0.5, 0.5, 2)  # a real thing does not lie on the pixels' grid
    layer = None
    for _ in range(2):
        pose = Pose(at[0], at[1], turned + sign * own.angle, own.tilt,
                    turned + sign * own.axis, 1.0, place.mirror)  # fmt: skip
        layer = canvas.blank()
        draw(layer, Threat(kind), int(number), pose)
        tau = layer.tau()
        x, y, w, h = cv2.boundingRect((tau[1] > COVERED).astype(np.uint8))
        at += np.array([place.column - x, place.row - y])
    return layer, replace(place, row=y, column=x, tau=tau[:, y : y + h, x : x + w])


def _multiplied(picture: np.ndarray, place: Place, optics: Optics) -> np.ndarray:
    """τ added, nothing else: no blur, no hardening, the noise of too many photons."""
    out = picture.copy()
    out[:, *place.window] *= np.exp(-place.tau)
    return out


def _blended(picture: np.ndarray, place: Place, optics: Optics) -> np.ndarray:
    """Pixels blended half and half with a picture of the threat in air."""
    out = picture.copy()
    part, thing = out[:, *place.window], place.tau[1] > COVERED
    seen = np.exp(-place.tau)
    part[:, thing] = (0.5 * part + 0.5 * seen)[:, thing]
    return out


def _unhardened(picture: np.ndarray, place: Place, optics: Optics) -> np.ndarray:
    """Right blur and photons, but τ added as if the beam did not harden."""
    rng = np.random.default_rng(0)
    planes = [insert(plane[None], replace(place, tau=np.stack([tau, tau])), optics, rng)
              for plane, tau in zip(picture, place.tau, strict=True)]  # fmt: skip
    return np.concatenate(planes)


CONTROLS: dict[str, Callable[[np.ndarray, Place, Optics], np.ndarray]] = {
    "multiplied": _multiplied,
    "blended": _blended,
    "unhardened": _unhardened,
}
