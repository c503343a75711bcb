"""Which examinations a lane has, by its file; what they need is read once, when the lane is built.

1. The recogniser comes first, and is always there.
2. A template or wedges that cannot be read are a mistake in the lane's file: it does not start.
3. Nor does a lane of real hardware with nominal wedges: they are the design's, not this tube's.
"""

from __future__ import annotations

import math
from pathlib import Path

from edge.scanner.cargo import template
from edge.scanner.cargo.template import TemplateError
from edge.scanner.cargo_checks import EMPTY, MANIFEST, PENETRATION, Empty, Papers, Penetration
from edge.scanner.config import Examinations
from edge.scanner.examinations import RECOGNISER, Examination, recogniser
from edge.scanner.materials import wedges
from edge.scanner.materials.errors import MaterialsError
from edge.scanner.materials.table import Table, build
from edge.scanner.second_opinion import NAME as OPINIONS
from edge.scanner.second_opinion import SecondOpinion
from models.catalogue import CatalogueError
from models.xray.recognisers import Recogniser, plugged_in
from settings.files import ConfigError

NOMINAL = "nominal"  # origin of wedges that nobody scanned
THREADS = 2  # of other makers' networks; ours has finished by then


def examinations(how: Examinations, real_hardware: bool = True) -> list[tuple[str, Examination]]:
    """Return the examinations of a lane by name, in their order. Raises ConfigError."""
    found: list[tuple[str, Examination]] = [(RECOGNISER, recogniser)]
    if how.recognisers is not None:
        found.append((OPINIONS, SecondOpinion(_plugged_in(how.recognisers))))
    if how.most_black < 1 or math.isfinite(how.most_black_area):
        found.append((PENETRATION, Penetration(how.most_black, how.most_black_area)))
    if how.empty_template is not None:
        try:
            empty = template.load(how.empty_template)
        except TemplateError as error:
            raise ConfigError(f"examinations.empty_template: {error}") from error
        found.append((EMPTY, Empty(empty, how.empty == "always")))
    table, empties = _table(how, real_hardware), how.empty_template is not None
    if how.manifests is not None:
        found.append((MANIFEST, Papers(table, empties, how.wedges_fresh_for)))
    return found


def _plugged_in(folder: Path) -> list[Recogniser]:
    try:
        return plugged_in(folder, THREADS)
    except CatalogueError as error:
        raise ConfigError(f"examinations.recognisers: {error}") from error


def _table(how: Examinations, real_hardware: bool) -> Table | None:
    if how.wedges is None:
        return None
    try:
        known = wedges.load(how.wedges)
        if known.origin == NOMINAL and real_hardware:
            raise MaterialsError(f"{how.wedges.name} is nominal; scan this scanner's own wedges")
        return build(known)
    except MaterialsError as error:
        raise ConfigError(f"examinations.wedges: {error}") from error
