"""One connection to the broker, from CONNECT to its end. It never reconnects by itself.

1. paho's own thread does the talking and posts into the loop; every callback here runs in the loop.
2. A connection starts clean and ends whole: no session, queue or message outlives it. What was on
   its way is the protocol's to send again, not the broker's to remember.
3. It is open once the broker has granted every subscription. SUBACK may lie; delivery is proved by
   acknowledgements of our own, not here.
4. Where messages are ``held``, the broker learns that one is settled when ``settle`` is called.
   Until then it holds a receive slot, which is what bounds whoever queues them; so every message
   must be settled, whatever became of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, cast

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker.settings import BrokerSettings

_PROTOCOLS: Final = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_OPEN_WITHIN: Final = 10.0  # s for CONNACK and SUBACK
_TAKEN_WITHIN: Final = 5.0  # s for the PUBACK of what must be delivered now
_GOODBYE: Final = 2.0  # s for the last messages and DISCONNECT
_RECEIVE_MAXIMUM: Final = 64  # messages held; with 3.1.1 the broker's own limit counts


class BrokerLost(Exception):
    """The connection to the broker could not be made, or ended: connect again."""


class NotSent(Exception):
    """The broker has not taken a message: it was not sent, try again."""


class Will(NamedTuple):
    """What the broker publishes, retained, when we are gone."""

    topic: str
    payload: bytes


class Inbound(NamedTuple):
    """One message from the broker."""

    topic: str
    payload: bytes
    retained: bool
    settle: Callable[[], None]


class Connection:
    """A life with the broker. ``on_message`` and ``on_progress`` are called in the loop."""

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        on_message: Callable[[Inbound], None],
        *,
        will: Will | None = None,
        on_progress: Callable[[], None] = lambda: None,
        held: bool = False,
    ) -> None:
        self._settings = settings
        self._held = held
        self._where = f"broker {settings.address}"
        self._on_message = on_message
        self._on_progress = on_progress
        self._loop = asyncio.get_running_loop()
        self._open: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._filters: list[tuple[str, int]] = []
        self._taken: dict[int, asyncio.Future[None]] = {}
        self.reason = "closed"
        """Why it ended."""
        self.outstanding = 0
        """Publications that were not taken yet: a slow broker must not be flooded."""
        self.settled = 0
        """Those that were: where this stands still, the broker is dead."""
        self._client = self._make(client_id, will)

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
        raise BrokerLost(f"{self._where}: {self.reason}")

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Publish. A connection that has ended takes it and forgets it."""
        if self.alive:
            self.outstanding += 1
            self._client.publish(topic, payload, qos=qos, retain=retain)

    async def deliver(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1, not retained, and return once the broker has it; or raise NotSent."""
        if not self.alive:
            raise NotSent(f"{self._where} is not connected")
        taken: asyncio.Future[None] = self._loop.create_future()
        self.outstanding += 1
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

    def _make(self, client_id: str, will: Will | None) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            # A clean start, which paho spells differently for each protocol.
            clean_session=None if settings.protocol == "5" else True,
            protocol=_PROTOCOLS[settings.protocol],
            reconnect_on_failure=False,
            manual_ack=self._held,
        )
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password())
        if settings.tls:
            client.tls_set(
                ca_certs=_text(settings.ca_file),
                certfile=_text(settings.certificate),
                keyfile=_text(settings.certificate_key),
            )
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._published
        client.on_disconnect = self._disconnected
        return client

    def _connect(self) -> None:
        settings, properties = self._settings, None
        if self._held and settings.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.ReceiveMaximum = _RECEIVE_MAXIMUM
        self._client.connect(
            settings.host, settings.port, settings.keepalive, properties=properties
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

        def settle() -> None:
            if self._held and qos == 1:
                client.ack(mid, qos)

        inbound = Inbound(message.topic, bytes(message.payload), message.retain, settle)
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
        self.outstanding -= 1
        self.settled += 1
        taken = self._taken.get(mid)
        if taken is not None and not taken.done():
            taken.set_result(None)
        self._on_progress()

    def _end(self, reason: str) -> None:
        self.reason = reason
        self._fail(f"closed the connection: {reason}")
        self._ended.set()
        for taken in self._taken.values():
            if not taken.done():
                taken.set_exception(NotSent(f"{self._where} was lost: {reason}"))
        self._on_progress()


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
