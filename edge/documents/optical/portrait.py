"""The printed portrait against the one in the chip (BSI TR-03135-1 §5.7.6).

1. The document model says where the portrait is printed.
2. With face models on the lane both faces are embedded and compared. A match at the rate that the
   administrator accepts is successful; a score that one in a hundred strangers reaches is failed;
   what lies between, or was measured by nobody, is *undetermined*.
3. Without them the two pictures are correlated, aligned by their own best shift and scale. As both
   were made of one photograph they agree closely, two persons do not; but it is a comparison of
   pictures, not of faces, and the detail says so. In doubt it is *undetermined*.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.documents.optical.light import Light
from edge.documents.optical.model import DocumentModel
from edge.documents.optical.registration import Registered
from edge.documents.result import Check, aborted, failed, not_supported, successful, undetermined
from models.face.calibration import DEFAULT_FMR, CalibrationError
from models.face.comparison import compare
from models.face.geometry import Face
from models.face.pack import FacePack

__all__ = ["correlation", "printed_portrait"]

Image = NDArray[np.uint8]

STRANGERS = 0.01  # share of other persons that reach the score: from there it is another person
ALIKE = 0.95  # correlation: of 60 rendered persons' prints the least was 0.99, of 60 pairs of
# strangers the most was 0.87
UNLIKE = 0.7  # surely two pictures; half of the strangers' pairs are above it, and in doubt
_ENOUGH = 200  # pixels: an embedding sees a face of 112
_HIGH, _RIM = 80, 8  # pixels that pictures are correlated at, and play for the shift


def printed_portrait(
    page: Registered,
    model: DocumentModel | None,
    dg2: Image | None,
    faces: FacePack | None = None,
    fmr: float = DEFAULT_FMR,
) -> Check:
    """Compare the printed portrait with ``dg2`` (BGR). ``fmr``: accepted false match rate."""
    if model is None or model.portrait is None:
        return not_supported("where the portrait is printed is not known")
    if dg2 is None:
        return aborted("no portrait from the chip")
    printed = page.cut(page.pages[Light.WHITE], model.portrait)
    if printed.ndim == 2:
        printed = np.asarray(cv2.cvtColor(printed, cv2.COLOR_GRAY2BGR), np.uint8)
    if faces is not None and faces.whole:
        return _by_faces(printed, dg2, faces, fmr)
    return _by_pictures(printed, dg2)


def correlation(printed: Image, dg2: Image) -> float:
    """Return how alike two portraits are, -1 to 1: grey, edges evened out, best shift and scale."""
    wanted = _even(_grey(dg2), 1.0)
    core = wanted[_RIM:-_RIM, _RIM:-_RIM]
    best = -1.0
    for stretch in (0.94, 1.0, 1.06):  # prints are cut a little otherwise than files
        seen = _even(_grey(printed), stretch)
        if seen.shape[0] < core.shape[0] or seen.shape[1] < core.shape[1]:
            continue
        found = cv2.matchTemplate(seen, core, cv2.TM_CCOEFF_NORMED)
        best = max(best, float(np.nan_to_num(found, nan=-1.0).max()))
    return best


def _by_faces(printed: Image, dg2: Image, faces: FacePack, fmr: float) -> Check:
    assert faces.detect is not None
    assert faces.embed is not None
    printed, dg2 = _small(printed), _small(dg2)
    shown, stored = _largest(faces.detect(printed)), _largest(faces.detect(dg2))
    if shown is None or stored is None:
        where = "print" if shown is None else "chip's portrait"
        return undetermined(f"no face was found in the {where}")
    templates: list[NDArray[np.float32]] = []
    try:
        templates = [faces.embed(printed, shown), faces.embed(dg2, stored)]
        found = compare(templates[0], templates[1], faces.embed, fmr)
    except (ValueError, CalibrationError) as error:
        return undetermined(str(error)[:200])
    finally:
        for template in templates:
            template[:] = 0
    if found.match:
        return successful(f"one face: score {found.score:.2f}")
    if found.fmr is not None and found.fmr >= STRANGERS:
        return failed(f"two faces: score {found.score:.2f}")
    return undetermined(f"score {found.score:.2f} says neither one face nor two")


def _by_pictures(printed: Image, dg2: Image) -> Check:
    alike = correlation(printed, dg2)
    said = f"pictures correlate at {alike:.2f} (no face model on this lane)"
    if alike >= ALIKE:
        return successful(said)
    return failed(said) if alike < UNLIKE else undetermined(said)


def _small(image: Image) -> Image:
    """Return a portrait no higher than ``_ENOUGH``: finding its face costs half as much."""
    ratio = _ENOUGH / max(image.shape[:2])
    if ratio >= 1:
        return image
    size = (max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _largest(found: list[Face]) -> Face | None:
    return max(found, key=lambda face: face.size, default=None)


def _grey(image: Image) -> Image:
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _even(grey: Image, stretch: float) -> NDArray[np.float32]:
    """Return the picture ``_HIGH`` times ``stretch`` high, its broad light and shade taken away."""
    high = round(_HIGH * stretch)
    wide = min(max(1, round(high * grey.shape[1] / grey.shape[0])), 4 * _HIGH)
    small = cv2.resize(grey, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(small - cv2.GaussianBlur(small, (0, 0), 12), np.float32)
