"""One connection of central to the broker, from CONNECT to its end. It never reconnects by itself.

1. paho's own thread talks and posts into the loop; every callback here runs in the loop.
2. Acknowledgement is manual: the broker learns that a message is settled when ``settle`` is called,
   after the commit. Until then it holds a receive slot, which is what bounds the queue in here; so
   every message must be settled, whatever became of it.
3. A connection starts clean: what it did not settle comes again from the lanes, not the broker.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, cast

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.ingest.errors import BrokerLost, NotSent

_PROTOCOLS: Final = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_OPEN_WITHIN: Final = 10.0  # s for CONNACK and SUBACK
_TAKEN_WITHIN: Final = 5.0  # s for the PUBACK of a command
_GOODBYE: Final = 2.0  # s
_KEEPALIVE: Final = 20  # s
_RECEIVE_MAXIMUM: Final = 64  # messages not settled; with 3.1.1 the broker's own limit holds


class Broker(Protocol):
    """Where the broker is, and who we are to it."""

    @property
    def host(self) -> str:
        """Its host."""

    @property
    def port(self) -> int:
        """Its port."""

    @property
    def tls(self) -> bool:
        """Whether it is reached by TLS."""

    @property
    def ca_file(self) -> Path | None:
        """Whom to believe."""

    @property
    def protocol(self) -> Literal["5", "3.1.1"]:
        """What it speaks."""

    @property
    def username(self) -> str | None:
        """Who we are."""

    def password(self) -> str | None:
        """Return how we prove it."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message that waits to be settled."""

    topic: str
    payload: bytes
    settle: Callable[[], None]


class Connection:
    """A life with the broker. ``on_message`` is called in the loop."""

    def __init__(
        self, broker: Broker, client_id: str, on_message: Callable[[Inbound], None]
    ) -> None:
        self._broker = broker
        self._where = f"broker {broker.host}:{broker.port}"
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._filters: list[tuple[str, int]] = []
        self._open: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._reason = "closed"
        self._taken: dict[int, asyncio.Future[None]] = {}
        self._client = self._make(client_id)

    @property
    def alive(self) -> bool:
        """Whether the connection is open and has not ended."""
        return self._open.done() and not self._ended.is_set()

    async def open(self, filters: Sequence[str]) -> None:
        """Connect and subscribe at QoS 1, or raise BrokerLost."""
        self._filters = [(name, 1) for name in filters]
        try:
            await asyncio.to_thread(self._connect)
        except (OSError, ValueError) as error:
            raise BrokerLost(f"{self._where} cannot be reached: {error}") from error
        self._client.loop_start()
        try:
            async with asyncio.timeout(_OPEN_WITHIN):
                await asyncio.shield(self._open)
        except TimeoutError as error:
            raise BrokerLost(f"{self._where} did not answer in {_OPEN_WITHIN:.0f} s") from error

    async def ended(self) -> None:
        """Return never: raise BrokerLost once the connection has ended."""
        await self._ended.wait()
        raise BrokerLost(f"{self._where}: {self._reason}")

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 0: what is lost is asked for again."""
        if self.alive:
            self._client.publish(topic, payload, qos=0)

    async def deliver(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1, not retained, and return once the broker has it; or raise NotSent."""
        if not self.alive:
            raise NotSent(f"{self._where} is not connected")
        taken: asyncio.Future[None] = self._loop.create_future()
        info = self._client.publish(topic, payload, qos=1)
        self._taken[info.mid] = taken
        try:
            if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise NotSent(f"{self._where}: {info.rc.name}")
            async with asyncio.timeout(_TAKEN_WITHIN):
                await taken
        except TimeoutError as error:
            raise NotSent(f"{self._where} did not take it in {_TAKEN_WITHIN:.0f} s") from error
        finally:
            self._taken.pop(info.mid, None)

    async def close(self) -> None:
        """Say goodbye, or cut the line where that takes too long. Safe to call twice."""
        self._client.disconnect()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE if self._open.done() else 0.1):
                await self._ended.wait()
        if line := self._client.socket():
            with contextlib.suppress(OSError):
                cast(socket.socket, line).shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(self._client.loop_stop)
        if not self._open.cancel() and not self._open.cancelled():
            self._open.exception()  # looked at, so that asyncio does not complain of it

    def _make(self, client_id: str) -> Client:
        broker = self._broker
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if broker.protocol == "5" else True,
            protocol=_PROTOCOLS[broker.protocol],
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password())
        if broker.tls:
            client.tls_set(ca_certs=None if broker.ca_file is None else str(broker.ca_file))
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._published
        client.on_disconnect = self._disconnected
        return client

    def _connect(self) -> None:
        properties = None
        if self._broker.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        self._client.connect(
            self._broker.host, self._broker.port, _KEEPALIVE, properties=properties
        )

    # In paho's thread: post, and nothing else

    def _connected(
        self, client: Client, _data: object, _flags: object, code: ReasonCode, _more: object
    ) -> None:
        if code.is_failure:
            self._post(self._fail, f"refused the connection: {code}")
        else:
            client.subscribe(self._filters)

    def _subscribed(
        self, _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _more: object
    ) -> None:
        if refused := [str(code) for code in codes if code.is_failure]:
            self._post(self._fail, f"refused a subscription: {refused[0]}")
        else:
            self._post(self._opened)

    def _received(self, client: Client, _data: object, message: MQTTMessage) -> None:
        mid, qos = message.mid, message.qos
        inbound = Inbound(message.topic, bytes(message.payload), lambda: _settle(client, mid, qos))
        self._post(self._on_message, inbound)

    def _published(self, _client: Client, _data: object, mid: int, *_: object) -> None:
        self._post(self._was_taken, mid)

    def _disconnected(
        self, _client: Client, _data: object, _flags: object, code: ReasonCode, _more: object
    ) -> None:
        self._post(self._end, str(code))

    def _post(self, call: Callable[..., None], *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to tell
            self._loop.call_soon_threadsafe(call, *values)

    # In the loop

    def _opened(self) -> None:
        if not self._open.done():
            self._open.set_result(None)

    def _fail(self, reason: str) -> None:
        if not self._open.done():
            self._open.set_exception(BrokerLost(f"{self._where} {reason}"))

    def _was_taken(self, mid: int) -> None:
        taken = self._taken.get(mid)
        if taken is not None and not taken.done():
            taken.set_result(None)

    def _end(self, reason: str) -> None:
        self._reason = reason
        self._fail(f"closed the connection: {reason}")
        self._ended.set()
        for taken in self._taken.values():
            if not taken.done():
                taken.set_exception(NotSent(f"{self._where} was lost: {reason}"))


def _settle(client: Client, mid: int, qos: int) -> None:
    if qos == 1:
        client.ack(mid, qos)
