"""What every part of the running service shares, in one place and without a port."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.accounts.passwords import Passwords
from central.api.hub import Hub
from central.api.metrics import Metrics
from central.api.notices import Notices
from central.audit.anchor import Anchors
from central.blobs.erasures import Erasures
from central.blobs.folder import Folder
from central.blobs.upload import Uploads
from central.config import Config
from central.fleet.keys import Keys
from central.review.similar import SimilarCargo
from central.store.database import Database
from contract.command import Command

SendCommand = Callable[[Command], Awaitable[None]]
"""Publishes a command; returns when the broker has it, raises when it cannot be had."""


async def nobody(command: Command) -> None:
    """Refuse to send: there is no link to the lanes."""
    raise ConnectionError(f"no link to the broker, so {command.verb} was not sent")


@dataclass(eq=False)
class Core:
    """The service without its doors."""

    config: Config
    database: Database
    signing_key: Ed25519PrivateKey
    keys: Keys
    folder: Folder
    uploads: Uploads
    erasures: Erasures
    similar: SimilarCargo
    anchors: Anchors
    hub: Hub
    notices: Notices
    passwords: Passwords
    metrics: Metrics
    now: Callable[[], datetime]
    decoders: asyncio.Semaphore
    metrics_token: str | None = None
    send_command: SendCommand = nobody


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def build(
    config: Config,
    key: Ed25519PrivateKey,
    passwords: Passwords | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Core:
    """Return the parts of a service set up by ``config``. Nothing runs yet."""
    database = Database(config.database_url)
    folder = Folder(config.data / "blobs")
    uploads = Uploads(folder, database, config.blobs.largest, now)
    hub = Hub()
    return Core(
        config=config,
        database=database,
        signing_key=key,
        keys=Keys(database),
        folder=folder,
        uploads=uploads,
        erasures=Erasures(uploads),
        similar=SimilarCargo(config.data / "similar", database),
        anchors=Anchors(config.data / "audit.anchors", key),
        hub=hub,
        notices=Notices(database, hub, now),
        passwords=passwords or Passwords(),
        metrics=Metrics(),
        now=now,
        decoders=asyncio.Semaphore(2),  # a 2.5 Mpx image takes 20 ms and 10 MB each
        metrics_token=config.metrics_token(),
    )
