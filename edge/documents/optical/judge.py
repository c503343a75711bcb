"""All optical checks of one page: pictures by light in, answers by name out. Pure.

1. The picture under white light places the page; without it, or without a zone in it, every check
   is aborted: nothing was looked at.
2. A light that was not taken is *not supported*; so is what needs a document model where none
   matches (``document-model`` then says so). A zone that was read is enough for ``uv-dullness``,
   ``ir-mrz-visible`` and ``mrz-typeface`` (BSI TR-03135-1 §5.5.4.2).
3. ``grouped`` says them as the three checks that profiles name: ``document-model``, ``spectral``
   and ``printed-face``. A group is failed if one of it failed, and successful only if none of it is
   undetermined or aborted and one of it is successful.
4. All but the portrait can be answered before the chip is read: ``page_checks``, then
   ``portrait_check``; ``optical_checks`` is both.
5. Pictures are uint8, grey or BGR, all of one size; anything else raises ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.documents.optical.light import Light
from edge.documents.optical.model import DocumentModel, match, shipped
from edge.documents.optical.portrait import printed_portrait
from edge.documents.optical.printing import security_features, typeface
from edge.documents.optical.registration import Registered, register
from edge.documents.optical.spectral import (
    background_gone,
    motif,
    uv_dullness,
    white_brightness,
    zone_visible,
)
from edge.documents.page import PageReading
from edge.documents.result import Check, Status, aborted, not_supported, successful
from models.document import patches
from models.face.calibration import DEFAULT_FMR
from models.face.pack import FacePack

__all__ = [
    "GROUPS",
    "NAMES",
    "Laid",
    "OpticalModels",
    "grouped",
    "open_models",
    "optical_checks",
    "page_checks",
    "portrait_check",
]

Image = NDArray[np.uint8]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "document-model": ("document-model",),
    "spectral": (
        "white-brightness",
        "uv-dullness",
        "uv-motif",
        "ir-mrz-visible",
        "ir-background-gone",
        "security-features",
        "mrz-typeface",
    ),
    "printed-face": ("printed-portrait",),
}
NAMES = tuple(name for names in GROUPS.values() for name in names)


@dataclass(frozen=True)
class OpticalModels:
    """What a lane looks at pages with; what is None is not supported."""

    documents: tuple[DocumentModel, ...]
    patches: patches.Judge | None = None
    faces: FacePack | None = None


def open_models(faces: FacePack | None = None, *, real_hardware: bool = False) -> OpticalModels:
    """Return the shipped models, and ``faces``. Raises CatalogueError, ConfigError."""
    return OpticalModels(shipped(), patches.shipped(real_hardware=real_hardware), faces)


@dataclass(frozen=True)
class Laid:
    """A page laid out and its model; where ``page`` is None, ``why`` says why there is none."""

    page: Registered | None
    model: DocumentModel | None
    why: str = ""


def optical_checks(
    images: Mapping[Light, Image],
    reading: PageReading,
    dg2_portrait: Image | None,
    models: OpticalModels,
    fmr: float = DEFAULT_FMR,
) -> dict[str, Check]:
    """Return the answer of every check in ``NAMES``.

    ``reading`` is of the picture under white light; ``dg2_portrait`` BGR, or None where the chip
    gave none; ``fmr`` the false match rate accepted for the portrait.
    """
    checks, laid = page_checks(images, reading, models)
    return checks | portrait_check(laid, dg2_portrait, models, fmr)


def page_checks(
    images: Mapping[Light, Image], reading: PageReading, models: OpticalModels
) -> tuple[dict[str, Check], Laid]:
    """Return the answers that need no chip, and the page as it was laid out for them."""
    _refuse_strange(images)
    laid = _laid(images, reading, models)
    page, zone, model = laid.page, reading.zone, laid.model
    if page is None or zone is None:
        return dict.fromkeys(NAMES[:-1], aborted(laid.why)), laid
    return {
        "document-model": _model(model, page),
        "white-brightness": white_brightness(page, zone, model),
        "uv-dullness": uv_dullness(page, zone, model),
        "uv-motif": motif(page, model),
        "ir-mrz-visible": zone_visible(page, zone),
        "ir-background-gone": background_gone(page, model),
        "security-features": security_features(page, model, models.patches),
        "mrz-typeface": typeface(page, zone, models.patches),
    }, laid


def portrait_check(
    laid: Laid, dg2_portrait: Image | None, models: OpticalModels, fmr: float = DEFAULT_FMR
) -> dict[str, Check]:
    """Return the answer that needs the chip's portrait, by its name."""
    if laid.page is None:
        return {NAMES[-1]: aborted(laid.why)}
    return {NAMES[-1]: printed_portrait(laid.page, laid.model, dg2_portrait, models.faces, fmr)}


def _laid(images: Mapping[Light, Image], reading: PageReading, models: OpticalModels) -> Laid:
    if Light.WHITE not in images:
        return Laid(None, None, "no picture under white light to place the page by")
    if reading.zone is None:
        return Laid(None, None, "no zone in the picture under white light")
    page = register(images, reading.zone, reading.quad)
    if page is None:
        return Laid(None, None, "the page cannot be placed by its zone")
    return Laid(page, match(page, reading.zone, models.documents))


def grouped(checks: Mapping[str, Check]) -> dict[str, Check]:
    """Return ``checks`` as the groups that profiles name."""
    return {group: _group({n: checks[n] for n in names}) for group, names in GROUPS.items()}


def _model(model: DocumentModel | None, page: Registered) -> Check:
    if model is None:
        return not_supported("no document model for this state, format and document code")
    return successful(f"{model.name}, {page.edges} edges seen")


def _group(checks: Mapping[str, Check]) -> Check:
    for status in (Status.FAILED, Status.ABORTED, Status.UNDETERMINED, Status.SUCCESSFUL):
        telling = {name: check for name, check in checks.items() if check.status is status}
        if telling:
            only = len(checks) == 1
            said = "; ".join(c.detail if only else f"{n}: {c.detail}" for n, c in telling.items())
            return Check(status, said if only or status is not Status.SUCCESSFUL else "")
    return next(iter(checks.values()))


def _refuse_strange(images: Mapping[Light, Image]) -> None:
    shapes = {image.shape[:2] for image in images.values()}
    if len(shapes) > 1:
        raise ValueError(f"pictures under several lights of one page differ in size: {shapes}")
    for light, image in images.items():
        if image.dtype != np.uint8 or image.size == 0 or not _grey_or_bgr(image):
            raise ValueError(
                f"the {light} picture is {image.dtype} of shape {image.shape}; "
                "give uint8, grey or BGR"
            )


def _grey_or_bgr(image: Image) -> bool:
    return image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
