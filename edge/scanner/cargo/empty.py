"""Is it really empty? A scan against the scanner's own template of the empty thing.

1. No template, a stale one, a scan that cannot be used, laid over it or that misses a part of it:
   *unreadable*, never clear.
2. The scan is laid over the template (registration.py); what it has more, or less, is weighed
   against what is normal (residual.py). The figure at a pixel is the largest over all box sizes.
3. A region is where that figure exceeds half the threshold and somewhere all of it: *suspect*.
   Less than the template counts like more: what was cut out made room for something.
4. What no beam passes was not looked at; its share is said, whatever the finding.
5. A large scan is looked at in small, as its template was (reduced.py); what is said is in its own
   pixels.

The threshold is in standard deviations of real empties. 20 gave no alarm on the rendered ones the
bench measures; what a lane's own empties give decides there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.inspection import Finding, Region
from edge.scanner.cargo.reduced import reduced_depth, reduced_marks
from edge.scanner.cargo.registration import Registered, Unregistered, register
from edge.scanner.cargo.residual import BLIND, Image, Mask, box_sums, difference
from edge.scanner.cargo.template import Template
from edge.scanner.cargo.usable import Unusable, lost_lines, mended, usable

THRESHOLD = 20.0
MOST_AGE = 30 * 86_400.0  # s; a scanner drifts and is mended
LEAST_SEEN = 0.99  # of the template's extent
MOST_REGIONS = 16
FEW = 4.0  # standard deviations, at least, of a region's own pixels
EDGE = 0.25  # of the region's peak, at its edge


@dataclass(frozen=True, slots=True)
class Excess:
    """Something that is not in the template; the box is in pixels of the scan."""

    x: int
    y: int
    w: int
    h: int
    area: int  # pixels
    peak: float  # standard deviations
    depth: float  # optical depth more than empty, median; negative where less

    def enlarged(self, by: int) -> Excess:
        """Return it in the pixels of a scan that was reduced ``by``."""
        x, y, w, h = (by * side for side in (self.x, self.y, self.w, self.h))
        return Excess(x, y, w, h, by * by * self.area, self.peak, self.depth)


@dataclass(frozen=True)
class EmptyResult:
    """What the examination found; ``z`` is the figure of rule 2 in the template's frame."""

    finding: Finding
    detail: str
    peak: float = 0.0
    threshold: float = THRESHOLD
    excesses: tuple[Excess, ...] = ()
    blind: float = 1.0  # share of the thing that no beam passes
    template: str = ""  # name and hash
    z: Image | None = field(default=None, repr=False)

    @property
    def score(self) -> float | None:
        """Return 0 to 1, 0.5 at the threshold; None where nothing could be examined."""
        if self.finding is Finding.UNREADABLE:
            return None
        return self.peak / (self.peak + self.threshold)

    @property
    def regions(self) -> tuple[Region, ...]:
        """Return the excesses as the contract has them."""
        return tuple(
            Region(x=e.x, y=e.y, w=e.w, h=e.h, score=e.peak / (e.peak + self.threshold))
            for e in self.excesses
        )


def examine_empty(
    tau: NDArray[np.floating],
    template: Template | None,
    now: float,
    lost: Mask | None = None,
    threshold: float = THRESHOLD,
    most_age: float = MOST_AGE,
) -> EmptyResult:
    """Return whether what τ (lines, pixels) or (2, …) shows is as empty as ``template``.

    ``now`` is in the template's seconds; ``lost`` (lines,) marks lost lines. Never raises for what
    a scan holds: the result says *unreadable* and why.
    """
    if template is None:
        return EmptyResult(Finding.UNREADABLE, "no template of this kind; learn one from empties")
    if not template.fresh(now, most_age):
        days = template.age(now) / 86_400
        return EmptyResult(
            Finding.UNREADABLE, f"the template is {days:.0f} days old; learn it from new empties"
        )
    try:
        plane = usable(tau, lost)
        gone = reduced_marks(lost_lines(plane, lost), template.by)
        laid = register(mended(reduced_depth(plane, template.by), gone), template.tau)
        _check_whole(laid, template)
    except (Unusable, Unregistered) as error:
        return EmptyResult(Finding.UNREADABLE, str(error)[:300])
    return _weighed(laid, template, gone, threshold)


def _check_whole(laid: Registered, template: Template) -> None:
    first, last = template.extent
    seen = float(laid.seen[first:last].mean())
    if seen < LEAST_SEEN:
        raise Unregistered(f"the scan shows {seen:.0%} of it; all of it must be scanned")


def _weighed(laid: Registered, template: Template, gone: Mask, threshold: float) -> EmptyResult:
    seen = laid.seen & ~_from_lost(laid, gone)
    judged = seen & (template.tau < BLIND)
    found = difference(laid.tau, template.tau, seen)
    sums = box_sums(found, template.spread, judged)
    scaled = [plane / np.float32(usual) for plane, usual in zip(sums, template.sums, strict=True)]
    z = np.abs(np.stack(scaled)).max(0)
    first, last = template.extent
    small = _excesses(z, found, np.abs(scaled[1]), laid, threshold)
    excesses = tuple(one.enlarged(template.by) for one in small)
    peak = float(z.max())
    blind = 1 - float(judged[first:last].mean())
    finding = Finding.SUSPECT if peak >= threshold else Finding.CLEAR
    detail = _words(excesses, peak, threshold, blind)
    name = f"{template.name} {template.digest[:16]}"
    return EmptyResult(finding, detail, peak, threshold, excesses, blind, name, z)


def _from_lost(laid: Registered, gone: Mask) -> Mask:
    """Return which pixels of the template's frame were sampled from a lost line or beside one."""
    wide = np.convolve(gone, [1, 1, 1], "same") > 0
    rows = np.clip(np.rint(laid.to_y), 0, len(gone) - 1).astype(np.intp)
    return np.asarray(wide[rows])


def _excesses(
    z: Image, found: Image, fine: Image, laid: Registered, threshold: float
) -> tuple[Excess, ...]:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats((z >= threshold / 2).view(np.uint8))
    excesses = []
    for label in range(1, count):
        x, y, w, h, _ = (int(value) for value in boxes[label])
        cut = np.s_[y : y + h, x : x + w]
        inside = labels[cut] == label
        peak = float(z[cut][inside].max())
        if peak < threshold:
            continue
        own = _own(inside, fine[cut])
        excesses.append(_excess(laid, (x, y), own, peak, float(np.median(found[cut][own]))))
    return tuple(sorted(excesses, key=lambda e: -e.peak)[:MOST_REGIONS])


def _own(inside: Mask, fine: Image) -> Mask:
    """Return the pixels of the thing itself: a large box's figure reaches beyond it."""
    own = inside & (fine >= max(FEW, EDGE * float(fine[inside].max())))
    return own if own.any() else inside


def _excess(
    laid: Registered, corner: tuple[int, int], own: Mask, peak: float, depth: float
) -> Excess:
    """Return the excess whose pixels are ``own`` from ``corner`` on, in the scan's pixels."""
    rows, columns = np.nonzero(own)
    at = rows + corner[1], columns + corner[0]
    to_x, to_y = laid.to_x[at], laid.to_y[at]
    left, top = max(0, int(to_x.min())), max(0, int(to_y.min()))
    wide, high = int(np.ceil(to_x.max())) - left + 1, int(np.ceil(to_y.max())) - top + 1
    return Excess(left, top, max(1, wide), max(1, high), int(own.sum()), peak, depth)


def _words(excesses: tuple[Excess, ...], peak: float, threshold: float, blind: float) -> str:
    unseen = f"; {blind:.0%} of it no beam passes" if blind >= 0.005 else ""
    if not excesses:
        return f"as empty as the template: {peak:.1f}σ at most, alarm at {threshold:.0f}σ{unseen}"
    first = excesses[0]
    more = "more" if first.depth > 0 else "less"
    others = f" and {len(excesses) - 1} further" if len(excesses) > 1 else ""
    return (
        f"not empty: {first.area} pixels at x {first.x}, y {first.y} with {abs(first.depth):.2f} "
        f"{more} optical depth, {peak:.0f}σ{others}{unseen}"
    )
