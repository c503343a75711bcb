"""Document models: for one version of a state's document, where what is, what light does to it.

1. A model is one TOML file (``models/*.toml``), places in mm from the page's top left, levels 0 to
   255. A key that nobody knows is refused, as is a place that lies beside the page.
2. A model fits a zone of its format, issuing state and document code. Where a state has several
   versions, the one is taken whose white regions the page comes nearest to.
3. No model is no verdict: what needs one is *not supported*.

The thresholds stand in the file, in the open, as BSI TR-03135-1 §5.5.4.2 asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from edge.documents.mrz import Mrz
from edge.documents.mrz_layout import Format
from edge.documents.optical.light import Light
from edge.documents.optical.registration import SIZES, Area, Registered
from settings.files import Section, load

__all__ = ["DocumentModel", "Fades", "Motif", "White", "match", "models", "shipped"]

SHIPPED = Path(__file__).parent / "models"
Level = Annotated[float, Field(ge=0, le=255)]
Share = Annotated[float, Field(ge=0, le=1)]


class White(Section):
    """White light: mean level in BGR, how far off it may be, and the contrast of the print."""

    area: Area
    mean: tuple[Level, Level, Level]
    within: Level
    contrast: tuple[Share, Share]


class Dull(Section):
    """Ultraviolet: a region that does not glow: the mean of its brightest channel at most."""

    area: Area
    most: Level


class Motif(Section):
    """Ultraviolet: a polygon (mm) that glows ``least`` levels more than the rest of its area."""

    area: Area
    points: tuple[tuple[float, float], ...] = Field(min_length=3)
    colour: Literal["blue", "green", "red"]
    least: Level


class Fades(Section):
    """Infrared: at most the share ``most`` of the contrast under white light is left."""

    area: Area
    most: Share


class Feature(Section):
    """A region of security print that is looked at closely."""

    area: Area


class DocumentModel(Section):
    """One version of one document. All regions may be left out; then nothing is said of them."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    format: Format
    issuing_state: str = Field(pattern=r"^[A-Z]{1,3}$")
    document_code: str = Field(pattern=r"^[A-Z<]{1,2}$")
    version: int = Field(ge=1)
    source: str
    portrait: Area | None = None
    white: tuple[White, ...] = ()
    dull: tuple[Dull, ...] = ()
    motif: tuple[Motif, ...] = ()
    fades: tuple[Fades, ...] = ()
    features: tuple[Feature, ...] = ()

    @model_validator(mode="after")
    def _on_the_page(self) -> DocumentModel:
        if self.format not in SIZES:
            raise ValueError(f"{self.format} has no size in Doc 9303; there are {', '.join(SIZES)}")
        width, height = SIZES[self.format]
        for area in self._areas():
            if area.left + area.width > width or area.top + area.height > height:
                raise ValueError(f"{area} lies beside a page of {width} × {height} mm")
        return self

    def _areas(self) -> Iterable[Area]:
        if self.portrait is not None:
            yield self.portrait
        for regions in (self.white, self.dull, self.motif, self.fades, self.features):
            yield from (region.area for region in regions)

    def fits(self, zone: Mrz) -> bool:
        """Whether a zone is of this format, state and document code."""
        code = zone.fields["document_code"].rstrip("<")
        return (
            zone.format is self.format
            and zone.fields["issuing_state"].rstrip("<") == self.issuing_state
            and code.startswith(self.document_code.rstrip("<"))
        )

    def distance(self, page: Registered) -> float:
        """Return how far the page's white regions are off, 1 being as far as they may be."""
        seen = page.pages[Light.WHITE]
        off = [
            float(np.abs(page.cut(seen, w.area).mean((0, 1)) - w.mean).max()) / max(w.within, 1)
            for w in self.white
        ]
        return max(off, default=0.0)


def models(folder: Path) -> tuple[DocumentModel, ...]:
    """Return every model of a folder, by file name. Raises ConfigError: file, line, key, why."""
    return tuple(load(path, DocumentModel) for path in sorted(folder.glob("*.toml")))


@cache
def shipped() -> tuple[DocumentModel, ...]:
    """Return the models that come with this software."""
    return models(SHIPPED)


def match(
    page: Registered, zone: Mrz, among: tuple[DocumentModel, ...] | None = None
) -> DocumentModel | None:
    """Return the model of the page with this zone, or None where nobody described it."""
    fitting = [model for model in (shipped() if among is None else among) if model.fits(zone)]
    return min(fitting, key=lambda model: model.distance(page), default=None)
