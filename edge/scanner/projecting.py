"""Now and then a threat is projected into a copy of the picture of an item that has left.

1. Of the items that were found clear, were released and are gone, a random share is drawn
   (``policy.tip_share``, 0 unless the authority wants it). Nothing before that moment knows.
2. Drawing, seed and nonce come from the system's secrets: nobody foretells or repeats them.
3. Only an item seen whole, whose picture is at hand in its full size, is projected into. A lane
   that never has such a picture, or whose pixels no threat was drawn for, does not start while a
   share is wanted: nobody would learn that none is ever projected.
4. Nothing else here is a part of the lane's work: a picture that no threat fits into, wedges that
   cannot be read, a disk that takes no more are a line in the log, no event and no fault. Where
   the disk is nearly full, or one projection is under way, none is begun.
5. A threat is blurred and counted as this lane sees: by its references' noise, or else its wedges',
   and by its last self-test's resolution (tip/measured.py).
6. ``projection.sealed`` is recorded before ``projection.made``, both behind the item's own end.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from contract.blob import Picture
from contract.inspection import Disposition, Finding
from contract.projection import MOST_LINES, MOST_PIXELS, Made, Sealed
from contract.topics import Stream
from edge.runtime.clock import Clock
from edge.runtime.lane import Lane
from edge.scanner.analysis import Analysis
from edge.scanner.config import ScannerConfig
from edge.scanner.materials import wedges
from edge.scanner.materials.errors import MaterialsError
from edge.scanner.phantom.history import History, HistoryError
from edge.scanner.phantom.result import Result
from edge.scanner.pictures import MEDIA_TYPE, PART, Image, Image16, Rendered, as_counts, render
from edge.scanner.story import Story
from edge.scanner.tip.measured import Noise, optics
from edge.scanner.tip.projector import Projection, Projector, Subject
from edge.uplink.blobs import BlobSpool
from edge.uplink.errors import UplinkError
from models.xray.tip import library, record
from models.xray.tip.errors import TipError
from models.xray.tip.library import SAME_PITCH, Library
from settings.files import ConfigError

NONCE = 24  # bytes
SAME = 0.01  # of the pitch: the picture at hand is then the full one

_DRAW = secrets.SystemRandom().random  # from 0 to 1

log = structlog.get_logger()


@dataclass(frozen=True)
class Item:
    """What is kept of an item that was drawn: its name, its full transmission, and its noise."""

    name: str
    picture: Image
    noise: Noise | None


class Projecting:
    """A lane's projections. ``left`` is called in the loop with every item that has left."""

    def __init__(
        self,
        config: ScannerConfig,
        lane: Lane,
        spool: BlobSpool,
        clock: Clock,
        draw: Callable[[], float] = _DRAW,
        noise: Callable[[], Noise | None] = lambda: None,
    ) -> None:
        """``noise`` returns that of the lane's references. Raises ConfigError by rule 3."""
        self._library = threats(config)
        self._config = config
        self._lane = lane
        self._spool = spool
        self._clock = clock
        self._draw = draw
        self._noise = noise
        self._under_way: asyncio.Task[None] | None = None

    def left(self, story: Story) -> None:
        """Perhaps project into the picture of the item of ``story``, which has left."""
        if not _is_admissible(story) or self._draw() >= self._config.policy.tip_share:
            return
        busy = self._under_way is not None and not self._under_way.done()
        if busy or self._lane.disk_full:
            return
        assert story.analysis is not None
        if not _is_whole(story.analysis, self._config.geometry.pitch):
            return
        item = Item(story.inspection, story.analysis.overview, self._noise())
        self._under_way = asyncio.get_running_loop().create_task(self._guard(item))

    async def _guard(self, item: Item) -> None:
        try:
            await self._project(item)
        except (TipError, MaterialsError, UplinkError) as error:
            log.info("projection.skipped", reason=str(error)[:300])
        except Exception as error:  # noqa: BLE001 the supervisor: no projection disturbs a lane
            log.error("projection.failed", error=type(error).__name__)

    async def _project(self, item: Item) -> None:
        projection = await asyncio.to_thread(self._projected, item)
        kept = await asyncio.to_thread(self._kept, _files(projection.planes))
        made = Made(
            projection=projection.name,
            pictures=kept,
            seal=projection.sealed,
            reveal_by=datetime.fromtimestamp(projection.reveal_by, UTC),
        )
        sealed = Sealed(
            projection=projection.name,
            record=record.dump(projection.record).decode(),
            nonce=projection.nonce.hex(),
        )
        try:
            # The outbox itself: what the lane's own record cannot take is a fault, this is not.
            self._lane.outbox.record(Stream.DECISION, "projection.sealed", sealed)
            self._lane.outbox.record(Stream.DECISION, "projection.made", made)
        except UplinkError:
            for picture in kept:
                self._spool.erase(picture.blob.sha256)
            raise

    def _kept(self, files: Sequence[Rendered]) -> list[Picture]:
        """Put ``files`` into the spool itself: they are no part of what is kept of an item."""
        return [
            Picture(
                kind=file.kind,
                blob=self._spool.put(file.content, MEDIA_TYPE, personal=False),
                width=file.width,
                height=file.height,
                bits=16,
                personal=False,
            )
            for file in files
        ]

    def _projected(self, item: Item) -> Projection:
        subject = Subject(item.name, Finding.CLEAR, Disposition.RELEASE, in_lane=False)
        return self._projector(item.noise).project(
            as_counts(item.picture),
            subject,
            uuid.uuid4().hex,
            secrets.randbits(63),
            secrets.token_bytes(NONCE),
            self._clock.now().timestamp(),
        )

    def _projector(self, noise: Noise | None) -> Projector:
        """Return the projector of an item that was scanned with ``noise``."""
        assert self._library is not None
        wedged, pitch = self._config.examinations.wedges, self._config.geometry.pitch
        photons = None if wedged is None or noise is not None else wedges.load(wedged).photons
        sees = optics(noise, photons, _last_test(self._config.data), pitch)
        return Projector(self._library, sees, pitch)


def threats(config: ScannerConfig) -> Library | None:
    """Return what this lane projects, None where it shall not; raise ConfigError by rule 3."""
    if not config.policy.tip_share:
        return None
    pixels, pitch = config.devices.detector.pixels, config.geometry.pitch
    if pixels > MOST_PIXELS:
        raise ConfigError(
            f"policy.tip_share: threats are projected into pictures of at most {MOST_PIXELS} "
            f"pixels, this detector has {pixels}; set it to 0"
        )
    try:
        found = library.load()
    except TipError as error:
        raise ConfigError(f"policy.tip_share: {error}; set it to 0") from error
    stamps = found.stamps.values()
    if not any(abs(pitch / stamp.pitch_mm - 1) <= SAME_PITCH for stamp in stamps):
        drawn = ", ".join(f"{size:g}" for size in sorted({stamp.pitch_mm for stamp in stamps}))
        raise ConfigError(
            f"policy.tip_share: threats are drawn for pixels of {drawn} mm, this lane's are "
            f"{pitch:g} mm; set it to 0, or render a library with "
            f"`python -m models.training.threat_stamps --pitch {pitch:g}`"
        )
    return found


def _last_test(folder: Path) -> Result | None:
    """Return the last self-test of the lane that keeps its results in ``folder``."""
    history = History(folder)
    try:
        return history.last() if history.path.exists() else None
    except HistoryError as error:
        log.info("projection.self-test", reason=str(error)[:300])
        return None


def _is_admissible(story: Story) -> bool:
    released = story.disposition is Disposition.RELEASE
    return story.clear and released and not story.phantom and story.analysis is not None


def _is_whole(analysis: Analysis, pitch_mm: float) -> bool:
    _, lines, pixels = analysis.overview.shape
    fits = lines <= MOST_LINES and pixels <= MOST_PIXELS and lines == analysis.lines
    return fits and not analysis.lost and abs(analysis.overview_pitch / pitch_mm - 1) < SAME


def _files(planes: Image16) -> list[Rendered]:
    """Return the files of a picture (energies, lines, pixels), in parts as any item's."""
    tops = range(0, planes.shape[1], PART)
    parts = [render(planes[:, top : top + PART], index) for index, top in enumerate(tops)]
    return [file for part in parts for file in part]
