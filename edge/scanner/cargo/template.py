"""The scanner's own picture of an empty container or tray: what is normal, and how far it varies.

1. A template is learned from at least ``LEAST_SCANS`` empty scans of one kind: they are laid over
   the longest of them, then over their median. ``tau`` is the median of all.
2. ``spread`` is a robust deviation per pixel, never below what the optical depth alone explains
   (photons), nor below what a pixel's structure makes of a quarter pixel's misplacement: a spread
   of few scans is itself too uncertain to divide by.
3. ``extent`` is the lines between which the thing lies; a scan must show all of them.
4. ``sums`` says, for every box size, how much wider the box sums of real empties are than those of
   independent noise: measured on each scan against a template of the others (leave one out).
5. On disk a template is one file: written beside its place, synced, renamed; it carries its
   version and a SHA-256 over all it holds, and is refused if that does not match. Its age counts
   from the second that is handed in.
6. Large scans are learned from in small (reduced.py); ``by`` says how small, and a scan that is
   laid over the template is reduced by as much.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scanner.cargo.reduced import factor, reduced_depth
from edge.scanner.cargo.registration import Registered, Unregistered, register
from edge.scanner.cargo.residual import BLIND, BOXES, Image, box_sums, difference
from edge.scanner.cargo.usable import Unusable, usable

VERSION = 2
LEAST_SCANS = 5
MISPLACED = 0.25  # pixels, of registration and of one unit against the next
LEAST_STRUCTURE = 5.0  # spread of the lines' profile over what noise would make of it
LEAST_SPREAD = 0.003  # optical depth; no detector is calibrated better
MAD = 1.4826  # a normal law's standard deviation per median absolute deviation


class TemplateError(Exception):
    """Empty scans no template can be made of, or a file that holds none."""


@dataclass(frozen=True)
class Template:
    """What one kind of empty thing looks like; arrays are (lines, pixels) in optical depth.

    ``by`` pixels of a scan, both ways, are one of the template's.
    """

    name: str
    at: float  # s, of the newest scan
    scans: int
    tau: Image = field(repr=False)
    spread: Image = field(repr=False)
    extent: tuple[int, int]
    sums: tuple[float, ...]
    by: int = 1

    def age(self, now: float) -> float:
        """Return the seconds since the newest of its scans."""
        return now - self.at

    def fresh(self, now: float, within: float) -> bool:
        """Return whether it is 0 to ``within`` seconds old."""
        return 0 <= self.age(now) <= within

    @property
    def digest(self) -> str:
        """Return the SHA-256 over version, name, age, numbers and pictures."""
        content = hashlib.sha256(json.dumps(self._head(), sort_keys=True).encode())
        for picture in (self.tau, self.spread):
            content.update(np.ascontiguousarray(picture, "<f4").tobytes())
        return content.hexdigest()

    def _head(self) -> dict[str, object]:
        return {
            "version": VERSION,
            "name": self.name,
            "at": self.at,
            "scans": self.scans,
            "extent": list(self.extent),
            "sums": list(self.sums),
            "by": self.by,
            "shape": list(self.tau.shape),
        }

    def save(self, path: Path) -> None:
        """Write it to ``path``, whole or not at all; raise TemplateError where that fails."""
        head = json.dumps({**self._head(), "sha256": self.digest}).encode()
        content = io.BytesIO()
        np.savez_compressed(
            content, head=np.frombuffer(head, np.uint8), tau=self.tau, spread=self.spread
        )
        beside = path.with_name(f".{path.name}.part")
        try:
            with beside.open("wb") as file:
                file.write(content.getvalue())
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise TemplateError(f"{path}: cannot be written: {error.strerror}") from error


def load(path: Path) -> Template:
    """Return the template in ``path``; raise TemplateError where there is none that is whole."""
    try:
        with np.load(path, allow_pickle=False) as held:
            head = json.loads(held["head"].tobytes())
            tau, spread = held["tau"], held["spread"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise TemplateError(f"{path}: no template can be read from it: {error}") from error
    if not isinstance(head, dict) or head.get("version") != VERSION:
        raise TemplateError(f"{path}: not a template of version {VERSION}; learn it again")
    try:
        found = Template(
            name=str(head["name"]),
            at=float(head["at"]),
            scans=int(head["scans"]),
            tau=tau,
            spread=spread,
            extent=(int(head["extent"][0]), int(head["extent"][1])),
            sums=tuple(float(value) for value in head["sums"]),
            by=int(head["by"]),
        )
        right = found.digest == head["sha256"]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise TemplateError(f"{path}: the template is damaged: {error!r}") from error
    if not right:
        raise TemplateError(f"{path}: the template does not match its hash; learn it again")
    return found


def learn(name: str, scans: Sequence[NDArray[np.floating]], at: float) -> Template:
    """Return the template of several empty ``scans``, each τ (lines, pixels) or (2, …).

    Raises TemplateError where they are too few, unusable, or not of one thing.
    """
    if len(scans) < LEAST_SCANS:
        raise TemplateError(f"{len(scans)} empty scans; at least {LEAST_SCANS} are needed")
    planes = _usable(scans)
    by = max(factor(*plane.shape) for plane in planes)
    stack = _aligned([reduced_depth(plane, by) for plane in planes])
    middle = np.median(stack, axis=0).astype(np.float32)
    whole_picture = np.ones(middle.shape, np.bool_)
    flat = np.stack([middle + difference(scan, middle, whole_picture) for scan in stack])
    everyone = np.arange(len(flat))
    apart = [_box_spread(flat[one], _of(name, flat[everyone != one], at)) for one in everyone]
    sums = np.maximum(np.max(apart, axis=0), 1.0)
    return replace(_of(name, flat, at), sums=tuple(float(value) for value in sums), by=by)


def _usable(scans: Sequence[NDArray[np.floating]]) -> list[Image]:
    try:
        return [usable(scan) for scan in scans]
    except Unusable as error:
        raise TemplateError(f"an empty scan cannot be used: {error}") from error


def _aligned(planes: list[Image]) -> Image:
    """Return (scans, lines, pixels): every scan in the frame of their median."""
    reference = max(planes, key=len)
    _check_structure(reference)
    try:
        first = np.stack([register(plane, reference).tau for plane in planes])
        middle = np.median(first, axis=0).astype(np.float32)
        again: list[Registered] = [register(plane, middle) for plane in planes]
    except Unregistered as error:
        raise TemplateError(f"the empty scans are not of one kind: {error}") from error
    return np.stack([one.tau for one in again])


def _check_structure(tau: Image) -> None:
    """Refuse what looks the same all along the belt: nothing tells where it lies."""
    capped = np.minimum(tau, 4.0)
    profile = capped.mean(1)
    noise = float(np.abs(np.diff(capped, axis=0)).mean()) / np.sqrt(tau.shape[1]) + 1e-3
    if float(profile.std()) < LEAST_STRUCTURE * noise:
        raise TemplateError("an empty belt has nothing to be recognised by; use the air reference")


def _of(name: str, flat: Image, at: float) -> Template:
    """Return the template of scans (scans, lines, pixels) that lie over one another."""
    tau = np.median(flat, axis=0).astype(np.float32)
    own = (MAD * np.median(np.abs(flat - tau), axis=0)).astype(np.float32)
    spread = np.maximum(_explained(own, tau), cv2.medianBlur(own, 5))
    spread = np.hypot(spread, np.float32(MISPLACED) * _steepness(tau))
    extent, none = _extent(tau), tuple(1.0 for _ in BOXES)
    return Template(name, at, len(flat), tau, spread, extent, none)


def _explained(own: Image, tau: Image) -> Image:
    """Return the spread that photons alone make, exp(τ) / their number, at each pixel.

    Their number is what the pixels without structure say: half of them vary less, half more.
    """
    steep = _steepness(tau)
    judged = (tau > 0.02) & (tau < BLIND)
    flat = judged & (steep <= np.quantile(steep[judged], 0.4)) if judged.any() else judged
    per_photon = np.square(own[flat]) * np.exp(-tau[flat])
    share = float(np.median(per_photon)) if per_photon.size else 0.0
    return np.sqrt(share * np.exp(np.minimum(tau, BLIND)) + LEAST_SPREAD**2).astype(np.float32)


def _steepness(tau: Image) -> Image:
    """Return the optical depth per pixel of the steepest slope that touches a pixel."""
    square = np.ones((3, 3), np.uint8)
    return np.asarray((cv2.dilate(tau, square) - cv2.erode(tau, square)) / 2, np.float32)


def _extent(tau: Image) -> tuple[int, int]:
    ends = max(2, len(tau) // 50)
    belt = np.minimum(np.median(tau[:ends], axis=0), np.median(tau[-ends:], axis=0))
    above = np.minimum(tau, 4.0).mean(1) - np.minimum(belt, 4.0).mean()
    lines = np.flatnonzero(above > max(0.02, 0.1 * float(np.median(above))))
    return (int(lines[0]), int(lines[-1]) + 1) if lines.size else (0, len(tau))


def _box_spread(scan: Image, others: Template) -> list[float]:
    seen = np.ones(scan.shape, np.bool_)
    sums = box_sums(difference(scan, others.tau, seen), others.spread, others.tau < BLIND)
    return [_tail(plane, others.tau < BLIND) for plane in sums]


def _tail(plane: Image, judged: NDArray[np.bool_]) -> float:
    """Return a standard deviation that the tails decide, for it is they that alarm."""
    return float(np.percentile(np.abs(plane[judged]), 99)) / 2.576
