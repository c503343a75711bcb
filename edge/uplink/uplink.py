"""The lane's line to central: it comes and goes, and the lane never waits for it.

1. Whatever the lane records is sent when there is a connection; nothing here is asked before it is
   on disk, and nothing is forgotten before central's acknowledgement.
2. Every connection is new: a new session in the presence and in its last will, a new start of the
   protocol. A lost one is made again after 0.5 → 8 s with jitter.
3. Commands wait in a bounded queue and are obeyed one at a time; pictures go beside, by HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from broker.connection import BrokerLost, Inbound
from contract.presence import Kind
from edge.runtime.backoff import Backoff
from edge.runtime.clock import Clock
from edge.uplink.blobs import BlobSpool
from edge.uplink.commands import CommandGate, Execute, obey
from edge.uplink.conversation import Conversation, Identity
from edge.uplink.errors import OutboxError
from edge.uplink.lists import ListKeeper, keep_asking
from edge.uplink.outbox import Outbox
from edge.uplink.protocol import Sender
from edge.uplink.settings import UplinkSettings
from edge.uplink.upload import Uploader
from edge.uplink.wake import Wake

_COMMANDS: Final = 16  # that may wait
_LOG = structlog.get_logger()


class Uplink:
    """Everything between one lane and central. ``run`` it in the agent's loop."""

    def __init__(
        self,
        settings: UplinkSettings,
        outbox: Outbox,
        spool: BlobSpool,
        key: Ed25519PrivateKey,
        central_key: Ed25519PublicKey,
        kind: Kind,
        execute: Execute,
        clock: Clock,
        *,
        lists: ListKeeper | None = None,
        software: str = "",
    ) -> None:
        self._settings = settings
        self._outbox = outbox
        self._spool = spool
        self._lists = lists
        self._identity = Identity(outbox.address, key, kind, software)
        self._execute = execute
        self._clock = clock
        self._gate = CommandGate(outbox, central_key, clock)
        self._sender = Sender(outbox.address, outbox, key, central_key)
        self._conversation: Conversation | None = None
        self._ring: Callable[[], None] = lambda: None

    @property
    def connected(self) -> bool:
        """Whether the broker is there. Central may not be."""
        return self._conversation is not None and self._conversation.alive

    def state_changed(self, version: int) -> None:
        """Tell that the lane's state is now ``version``; commands meant for another are refused."""
        self._gate.state_version = version
        self._ring()

    async def run(self) -> None:
        """Serve until cancelled; then say goodbye to the broker."""
        self._gate.recover()
        wake = Wake()
        self._ring = wake.ring
        self._outbox.subscribe(wake.ring)
        commands: asyncio.Queue[Inbound] = asyncio.Queue(_COMMANDS)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_connected(wake, commands))
            tasks.create_task(self._obey(commands))
            if self._settings.blobs is not None:
                tasks.create_task(self._upload(self._settings.blobs))

    async def _stay_connected(self, wake: Wake, commands: asyncio.Queue[Inbound]) -> None:
        backoff = Backoff()
        while True:
            conversation = self._conversation = Conversation(
                self._settings,
                self._identity,
                self._sender,
                self._gate,
                self._clock,
                wake,
                commands,
            )
            try:
                await conversation.open()
                backoff.reset()
                await conversation.hold()
            except BrokerLost as error:
                _LOG.warning("broker lost", reason=str(error))
            finally:
                await conversation.close()
            await asyncio.sleep(backoff.wait())

    async def _obey(self, commands: asyncio.Queue[Inbound]) -> None:
        while True:
            inbound = await commands.get()
            try:
                await obey(self._gate, inbound.payload, self._execute, retained=inbound.retained)
            except OutboxError as error:
                _LOG.error("command not executed", reason=str(error))

    async def _upload(self, origin: str) -> None:
        verify = str(self._settings.ca_file) if self._settings.ca_file is not None else True
        unit, key = self._outbox.address.unit, self._identity.key
        async with (
            httpx.AsyncClient(base_url=origin, verify=verify, timeout=20.0) as client,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(Uploader(self._spool, unit, key, client).run())
            if self._lists is not None:
                tasks.create_task(keep_asking(self._lists, client, unit, key))
