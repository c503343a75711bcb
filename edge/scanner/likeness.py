"""What the lane's earlier cargo of the same HS chapter looked like: it informs, it never holds.

1. An item's descriptor travels with its record; central finds likes of it among all lanes' items.
2. The lane keeps an index of its own: a note tells of likes even while central is away. Only what
   was found clear and released is remembered: it fits its papers as far as anybody knows.
3. An index or a picture that cannot be used gives no note, and costs nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from edge.scanner.cargo.similar import look_alike, remember
from edge.scanner.cargo_checks import depth
from edge.scanner.examinations import Item
from models.xray.similar import Floats, SimilarError, packed
from models.xray.similar_index import SimilarIndex

FOLDER = "similar"  # in the lane's folder

log = structlog.get_logger()


@dataclass(frozen=True)
class Likeness:
    """What was found: a note for whoever looks, and the descriptor."""

    note: str
    descriptor: Floats | None

    @property
    def text(self) -> str | None:
        """The descriptor as it travels."""
        return None if self.descriptor is None else packed(self.descriptor)


class Memory:
    """The lane's own index. Blocks for its disk: not for the loop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def look(self, item: Item, chapter: str) -> Likeness:
        """Return what earlier cargo of ``chapter`` looks like ``item``."""
        try:
            with SimilarIndex(self._folder) as index:
                found = look_alike(depth(item), chapter, index)
        except SimilarError as error:
            return Likeness(str(error)[:300], None)
        return Likeness(found.detail, found.descriptor)

    def keep(self, name: str, chapter: str, at: float, descriptor: Floats) -> None:
        """Remember the item called ``name``, which was released as declared."""
        try:
            with SimilarIndex(self._folder) as index:
                remember(index, chapter, name, at, descriptor)
        except SimilarError as error:
            log.warning("similar.not_kept", error=str(error)[:300])
