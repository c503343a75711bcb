"""A Modbus RTU server for simulated controllers, written apart from the driver's library.

1. A request is taken only if unit, function, length and CRC fit; everything else is skipped one
   byte at a time, in silence, as the standard asks.
2. The controller hands in what its registers are and what may be written; a `Denied` becomes an
   exception response. Reads and writes outside the map are exception 2, bad counts exception 3.
3. Functions: 03, 04, 06, 16. CRC-16: polynomial 0xA001, preset 0xFFFF, low byte first.

Source: MODBUS Application Protocol 1.1b3, sections 6 and 7; MODBUS over Serial Line 1.02, 6.2.2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Protocol

READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY = 0x03, 0x04, 0x06, 0x10
ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE, DEVICE_BUSY = 2, 3, 4, 6


class Denied(Exception):
    """The controller will not do this; ``code`` is the exception code it answers with."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Registers(Protocol):
    """What a controller offers to its host."""

    def inputs(self) -> list[int]:
        """Return the input registers from address 0."""

    def holdings(self) -> list[int]:
        """Return the holding registers from address 0."""

    def write(self, address: int, value: int) -> None:
        """Take one holding register, or raise Denied."""


class RtuServer:
    """Cuts requests out of a byte stream and answers them for one unit."""

    def __init__(self, registers: Registers, unit: int = 1) -> None:
        self._registers, self._unit = registers, unit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the answer to every request completed by ``data``."""
        self._buffer += data
        while (size := self._next_size()) is not None:
            raw = bytes(self._buffer[:size])
            if crc(raw[:-2]) != raw[-2:]:
                del self._buffer[0]
                continue
            del self._buffer[:size]
            body = bytes([self._unit]) + self._answer(raw[1:-2])
            yield body + crc(body)

    def _next_size(self) -> int | None:
        """Return the size of the request at the front once it is all there."""
        while len(self._buffer) >= 2:
            size = _size(self._buffer)
            if self._buffer[0] == self._unit and size:
                return size if len(self._buffer) >= size else None
            del self._buffer[0]
        return None

    def _answer(self, pdu: bytes) -> bytes:
        try:
            return pdu[:1] + self._do(pdu[0], pdu[1:])
        except Denied as denied:
            return bytes([pdu[0] | 0x80, denied.code])

    def _do(self, function: int, data: bytes) -> bytes:
        address, second = struct.unpack_from(">HH", data)
        if function in (READ_HOLDING, READ_INPUT):
            return self._read(function, address, second)
        values = (second,) if function == WRITE_ONE else _values(second, data[4:])
        if address + len(values) > len(self._registers.holdings()):
            raise Denied(ILLEGAL_ADDRESS)
        for offset, value in enumerate(values):
            self._registers.write(address + offset, value)
        return data[:4]

    def _read(self, function: int, address: int, count: int) -> bytes:
        if not 1 <= count <= 125:
            raise Denied(ILLEGAL_VALUE)
        source = self._registers
        table = source.holdings() if function == READ_HOLDING else source.inputs()
        if address + count > len(table):
            raise Denied(ILLEGAL_ADDRESS)
        return struct.pack(f">B{count}H", count * 2, *table[address : address + count])


def _size(buffer: bytearray) -> int | None:
    """Return how long the request at the front is, once enough of it is there; 0 for no request."""
    if buffer[1] in (READ_HOLDING, READ_INPUT, WRITE_ONE):
        return 8
    if buffer[1] != WRITE_MANY:
        return 0
    return 9 + buffer[6] if len(buffer) > 6 else 9


def _values(count: int, data: bytes) -> tuple[int, ...]:
    if not 1 <= count <= 123 or data[0] != 2 * count or len(data) != 1 + data[0]:
        raise Denied(ILLEGAL_VALUE)
    return struct.unpack(f">{count}H", data[1:])


def crc(data: bytes) -> bytes:
    """Return the CRC-16 of ``data`` as it travels: low byte first."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")
