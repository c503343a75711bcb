"""From a configuration to a lane: which unit, which models, which services beside it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import structlog

from contract.signing import only
from edge.config import EGateConfig, ScannerConfig
from edge.display.screens import language
from edge.display.server import Display, DisplayServer
from edge.documents import snapshot, trust
from edge.documents.chip.binding import bound, optional, tolerated
from edge.documents.chip.reader import Reading
from edge.documents.mrz import Mrz
from edge.documents.passive_authentication import authenticate
from edge.documents.result import Check
from edge.documents.seals import checks as seals
from edge.egate.codes import CheckSeal
from edge.egate.recognition import WANTED, cards_of, open_recognition
from edge.egate.standing import Standing
from edge.egate.unit import EGateUnit
from edge.runtime.clock import Clock
from edge.runtime.worker import Post
from edge.scanner.config import thresholds_of
from edge.scanner.examining import examinations
from edge.scanner.projecting import threats
from edge.scanner.unit import ScannerUnit
from edge.uplink.blobs import BlobSpool
from edge.uplink.lists import ListKeeper
from edge.uplink.outbox import Outbox
from models.catalogue import card, require_grade
from models.xray.segmenter import CLOSE_UP
from models.xray.segmenter import NAME as XRAY_MODEL
from settings.addresses import split
from settings.files import ConfigError

log = structlog.get_logger()

_HASH = 16  # digits: no two files of ours will ever agree in them


@dataclass
class BuiltLane:
    """A unit, what runs beside it in the loop, and who is told when its state changes."""

    unit: EGateUnit | ScannerUnit
    services: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    listeners: list[Callable[[int], None]] = field(default_factory=list)

    def on_change(self, listener: Callable[[int], None]) -> None:
        """Call ``listener`` with the state's version whenever it changes."""
        self.listeners.append(listener)


def models_of(config: EGateConfig | ScannerConfig) -> dict[str, str]:
    """Return role → model of a lane, each allowed for its hardware, or raise CatalogueError.

    A model is told by name, version and the start of its file's hash.
    """
    if isinstance(config, EGateConfig):
        used = cards_of(config)
    else:
        used = [card(XRAY_MODEL), card(CLOSE_UP)]
        for entry in used:
            require_grade(entry, real_hardware=config.hardware == "real")
    return {entry.role: f"{entry.name}@{entry.version} {entry.sha256[:_HASH]}" for entry in used}


def build(
    config: EGateConfig | ScannerConfig,
    outbox: Outbox,
    spool: BlobSpool,
    lists: ListKeeper,
    clock: Clock,
    post: Post,
) -> BuiltLane:
    """Return the lane that ``config`` describes, nothing started."""
    models = models_of(config)
    listeners: list[Callable[[int], None]] = []

    def changed(version: int) -> None:
        for listener in listeners:
            listener(version)

    if isinstance(config, ScannerConfig):
        known = card(XRAY_MODEL)
        scanner = ScannerUnit(config, outbox, spool, clock, post, known, models, changed)
        return BuiltLane(scanner, [], listeners)
    display = display_of(config)
    store = trust_of(config)
    for problem in store.problems:
        log.warning("trust.problem", problem=problem)
    gate = EGateUnit(
        config,
        outbox,
        spool,
        clock,
        post,
        display,
        authenticator(store, clock),
        seal_checker(store, clock),
        Standing(lists, lambda: outbox.heard_central, clock),
        open_recognition(config),
        models,
        changed,
    )
    server = DisplayServer(display, *split(config.display.listen))
    return BuiltLane(gate, [server.run()], listeners)


def display_of(config: EGateConfig) -> Display:
    """Return the traveller's screen as the lane's file describes it."""
    how = config.display
    return Display(
        how.languages,
        folder=how.texts,
        families=how.families,
        sound=how.sound,
        camera_moves=config.devices.face_camera_low is not None,
        silent=how.silent,
    )


def trust_of(config: EGateConfig) -> trust.TrustStore:
    """Return whom the lane believes: the newest sealed snapshot, or the paths it was given.

    Raises ConfigError where a snapshot is wanted and there is none to be believed.
    """
    cache = config.documents.snapshots
    if cache is None:
        return trust.load(config.documents.trust)
    try:
        found = snapshot.current(cache, only(config.central.public_key))
    except snapshot.SnapshotError as error:
        raise ConfigError(f"documents.snapshots: {error}") from error
    if found is None:
        raise ConfigError(
            f"documents.snapshots: none in {cache}; put one there with "
            f"`border-edge document trust import`"
        )
    return found.store()


def authenticator(
    store: trust.TrustStore, clock: Clock
) -> Callable[[Reading], Mapping[str, Check]]:
    """Return what proves a chip's data, and the chip, against ``store`` at the time of asking."""

    def proofs(reading: Reading) -> dict[str, Check]:
        now = clock.now().astimezone(UTC)
        outcome = authenticate(reading.files, store, now)
        chip = tolerated(bound(reading, outcome, store, now), reading)
        free = optional(chip)
        found = {f"authenticity.{name}": check for name, check in outcome.checks.items()}
        return found | {f"chip.{name}": c for name, c in chip.items() if name not in free}

    return proofs


def seal_checker(store: trust.TrustStore, clock: Clock) -> CheckSeal:
    """Return what proves a digital seal against ``store`` at the time of asking."""

    def answers(content: bytes, printed: Mrz | None) -> Mapping[str, Check]:
        return seals.check(content, store, clock.now().astimezone(UTC), printed).checks

    return answers


def check(config: EGateConfig | ScannerConfig) -> list[str]:
    """Return remarks on a lane that can be run; raise CatalogueError or ConfigError if not."""
    if isinstance(config, ScannerConfig):
        # What the lane would build, and each may refuse; nothing of it is kept.
        thresholds_of(config)
        examinations(config.examinations, config.hardware == "real")
        threats(config)
    models = models_of(config)
    remarks = [f"model {role}: {model}" for role, model in models.items()]
    if isinstance(config, EGateConfig):
        without = [role for role in WANTED if role not in models]
        remarks += [f"model {role}: none; what needs it is not supported" for role in without]
        store = trust_of(config)
        remarks += [f"documents.trust: {problem}" for problem in store.problems]
        remarks.append(f"documents.trust: {len(store)} certificates are believed")
        for code in config.display.languages:
            language(code, config.display.texts)
    return remarks
