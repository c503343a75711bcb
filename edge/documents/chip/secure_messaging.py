"""Secure messaging: every command and response encrypted and with a checksum (Doc 9303-11 §9.8).

1. The counter goes up by one before each command and before each response, and enters the checksum.
2. A command carries its data encrypted (87, or 85 for an odd INS), its Le (97), its checksum (8E).
3. A response carries its data encrypted, its status (99), its checksum; the checksum is looked at
   before anything else.
4. A response without any of that is the chip refusing outside the session. The chip has not counted
   it, so neither do we: some chips answer a too long Le with a bare 6700 and go on.
5. A suite is a cipher under one session's keys: triple DES, or AES of any key length.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

from edge.documents import tlv
from edge.documents.chip import crypto
from edge.documents.chip.apdu import (
    SHORT_LE,
    SM_OBJECTS_INCORRECT,
    SM_OBJECTS_MISSING,
    Command,
    Response,
    meaning,
)
from edge.documents.chip.errors import MessageForged
from edge.documents.chip.keys import Session

PROTECTED = 0x0C
ENCRYPTED, ENCRYPTED_ODD, LE, STATUS, CHECKSUM = 0x87, 0x85, 0x97, 0x99, 0x8E
_PADDED = b"\x01"
_OVERHEAD = 18  # bytes around the encrypted data of a response: 87 81 xx 01, 99 02 …, 8E 08 …


class Suite:
    """A cipher under one session's keys. Data come padded and in whole blocks."""

    def __init__(self, session: Session) -> None:
        self._keys, self._cipher = session.keys, session.cipher
        self.block = session.cipher.block

    @property
    def largest_read(self) -> int:
        """Bytes of data that fit into a protected response of 256 bytes."""
        blocks = (SHORT_LE - _OVERHEAD) // self.block
        return blocks * self.block - 1

    def encrypt(self, counter: int, data: bytes) -> bytes:
        """Encrypt ``data`` of the message that ``counter`` numbers."""
        iv = self._cipher.iv(self._keys.enc, counter)
        return self._cipher.encrypt(self._keys.enc, data, iv)

    def decrypt(self, counter: int, data: bytes) -> bytes:
        """Decrypt ``data`` of the message that ``counter`` numbers."""
        iv = self._cipher.iv(self._keys.enc, counter)
        return self._cipher.decrypt(self._keys.enc, data, iv)

    def checksum(self, counter: int, data: bytes) -> bytes:
        """Return the 8-byte checksum over the counter as one block, then ``data``."""
        number = (counter % (1 << 8 * self.block)).to_bytes(self.block, "big")
        return self._cipher.checksum(self._keys.mac, number + data)


@dataclass(slots=True)
class Channel:
    """One session's secure messaging, terminal's side: protect a command, open its response."""

    suite: Suite
    counter: int
    verified: int = (
        0  # answers whose checksum was right: the first proves that the chip has the keys
    )

    @classmethod
    def after(cls, session: Session) -> Channel:
        """Return the channel that a session starts."""
        return cls(Suite(session), session.counter)

    def protect(self, command: Command) -> Command:
        """Return ``command`` as it travels; counts it."""
        self.counter += 1
        return protect_command(self.suite, self.counter, command)

    def open(self, answer: Response) -> Response:
        """Return what ``answer`` says; counts it unless the chip refused outside the session."""
        if not answer.data:
            if answer.status in (SM_OBJECTS_MISSING, SM_OBJECTS_INCORRECT):
                raise MessageForged(f"the chip ended the session: {meaning(answer.status)}")
            if answer.ok:
                raise MessageForged("a bare success inside secure messaging")
            self.counter -= 1
            return answer
        self.counter += 1
        opened = open_response(self.suite, self.counter, answer)
        self.verified += 1
        return opened


def protect_command(suite: Suite, counter: int, plain: Command) -> Command:
    """Return ``plain`` protected as the message number ``counter``."""
    masked = replace(plain, cla=plain.cla | PROTECTED)
    body = _encrypted(suite, counter, plain.data, odd=plain.ins % 2 == 1)
    if plain.le is not None:
        body += tlv.encode(LE, _le(plain.le))
    head = crypto.pad(masked.header, suite.block)
    signed = head + (crypto.pad(body, suite.block) if body else b"")
    body += tlv.encode(CHECKSUM, suite.checksum(counter, signed))
    long_answer = (plain.le or 0) > SHORT_LE
    return replace(masked, data=body, le=65_536 if long_answer else SHORT_LE)


def _le(le: int) -> bytes:
    return bytes([le % SHORT_LE]) if le <= SHORT_LE else (le % 65_536).to_bytes(2, "big")


def protect_response(suite: Suite, counter: int, plain: Response, *, odd: bool) -> Response:
    """Return ``plain`` protected as the message number ``counter``: the chip's side."""
    body = _encrypted(suite, counter, plain.data, odd=odd)
    body += tlv.encode(STATUS, plain.status.to_bytes(2, "big"))
    body += tlv.encode(CHECKSUM, suite.checksum(counter, crypto.pad(body, suite.block)))
    return Response(body, plain.status)


def _encrypted(suite: Suite, counter: int, data: bytes, *, odd: bool) -> bytes:
    if not data:
        return b""
    secret = suite.encrypt(counter, crypto.pad(data, suite.block))
    return tlv.encode(ENCRYPTED_ODD, secret) if odd else tlv.encode(ENCRYPTED, _PADDED + secret)


def open_response(suite: Suite, counter: int, answer: Response) -> Response:
    """Return what ``answer``, message number ``counter``, says; MessageForged if it is not ours."""
    parts = objects(answer.data)
    _verify(suite, counter, b"", parts, answer.data)
    status = parts.get(STATUS, b"")
    if len(status) != 2:
        raise MessageForged(f"a protected status word of {len(status)} bytes")
    return Response(_decrypted(suite, counter, parts), int.from_bytes(status, "big"))


def open_command(suite: Suite, counter: int, command: Command) -> Command:
    """Return what the protected ``command``, message number ``counter``, says: the chip's side."""
    parts = objects(command.data)
    _verify(suite, counter, crypto.pad(command.header, suite.block), parts, command.data)
    le = parts.get(LE)
    wanted = None if le is None else int.from_bytes(le, "big") or 1 << 8 * len(le)
    data = _decrypted(suite, counter, parts)
    return replace(command, cla=command.cla & ~PROTECTED, data=data, le=wanted)


def objects(data: bytes) -> dict[int, bytes]:
    """Return the data objects of a protected message by tag; MessageForged if they are none."""
    try:
        return {element.tag: element.value for element in tlv.elements(data)}
    except tlv.TlvError as error:
        raise MessageForged(f"a protected message that is no BER-TLV: {error}") from error


def _verify(suite: Suite, counter: int, head: bytes, parts: dict[int, bytes], data: bytes) -> None:
    claimed = parts.get(CHECKSUM)
    if claimed is None:
        raise MessageForged("a message without a checksum inside secure messaging")
    body = data[: len(data) - len(tlv.encode(CHECKSUM, claimed))]
    signed = head + (crypto.pad(body, suite.block) if body else b"")
    if not hmac.compare_digest(suite.checksum(counter, signed), claimed):
        raise MessageForged("a wrong checksum inside secure messaging")


def _decrypted(suite: Suite, counter: int, parts: dict[int, bytes]) -> bytes:
    secret = parts.get(ENCRYPTED_ODD)
    if (padded := parts.get(ENCRYPTED)) is not None:
        if not padded.startswith(_PADDED):
            raise MessageForged("encrypted data with another padding than 01")
        secret = padded[1:]
    if not secret:
        return b""
    try:
        return crypto.unpad(suite.decrypt(counter, secret))
    except ValueError as error:
        raise MessageForged(f"encrypted data that do not open: {error}") from error
