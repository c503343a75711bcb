"""What white, infrared and ultraviolet light say about a page that is laid out.

The names are ours; in brackets the generic check routine of BSI TR-03135-1 §5.5.4.2.

1. ``white-brightness``: stock and print are as bright, as coloured and as contrasty as the model
   says; the zone stands out of its ground by a print contrast signal of 0.6 (Doc 9303-3 §4.4).
2. ``uv-dullness`` (UV, BR, FU): no optical brightener glows. Without a model the ground of the zone
   is looked at, as the guideline asks.
3. ``uv-motif`` (UV, LU, ZZ): the model's motifs glow, in shape and colour.
4. ``ir-mrz-visible`` (IR, AB, MR): the zone's ink absorbs at B900 (PCS ≥ 0.6). Needs no model.
5. ``ir-background-gone`` (IR, TR, ZZ): what the model says fades has faded.
6. A picture in which the lamp was evidently off, or in which the sensor is drowned, says nothing:
   *undetermined*.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.documents.mrz import Mrz
from edge.documents.optical.light import Light
from edge.documents.optical.model import DocumentModel, Fades, Motif, White
from edge.documents.optical.registration import SCALE, Area, Registered, character_places
from edge.documents.result import Check, failed, not_supported, successful, undetermined

__all__ = [
    "background_gone",
    "motif",
    "uv_dullness",
    "white_brightness",
    "zone_contrast",
    "zone_visible",
]

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LEAST_PCS = 0.6  # Doc 9303-3 §4.4, in B900; asked of white light too, as the zone shall be black
DULL_ZONE = 90.0  # levels at most on the ground of a zone, where no model says
DARK = 4.0  # median level below which nobody lit the page
DROWNED = 0.5  # share of the page's pixels at 254 or more


def white_brightness(page: Registered, zone: Mrz, model: DocumentModel | None) -> Check:
    """Return what white light says."""
    seen = page.pages[Light.WHITE]
    if unlit := _unlit(seen):
        return undetermined(unlit)
    if (contrast := zone_contrast(page, zone, seen)) < LEAST_PCS:
        return failed(f"the zone's contrast is {contrast:.2f}, not {LEAST_PCS} or more")
    if model is None or not model.white:
        return not_supported(f"no brightness known; the zone's contrast is {contrast:.2f}")
    complaints = [why for region in model.white if (why := _off(page, seen, region))]
    return failed("; ".join(complaints)) if complaints else successful()


def uv_dullness(page: Registered, zone: Mrz, model: DocumentModel | None) -> Check:
    """Return whether the stock is dull under ultraviolet light."""
    seen = page.pages.get(Light.ULTRAVIOLET)
    if seen is None:
        return not_supported("no picture under ultraviolet light")
    if _median(seen) < DARK:
        return undetermined("the ultraviolet picture is black: the lamp seems to be off")
    ink = _ink(page, zone)
    ground = seen[_zone_window(page, zone)][~ink].reshape(-1, *seen.shape[2:])
    found = [("the ground of the zone", _brightest(ground), DULL_ZONE)]
    for region in model.dull if model is not None else ():
        level = _brightest(page.cut(seen, region.area))
        found.append((_named(region.area), level, region.most))
    bright = [f"{name} glows at {level:.0f}, at most {most:.0f}" for name, level, most in found
              if level > most]  # fmt: skip
    return failed("; ".join(bright)) if bright else successful()


def motif(page: Registered, model: DocumentModel | None) -> Check:
    """Return whether the model's motifs glow under ultraviolet light."""
    seen = page.pages.get(Light.ULTRAVIOLET)
    if seen is None:
        return not_supported("no picture under ultraviolet light")
    if model is None or not model.motif:
        return not_supported("no motif known")
    if seen.ndim == 2:
        return not_supported("the ultraviolet picture has no colours")
    if _median(seen) < DARK:
        return undetermined("the ultraviolet picture is black: the lamp seems to be off")
    weak = [
        f"{_named(region.area)}: {glow:.0f} levels over its ground, at least {region.least:.0f}"
        for region in model.motif
        if (glow := _glow(page, seen, region)) < region.least
    ]
    return failed("; ".join(weak)) if weak else successful()


def zone_visible(page: Registered, zone: Mrz) -> Check:
    """Return whether the zone absorbs infrared light."""
    seen = page.pages.get(Light.INFRARED)
    if seen is None:
        return not_supported("no picture under infrared light")
    if unlit := _unlit(seen):
        return undetermined(unlit)
    if zone_contrast(page, zone, page.pages[Light.WHITE]) < LEAST_PCS / 2:
        return undetermined("where the ink lies cannot be told under white light")
    contrast = zone_contrast(page, zone, seen)
    said = f"the zone's contrast at B900 is {contrast:.2f}"
    return successful(said) if contrast >= LEAST_PCS else failed(f"{said}, not {LEAST_PCS} or more")


def background_gone(page: Registered, model: DocumentModel | None) -> Check:
    """Return whether print and photo have faded under infrared light."""
    seen = page.pages.get(Light.INFRARED)
    if seen is None:
        return not_supported("no picture under infrared light")
    if model is None or not model.fades:
        return not_supported("nothing known that fades")
    if unlit := _unlit(seen):
        return undetermined(unlit)
    left = [(region, _left(page, seen, region)) for region in model.fades]
    stays = [
        f"{_named(region.area)}: {share:.0%} of its contrast is left, at most {region.most:.0%}"
        for region, share in left
        if share is not None and share > region.most
    ]
    if stays:
        return failed("; ".join(stays))
    if all(share is None for _, share in left):
        return undetermined("white light shows nothing there that could fade")
    return successful()


def zone_contrast(page: Registered, zone: Mrz, seen: Image) -> float:
    """Return the print contrast signal of the zone: 1 - ink / ground (ISO 1831).

    Where ink lies is taken from the picture under white light.
    """
    window, ink = _grey(seen[_zone_window(page, zone)]), _ink(page, zone)
    if not 0.01 < ink.mean() < 0.6:
        return 0.0
    near = cv2.dilate(ink.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ground = max(float(np.median(window[~near])) if (~near).any() else 0.0, 1.0)
    return 1 - float(window[ink].mean()) / ground


def _zone_window(page: Registered, zone: Mrz) -> tuple[slice, slice]:
    places = character_places(zone)
    (left, top), (right, low) = places[0, 0], places[-1, -1]
    rows = slice(round((top - 1.6) * SCALE), round((low + 1.6) * SCALE))
    return rows, slice(round((left - 1.2) * SCALE), round((right + 1.2) * SCALE))


def _ink(page: Registered, zone: Mrz) -> Mask:
    """Return the zone's pixels that are ink under white light."""
    window = _grey(page.pages[Light.WHITE][_zone_window(page, zone)])
    level, _ = cv2.threshold(window, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.asarray(window < level * 0.9)


def _off(page: Registered, seen: Image, region: White) -> str:
    """Say how a region is not as it should be, or nothing."""
    part = page.cut(seen, region.area)
    levels = np.broadcast_to(part.reshape(-1, part.shape[2] if part.ndim == 3 else 1).mean(0), 3)
    far = float(np.abs(levels - region.mean).max())
    least, most = region.contrast
    contrast = _contrast(_grey(part))
    if far > region.within:
        return f"{_named(region.area)} is {far:.0f} levels off, at most {region.within:.0f}"
    if not least <= contrast <= most:
        return f"{_named(region.area)} has a contrast of {contrast:.2f}, not {least} to {most}"
    return ""


def _glow(page: Registered, seen: Image, region: Motif) -> float:
    """Return how much brighter the polygon is than the rest of its area, in its colour.

    The rim, half a mm to both sides, counts as neither.
    """
    channel = ("blue", "green", "red").index(region.colour)
    part = page.cut(seen, region.area)
    inside = np.zeros(part.shape[:2], np.uint8)
    corners = (np.array(region.points) - (region.area.left, region.area.top)) * SCALE
    cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], (255,))
    rim = np.ones((SCALE + 1, SCALE + 1), np.uint8)
    core, around = cv2.erode(inside, rim) > 0, cv2.dilate(inside, rim) == 0
    if not core.any() or not around.any():
        return 0.0
    own = part[core].mean(0)
    rival = max(float(own[k]) for k in range(3) if k != channel)
    if own[channel] <= rival:
        return 0.0
    lower = np.percentile(part[core][:, channel], 20)  # a motif with holes is none
    return float(lower - np.median(part[around][:, channel]))


def _left(page: Registered, seen: Image, region: Fades) -> float | None:
    """Return the share of a region's contrast that infrared leaves; None if there is none."""
    before = _contrast(_grey(page.cut(page.pages[Light.WHITE], region.area)))
    after = _contrast(_grey(page.cut(seen, region.area)))
    return None if before < 0.04 else after / before


def _contrast(grey: Image) -> float:
    """Return (bright - dark) / bright of the print; noise is smoothed away first."""
    dark, bright = np.percentile(cv2.blur(grey, (3, 3))[::2, ::2], [5, 95])
    return float((bright - dark) / max(float(bright), 1.0))


def _unlit(seen: Image) -> str:
    if _median(seen) < 4 * DARK:
        return "the picture is black: the lamp seems to be off"
    if (_grey(seen[::4, ::4]) >= 254).mean() > DROWNED:
        return "the picture is overexposed"
    return ""


def _median(seen: Image) -> float:
    return _brightest(np.median(seen[::8, ::8].reshape(-1, *seen.shape[2:]), axis=0)[None])


def _brightest(pixels: NDArray[np.uint8] | NDArray[np.float64]) -> float:
    """Return the mean level of the brightest channel."""
    flat = pixels.reshape(-1, pixels.shape[-1]) if pixels.ndim == 3 else pixels
    return float(np.max(np.mean(flat, axis=0))) if flat.size else 0.0


def _grey(seen: Image) -> Image:
    if seen.ndim == 2:
        return seen
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY), np.uint8)


def _named(area: Area) -> str:
    return f"the region at {area.left:g}, {area.top:g} mm"
