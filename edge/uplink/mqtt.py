"""One connection to the broker, from CONNECT to its end. It never reconnects by itself.

1. paho's own thread does the talking and posts into the agent's loop; every callback here runs in
   the loop.
2. A connection starts clean and ends whole: no session, queue or message outlives it. What was on
   its way is the protocol's to send again, not the broker's to remember.
3. It is open once the broker has granted every subscription. SUBACK may lie; delivery is proved by
   acknowledgements from central, not here.
4. ``outstanding`` counts publications without a PUBACK and ``settled`` those with one, so that a
   slow broker is not flooded and a dead one is noticed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, cast

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.uplink.errors import BrokerLost
from edge.uplink.settings import UplinkSettings

_PROTOCOLS: Final = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
_OPEN_WITHIN: Final = 10.0  # s for CONNACK and SUBACK
_GOODBYE: Final = 2.0  # s for the last messages and DISCONNECT


class Inbound(NamedTuple):
    """One message from the broker."""

    topic: str
    payload: bytes
    retained: bool


class Will(NamedTuple):
    """What the broker publishes, retained, when we are gone."""

    topic: str
    payload: bytes


class Connection:
    """A life with the broker. ``on_message`` and ``on_progress`` are called in the loop."""

    def __init__(
        self,
        settings: UplinkSettings,
        client_id: str,
        will: Will,
        on_message: Callable[[Inbound], None],
        on_progress: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._on_message = on_message
        self._on_progress = on_progress
        self._loop = asyncio.get_running_loop()
        self._open: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._reason = "closed"
        self._filters: list[tuple[str, int]] = []
        self.outstanding = 0
        self.settled = 0
        self._client = self._make(client_id, will)

    @property
    def alive(self) -> bool:
        """Whether the connection is open and has not ended."""
        return self._open.done() and not self._ended.is_set()

    @property
    def reason(self) -> str:
        """Why it ended."""
        return self._reason

    async def open(self, filters: Sequence[str]) -> None:
        """Connect and subscribe at QoS 1, or raise BrokerLost."""
        settings = self._settings
        where = f"broker {settings.broker}"
        self._filters = [(name, 1) for name in filters]
        try:
            await asyncio.to_thread(
                self._client.connect, settings.host, settings.port, settings.keepalive
            )
        except (OSError, ValueError) as error:
            raise BrokerLost(f"{where} cannot be reached: {error}") from error
        self._client.loop_start()
        try:
            async with asyncio.timeout(_OPEN_WITHIN):
                await asyncio.shield(self._open)
        except TimeoutError as error:
            raise BrokerLost(f"{where} did not answer within {_OPEN_WITHIN:.0f} s") from error

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish at QoS 1. A connection that has ended takes it and forgets it."""
        if self.alive:
            self.outstanding += 1
            self._client.publish(topic, payload, qos=1, retain=retain)

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

    def _make(self, client_id: str, will: Will) -> Client:
        settings = self._settings
        protocol = _PROTOCOLS[settings.protocol]
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            # A clean start, which paho spells differently for each protocol.
            clean_session=None if settings.protocol == "5" else True,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password())
        if settings.tls:
            client.tls_set(
                ca_certs=_text(settings.ca_file),
                certfile=_text(settings.certificate),
                keyfile=_text(settings.certificate_key),
            )
        client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        client.on_publish = self._published
        client.on_disconnect = self._disconnected
        return client

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

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        inbound = Inbound(message.topic, bytes(message.payload), message.retain)
        self._post(self._on_message, inbound)

    def _published(self, *_: object) -> None:
        self._post(self._settled)

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
            self._open.set_exception(BrokerLost(f"broker {self._settings.broker} {reason}"))

    def _settled(self) -> None:
        self.outstanding -= 1
        self.settled += 1
        self._on_progress()

    def _end(self, reason: str) -> None:
        self._reason = reason
        self._fail(f"closed the connection: {reason}")
        self._ended.set()
        self._on_progress()


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
