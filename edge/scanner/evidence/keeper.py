"""Evidence of items that were held or diverted: one sealed bundle each, written beside the lane.

1. Pictures are taken as they are spooled, events as they are recorded: later both are at central.
   With an operator's decision goes the command it came by, which is there while it is under way.
2. Everything else is done in a thread of its own, in order. The lane waits for none of it.
3. What the disk refuses is tried again, every RETRY; at most MOST wait. Each refusal is trouble of
   "evidence" by name, which ends by itself when there is no more of it. So is a bundle that cannot
   be made at all: its item goes without.
4. At the item's end the bundle is sealed with the unit's key, if items like this one are kept, and
   what was taken is let go.
5. What a restart or a crash left is gone through first: events that were recorded and not taken are
   read from the outbox, items that have ended get their bundles.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.command import Command
from contract.envelope import Event
from contract.signing import load_private_key
from contract.topics import Stream
from edge.runtime.clock import Clock
from edge.runtime.lane import Lane
from edge.runtime.worker import Post, Trouble
from edge.scanner.config import ScannerConfig
from edge.scanner.evidence import bundle
from edge.scanner.evidence.bundle import Case
from edge.scanner.evidence.errors import DiskError, EvidenceError, NotKept
from edge.scanner.evidence.open_items import ENDED, RESOLVED, SCANNED, OpenItems, pictures_of
from edge.scanner.evidence.shelf import Shelf, name_of, size_of
from edge.scanner.formats import evidence, n42_portal
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.n42_model import Instrument
from edge.scanner.portal import Passage
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import under_way
from edge.uplink.errors import OutboxError
from edge.uplink.outbox import Outbox

FOLDER, OPEN = "evidence", "open"  # in the lane's folder, and in that
PROJECTED = "projection.made"
KEY = "unit.pem"  # made by the agent at its first start
RETRY = 1.0  # s; less than a lane needs to believe that the trouble is over
MOST = 500  # jobs that wait; an item has four
IDLE = 3600.0  # s between looks at what is too old while nothing comes
RECENT = 100  # events that are looked through after a restart; two items can be open

Job = Callable[[], None]

log = structlog.get_logger()


class EvidenceKeeper:
    """Beside one lane. ``take``, ``forget`` and ``passed`` may be called from any thread."""

    name = "evidence"

    def __init__(
        self,
        config: ScannerConfig,
        outbox: Outbox,
        spool: BlobSpool,
        clock: Clock,
        post: Post,
        shelf: Shelf | None = None,
    ) -> None:
        folder = config.data / FOLDER
        self._config = config
        self._outbox = outbox
        self._spool = spool
        self._clock = clock
        self._post = post
        self._shelf = shelf or Shelf(folder, config.evidence)
        self._open = OpenItems(folder / OPEN)
        self._todo: deque[Job] = deque()
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._reading = threading.Lock()
        self._seen = outbox.position(Stream.DECISION).last
        recent = outbox.pending(Stream.DECISION, max(0, self._seen - RECENT), RECENT)
        self._add(partial(self._begin, [(row.body, self._command(row.body)) for row in recent]))
        outbox.subscribe(self._recorded)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, within: float = 5.0) -> None:
        """End when everything is done, or refused; raise RuntimeError if that takes too long."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(within)
        if self._thread.is_alive():
            raise RuntimeError("the thread of evidence hangs on its disk")

    # What the lane tells

    def take(self, sha256: str, content: bytes) -> None:
        """Keep a picture that was just spooled."""
        waiting = (held.path for held in self._spool.pending() if held.blob.sha256 == sha256)
        try:
            self._open.open()
            self._open.take(sha256, content, next(waiting, None))
        except DiskError as error:
            self._tell(error)

    def forget(self, pictures: Sequence[str]) -> None:
        """Let go of pictures of a scan that was given up."""
        self._add(partial(self._open.drop, list(pictures)))

    def passed(self, inspection: str, passages: Sequence[Passage]) -> None:
        """Keep what the portal counted of an item."""
        now = self._clock.monotonic()
        for number, passage in enumerate(passages, 1):
            began = self._clock.now() - timedelta(seconds=now - passage.began)
            self._add(partial(self._passage, inspection, number, passage, began))

    def _recorded(self) -> None:
        """Take what was recorded since; central may have it, and the outbox not, any moment."""
        with self._reading:
            last = self._outbox.position(Stream.DECISION).last
            self._seen = min(self._seen, last)  # a new epoch numbers anew
            if last == self._seen:
                return
            for row in self._outbox.pending(Stream.DECISION, self._seen, RECENT):
                self._add(partial(self._event, row.body, self._command(row.body)))
                self._seen = row.seq

    def _command(self, body: bytes) -> bytes | None:
        """Return the sealed command that an operator's decision came by, if that is what it is.

        Asked when it is recorded: the command is let go once it has its result.
        """
        kind, inspection = _read(body)
        if kind == RESOLVED:
            with suppress(OutboxError):  # the decision is recorded; it is its proof that is lost
                for message in under_way(self._outbox):
                    _, _, said = message.partition(b"\n")
                    if Command.model_validate_json(said).args.get("inspection") == inspection:
                        return message
        return None

    def _add(self, job: Job) -> None:
        with self._changed:
            full = len(self._todo) >= MOST
            if not full:
                self._todo.append(job)
                self._changed.notify_all()
        if full:
            self._tell(NotKept(f"{MOST} things wait for the disk; no more are taken"))

    # The thread

    def _run(self) -> None:
        while (job := self._next()) is not None:
            if not self._done(job):
                with self._changed:
                    self._todo.appendleft(job)
                if self._ending.wait(RETRY):
                    return

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._todo or self._ending.is_set(), IDLE)
            if self._todo:
                return self._todo.popleft()
        return None if self._ending.is_set() else self._tidy

    def _done(self, job: Job) -> bool:
        """Return whether ``job`` need not be tried again."""
        try:
            job()
        except DiskError as error:
            self._tell(error)
            return False
        except (EvidenceError, FormatError) as error:
            self._tell(NotKept(str(error)))
        except Exception as error:  # noqa: BLE001 the supervisor of this thread
            self._tell(NotKept(f"not foreseen: {type(error).__name__}"))
        return True

    def _tell(self, error: EvidenceError) -> None:
        self._post(Trouble(self.name, error))

    # Its jobs

    def _begin(self, recent: Sequence[tuple[bytes, bytes | None]]) -> None:
        self._shelf.open()
        self._open.open()
        known, told = set(self._open.inspections()), [(*_read(body), body, c) for body, c in recent]
        ended = {inspection for kind, inspection, *_ in told if kind == ENDED}
        for _, inspection, body, command in told:
            if inspection in known or inspection not in ended:
                self._event(body, command)
        for inspection in self._open.inspections():
            if any(e.type == ENDED for e in self._open.trail(inspection).values()):
                self._first(partial(self._close, inspection))
        self._open.sweep()
        self._tidy()

    def _tidy(self) -> None:
        now = self._clock.now()
        self._shelf.tidy(now)
        self._open.forget_before(now, timedelta(days=self._config.evidence.days))

    def _passage(self, inspection: str, number: int, passage: Passage, began: datetime) -> None:
        n42 = n42_portal.encode(passage.occupancy, began, Instrument(), inspection)
        self._open.passed(inspection, number, n42)

    def _event(self, body: bytes, command: bytes | None = None) -> None:
        kind, inspection = _read(body)
        if kind == PROJECTED:  # into no item's picture
            self._open.drop(pictures_of(Event.model_validate_json(body)))
        if kind not in (SCANNED, RESOLVED, ENDED) or inspection is None:
            return
        self._open.add(inspection, body, command)
        if kind == ENDED:
            self._first(partial(self._close, inspection))

    def _first(self, job: Job) -> None:
        with self._changed:
            self._todo.appendleft(job)

    def _close(self, inspection: str) -> None:
        trail = self._open.trail(inspection)
        try:
            if trail:
                self._keep(bundle.case_of(trail))
        except DiskError:
            raise  # it is tried again
        except Exception:
            self._open.close(inspection)
            raise
        self._open.close(inspection)

    def _keep(self, case: Case) -> None:
        if self._config.evidence.of != "all" and not case.was_stopped:
            return
        parts = bundle.parts(case, self._config, self._open)
        about, key = bundle.about(case, self._config), self._key()
        self._shelf.put(
            name_of(about.inspection, case.at),
            size_of(parts),
            lambda file: evidence.write(file, about, parts, key),
            self._clock.now(),
        )
        log.info("evidence.kept", inspection=about.inspection, parts=len(parts))

    def _key(self) -> Ed25519PrivateKey:
        try:
            return load_private_key(self._config.data / KEY)
        except (OSError, ValueError) as error:
            raise NotKept(f"the unit's key cannot be used: {error}") from error


def kept_beside(
    lane: Lane, config: ScannerConfig, spool: BlobSpool, clock: Clock, post: Post
) -> EvidenceKeeper | None:
    """Return the keeper that starts and stops with ``lane``, None where it keeps nothing."""
    if config.evidence.of == "none":
        return None
    keeper = EvidenceKeeper(config, lane.outbox, spool, clock, post)
    lane.beside(keeper)
    return keeper


def _read(body: bytes) -> tuple[str, str | None]:
    """Return an event's type, and the inspection that it is of."""
    event = json.loads(body)
    found = event["data"].get("inspection")
    return str(event["type"]), None if found is None else str(found)
