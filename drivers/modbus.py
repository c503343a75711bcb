"""Modbus, host side: pymodbus over any of our links.

1. pymodbus builds and parses the frames (RTU, on a serial line or over TCP); the bytes travel
   over a `Link`, so a pseudo-terminal without modem lines, a TCP socket, an in-process cable and
   a recording all serve.
2. Before a question everything still unread is thrown away: it answers an older question.
3. Noise before a frame is skipped. No frame in time is NoAnswer; bytes but no frame is Garbled;
   both only after the given tries.
4. An exception response is Refused and is never retried. A lost link is LinkLost.
5. Writes may be sent twice when an answer is lost: a register map must make that harmless.

Source: MODBUS Application Protocol 1.1b3; MODBUS over Serial Line 1.02.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

from pymodbus import FramerType
from pymodbus.client.base import ModbusBaseSyncClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)
from pymodbus.transport import CommParams, CommType

from drivers.errors import Garbled, NoAnswer, Refused
from drivers.link import Link, drain
from drivers.patience import Clock, Patience

T = TypeVar("T", bool, int)

# Every failure is raised from here by name; pymodbus would log each a second time as an error.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class ExceptionCode(IntEnum):
    """Why a device refuses (section 7 of the application protocol)."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_DATA_ADDRESS = 2
    ILLEGAL_DATA_VALUE = 3
    SERVER_DEVICE_FAILURE = 4
    ACKNOWLEDGE = 5
    SERVER_DEVICE_BUSY = 6
    NEGATIVE_ACKNOWLEDGE = 7
    MEMORY_PARITY_ERROR = 8
    GATEWAY_PATH_UNAVAILABLE = 10
    GATEWAY_TARGET_SILENT = 11


class ModbusRefused(Refused):
    """An exception response; ``code`` is the exception code as sent."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class ModbusMaster:
    """One device (``unit`` 1–247) on a link. Blocking: one thread owns one master.

    Every verb raises NoAnswer, Garbled, ModbusRefused or LinkLost, naming device and question.
    """

    def __init__(
        self,
        link: Link,
        unit: int = 1,
        patience: Patience = Patience(answer_within=0.3),  # noqa: B008 frozen
        *,
        name: str = "modbus device",
        clock: Clock = time.monotonic,
    ) -> None:
        self._client = _OverLink(link, patience, clock)
        self._unit, self._name, self._tries = unit, name, patience.tries

    def coils(self, address: int, count: int) -> tuple[bool, ...]:
        """Read ``count`` coils (function 01)."""
        return self._bits(ReadCoilsRequest(address=address, count=count))

    def discrete_inputs(self, address: int, count: int) -> tuple[bool, ...]:
        """Read ``count`` discrete inputs (function 02)."""
        return self._bits(ReadDiscreteInputsRequest(address=address, count=count))

    def holding_registers(self, address: int, count: int) -> tuple[int, ...]:
        """Read ``count`` holding registers, 16 bit unsigned (function 03)."""
        return self._registers(ReadHoldingRegistersRequest(address=address, count=count))

    def input_registers(self, address: int, count: int) -> tuple[int, ...]:
        """Read ``count`` input registers, 16 bit unsigned (function 04)."""
        return self._registers(ReadInputRegistersRequest(address=address, count=count))

    def write_coil(self, address: int, on: bool) -> None:
        """Set one coil (function 05)."""
        self._ask(WriteSingleCoilRequest(address=address, bits=[on]))

    def write_register(self, address: int, value: int) -> None:
        """Set one holding register (function 06)."""
        self._ask(WriteSingleRegisterRequest(address=address, registers=[value]))

    def write_registers(self, address: int, values: Sequence[int]) -> None:
        """Set neighbouring holding registers at once (function 16)."""
        self._ask(WriteMultipleRegistersRequest(address=address, registers=list(values)))

    def close(self) -> None:
        """Let go of the link."""
        self._client.link.close()

    def _bits(self, request: ModbusPDU) -> tuple[bool, ...]:
        bits = tuple(self._ask(request).bits[: request.count])
        return self._complete(request, bits)

    def _registers(self, request: ModbusPDU) -> tuple[int, ...]:
        return self._complete(request, tuple(self._ask(request).registers))

    def _complete(self, request: ModbusPDU, values: tuple[T, ...]) -> tuple[T, ...]:
        if len(values) != request.count:
            raise Garbled(f"{self._question(request)}: answered with {len(values)} values")
        return values

    def _ask(self, request: ModbusPDU) -> ModbusPDU:
        request.dev_id = self._unit
        try:
            answer = self._client.execute(False, request)
        except ModbusException as error:
            raise self._unanswered(request) from error
        if answer.function_code & 0x7F != request.function_code:
            raise Garbled(f"{self._question(request)}: answered function {answer.function_code}")
        if answer.isError():
            code = answer.exception_code
            raise ModbusRefused(f"{self._question(request)}: {_named(code)}", code)
        return answer

    def _unanswered(self, request: ModbusPDU) -> NoAnswer:
        if heard := self._client.heard:
            return Garbled(
                f"{self._question(request)}: {heard} bytes but no frame; check the line settings"
            )
        return NoAnswer(f"{self._question(request)}: silent after {self._tries} tries")

    def _question(self, request: ModbusPDU) -> str:
        what = type(request).__name__.removesuffix("Request")
        return f"{self._name}, unit {self._unit}, {what} {request.count} at {request.address}"


def _named(code: int) -> str:
    known = code in ExceptionCode._value2member_map_
    return f"exception {code} {ExceptionCode(code).name if known else '(unknown)'}"


class _HuntingFramer(FramerRTU):
    """pymodbus' framer gives up a whole buffer for one wrong byte; this one looks further."""

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        for start in range(len(data) - self.MIN_SIZE + 1):
            try:
                used, unit, tid, pdu = super().decode(data[start:])
            except (ModbusException, IndexError):  # noise that looked like a rare function
                continue
            if pdu:
                return start + used, unit, tid, pdu
        return 0, 0, 0, self.EMPTY


class _OverLink(ModbusBaseSyncClient):
    """pymodbus' client with our link in place of its port."""

    def __init__(self, link: Link, patience: Patience, clock: Clock) -> None:
        self.link = link
        self.heard = 0  # bytes since the last question
        self._clock = clock
        params = CommParams(
            comm_type=CommType.SERIAL, comm_name="link", timeout_connect=patience.answer_within
        )
        super().__init__(FramerType.RTU, patience.tries - 1, params, None, None, None)
        self.framer = self.transaction.framer = _HuntingFramer(DecodePDU(False))

    def connect(self) -> bool:
        """Agree: a link is open from birth, and says so itself when it no longer is."""
        return True

    def send(self, request: bytes, addr: tuple[str, int] | None = None) -> int:
        """Drop what is stale, then send."""
        del addr
        drain(self.link)
        self.heard = 0
        self.link.write(request)
        return len(request)

    def recv(self, size: int | None) -> bytes:
        """Return the next bytes, or nothing when the time for an answer is over."""
        del size
        deadline = self._clock() + self.comm_params.timeout_connect
        while (left := deadline - self._clock()) > 0:
            if data := self.link.read(left):
                self.heard += len(data)
                return data
        return b""
