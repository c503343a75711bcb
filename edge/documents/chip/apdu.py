"""Commands to a chip and its responses (ISO/IEC 7816-4 §5.1, §5.6).

1. A command is CLA INS P1 P2, then Lc and data if any, then Le if an answer is expected.
2. It takes the short form where it can; extended where data pass 255 bytes or Le passes 256.
3. A response is data and a status word of two bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SHORT_DATA, SHORT_LE = 255, 256
EXTENDED_LE = 65_536

SUCCESS = 0x9000
END_OF_FILE = 0x6282
WRONG_LENGTH = 0x6700
SECURITY_NOT_SATISFIED = 0x6982
SM_OBJECTS_MISSING = 0x6987
SM_OBJECTS_INCORRECT = 0x6988
FILE_NOT_FOUND = 0x6A82
WRONG_PARAMETERS = 0x6A86
WRONG_OFFSET = 0x6B00
WRONG_LE = 0x6C00  # the low byte says which is right
INS_NOT_SUPPORTED = 0x6D00
CLA_NOT_SUPPORTED = 0x6E00
NO_DIAGNOSIS = 0x6F00

_MEANINGS = {
    SUCCESS: "success",
    END_OF_FILE: "end of file reached before Le bytes",
    0x6300: "authentication failed",
    WRONG_LENGTH: "wrong length",
    0x6882: "secure messaging not supported",
    SECURITY_NOT_SATISFIED: "security status not satisfied",
    0x6985: "conditions of use not satisfied",
    0x6986: "no file selected",
    SM_OBJECTS_MISSING: "secure messaging objects missing",
    SM_OBJECTS_INCORRECT: "secure messaging objects incorrect",
    0x6A80: "incorrect data",
    0x6A81: "function not supported",
    FILE_NOT_FOUND: "file not found",
    WRONG_PARAMETERS: "incorrect P1 P2",
    0x6A88: "referenced data not found",
    WRONG_OFFSET: "offset outside the file",
    INS_NOT_SUPPORTED: "instruction not supported",
    CLA_NOT_SUPPORTED: "class not supported",
    NO_DIAGNOSIS: "no precise diagnosis",
}


class ApduError(ValueError):
    """The bytes are no command or response."""


def meaning(status: int) -> str:
    """Return what ISO/IEC 7816-4 says that ``status`` means."""
    if status & 0xFF00 == WRONG_LE:
        return f"wrong Le, {status & 0xFF} is right"
    return _MEANINGS.get(status, "not in ISO/IEC 7816-4")


@dataclass(frozen=True, slots=True)
class Command:
    """A command. ``le`` is the number of bytes expected, None for none."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    le: int | None = None

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes([self.cla, self.ins, self.p1, self.p2])

    def encode(self) -> bytes:
        """Return the command as it travels."""
        if len(self.data) > SHORT_DATA or (self.le or 0) > SHORT_LE:
            return self.header + self._extended()
        body = bytes([len(self.data)]) + self.data if self.data else b""
        return self.header + body + (b"" if self.le is None else bytes([self.le % SHORT_LE]))

    def _extended(self) -> bytes:
        body = b"\0" + len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        if self.le is None:
            return body
        return (body or b"\0") + (self.le % EXTENDED_LE).to_bytes(2, "big")

    @classmethod
    def decode(cls, raw: bytes) -> Command:
        """Read a command; ApduError if the lengths do not add up."""
        if len(raw) < 4:
            raise ApduError(f"a command of {len(raw)} bytes has no header")
        data, le = _body(raw[4:])
        return cls(raw[0], raw[1], raw[2], raw[3], data, le)


def _body(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if body[0] == 0 and len(body) > 1:
        return _parts(body[1:], 2, EXTENDED_LE)
    return _parts(body, 1, SHORT_LE)


def _parts(body: bytes, width: int, most: int) -> tuple[bytes, int | None]:
    """Split ``body`` whose lengths have ``width`` bytes into data and Le."""
    first = int.from_bytes(body[:width], "big")
    if len(body) == width:
        return b"", first or most
    rest = body[width + first :]
    if first == 0 or len(body) < width + first or len(rest) not in (0, width):
        raise ApduError(f"Lc {first} with {len(body) - width} bytes after it")
    return body[width : width + first], (int.from_bytes(rest, "big") or most) if rest else None


@dataclass(frozen=True, slots=True)
class Response:
    """A response: its data and its status word."""

    data: bytes = field(default=b"", repr=False)
    status: int = SUCCESS

    @property
    def ok(self) -> bool:
        """Whether the command was carried out; a file that ended early counts."""
        return self.status in (SUCCESS, END_OF_FILE)

    def encode(self) -> bytes:
        """Return the response as it travels."""
        return self.data + self.status.to_bytes(2, "big")

    @classmethod
    def decode(cls, raw: bytes) -> Response:
        """Read a response; ApduError if it has no status word."""
        if len(raw) < 2:
            raise ApduError(f"a response of {len(raw)} bytes has no status word")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))
