"""What a lane says on one connection, from its first presence to its goodbye.

1. Presence is sealed and retained; the last will is the same, offline, with the same session. A
   late will of an older session that overwrites it at the broker is seen, and put right.
2. The challenge is published at once, when it rotates, and when the lane's state version changes;
   retained, so that a central that comes later has it at once.
3. Events go as the protocol says, no more than the broker has taken so far.
4. A broker that takes nothing for 30 s is lost, whatever TCP says.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.connection import BrokerLost, Connection, Inbound, Will
from contract.command import Challenge
from contract.envelope import canonical
from contract.names import Address, Message
from contract.presence import Kind, Presence
from contract.signing import Purpose, seal
from contract.topics import Acknowledgements, Challenges, Commands, Presences, Stream, parse
from edge.runtime.clock import Clock
from edge.uplink.alarms import RateBound
from edge.uplink.commands import CommandGate
from edge.uplink.errors import OutboxError
from edge.uplink.protocol import AckRefused, Sender
from edge.uplink.settings import UplinkSettings
from edge.uplink.wake import Wake

_OUTSTANDING: Final = 64  # publications without PUBACK; beyond it, wait for the broker
_STALLED: Final = 30.0  # s
_TICK: Final = 1.0  # s at most between two looks at the challenge and the disk
_LEAST: Final = 0.02  # s between two looks when something is overdue
_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who speaks."""

    address: Address
    key: Ed25519PrivateKey
    kind: Kind
    software: str


class Conversation:
    """Made for one connection, used once."""

    def __init__(
        self,
        settings: UplinkSettings,
        identity: Identity,
        sender: Sender,
        gate: CommandGate,
        clock: Clock,
        wake: Wake,
        commands: asyncio.Queue[Inbound],
    ) -> None:
        self._me = identity
        self._sender = sender
        self._gate = gate
        self._clock = clock
        self._wake = wake
        self._commands = commands
        self._session, self._since = uuid.uuid4().hex, clock.now()
        self._unit = identity.address.unit
        self._topic = str(Presences(unit=self._unit))
        self._online, self._offline = self._presence(online=True), self._presence(online=False)
        self._spoilt, self._shown_at = True, float("-inf")
        self._challenged: Challenge | None = None
        self._settled_at, self._settled = clock.monotonic(), 0
        self._complaints = RateBound(clock.monotonic())
        will = Will(self._topic, self._offline)
        self._connection = Connection(
            settings, self._unit, self._received, will=will, on_progress=wake.ring
        )

    @property
    def alive(self) -> bool:
        """Whether the connection is open."""
        return self._connection.alive

    async def open(self) -> None:
        """Connect and present ourselves, or raise BrokerLost."""
        commands, acks = str(Commands(unit=self._unit)), Acknowledgements.every(self._unit)
        await self._connection.open([acks, commands, self._topic])
        self._sender.connected()
        self._settled_at = self._clock.monotonic()

    async def hold(self) -> None:
        """Talk until the connection ends; raise BrokerLost then."""
        while self._connection.alive:
            now = self._clock.monotonic()
            self._show_presence(now)
            self._show_challenge()
            self._tend(now)
            self._check_the_broker(now)
            await self._wake.wait(self._patience(now))
        raise BrokerLost(f"the connection ended: {self._connection.reason}")

    async def close(self) -> None:
        """Say goodbye where somebody listens. Safe to call twice."""
        self._sender.disconnected()
        self._connection.publish(self._topic, self._offline, retain=True)
        await self._connection.close()

    def _show_presence(self, now: float) -> None:
        if self._spoilt and now - self._shown_at >= _TICK:
            self._spoilt, self._shown_at = False, now
            self._connection.publish(self._topic, self._online, retain=True)

    def _show_challenge(self) -> None:
        challenge = self._gate.challenge()
        if challenge != self._challenged:
            self._challenged = challenge
            topic = str(Challenges(unit=self._unit))
            self._connection.publish(topic, self._sealed(Purpose.CHALLENGE, challenge), retain=True)

    def _tend(self, now: float) -> None:
        try:
            self._gate.tick()
            if not self._throttled:
                for publication in self._sender.poll(now):
                    self._connection.publish(publication.topic, publication.payload)
        except OutboxError as error:
            self._complain(str(error))

    @property
    def _throttled(self) -> bool:
        return self._connection.outstanding >= _OUTSTANDING

    def _patience(self, now: float) -> float:
        due = self._sender.due()
        if due is None or self._throttled:
            return _TICK
        return min(_TICK, max(_LEAST, due - now))

    def _check_the_broker(self, now: float) -> None:
        if not self._connection.outstanding or self._connection.settled != self._settled:
            self._settled_at, self._settled = now, self._connection.settled
        elif now - self._settled_at > _STALLED:
            raise BrokerLost(f"no PUBACK for {_STALLED:.0f} s")

    # What comes in

    def _received(self, inbound: Inbound) -> None:
        try:
            topic = parse(inbound.topic)
        except ValueError as error:
            self._complain(str(error))
            return
        match topic:
            case Acknowledgements():
                self._acknowledged(topic.stream, inbound.payload)
            case Commands():
                self._command(inbound)
            case Presences():
                self._overwritten(inbound.payload)

    def _acknowledged(self, stream: Stream, payload: bytes) -> None:
        try:
            self._sender.on_ack(stream, payload, self._clock.monotonic())
        except (AckRefused, OutboxError) as error:
            self._complain(str(error))
        self._wake.ring()

    def _command(self, inbound: Inbound) -> None:
        try:
            self._commands.put_nowait(inbound)
        except asyncio.QueueFull:
            self._complain("a command was dropped: too many wait")

    def _overwritten(self, payload: bytes) -> None:
        if payload != self._online:
            self._spoilt = True
            self._wake.ring()

    # Words

    def _presence(self, *, online: bool) -> bytes:
        presence = Presence(
            address=self._me.address,
            kind=self._me.kind,
            session=self._session,
            online=online,
            since=self._since,
            software=self._me.software,
        )
        return self._sealed(Purpose.PRESENCE, presence)

    def _sealed(self, purpose: Purpose, message: Message) -> bytes:
        return seal(purpose, canonical(message.model_dump(mode="json")), self._me.key)

    def _complain(self, reason: str) -> None:
        now = self._clock.monotonic()
        if self._complaints.allows(now):
            _LOG.warning("uplink", reason=reason, held_back=self._complaints.told(now))
