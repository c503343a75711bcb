"""Which examinations a lane has, by its file; what they need is read once, when the lane is built.

1. The recogniser comes first, and is always there.
2. A template or wedges that cannot be read are a mistake in the lane's file: it does not start.
"""

from __future__ import annotations

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

THREADS = 2  # of other makers' networks; ours has finished by then


def examinations(how: Examinations, threshold: float) -> list[tuple[str, Examination]]:
    """Return the examinations of a lane by name, in their order. Raises ConfigError.

    ``threshold`` is our own recogniser's on this lane.
    """
    found: list[tuple[str, Examination]] = [(RECOGNISER, recogniser)]
    if how.recognisers is not None:
        found.append((OPINIONS, SecondOpinion(threshold, _plugged_in(how.recognisers))))
    if how.most_black < 1:
        found.append((PENETRATION, Penetration(how.most_black)))
    if how.empty_template is not None:
        try:
            empty = template.load(how.empty_template)
        except TemplateError as error:
            raise ConfigError(f"examinations.empty_template: {error}") from error
        found.append((EMPTY, Empty(empty, how.empty == "always")))
    if how.manifests is not None:
        found.append((MANIFEST, Papers(_table(how), how.empty_template is not None)))
    return found


def _plugged_in(folder: Path) -> list[Recogniser]:
    try:
        return plugged_in(folder, THREADS)
    except CatalogueError as error:
        raise ConfigError(f"examinations.recognisers: {error}") from error


def _table(how: Examinations) -> Table | None:
    if how.wedges is None:
        return None
    try:
        return build(wedges.load(how.wedges))
    except MaterialsError as error:
        raise ConfigError(f"examinations.wedges: {error}") from error
