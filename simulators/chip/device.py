"""The chip of a travel document: give it a command, it gives a response (ICAO Doc 9303-10, -11).

1. It must be powered on and its application selected before it knows any file.
2. Before authentication only GET CHALLENGE and EXTERNAL AUTHENTICATE do anything; files are 6982.
3. After it, every command must come protected and every answer goes protected; a bare command, or
   a wrong checksum, ends the session.
4. EF.DG3 and EF.DG4 stay shut: 6982, as without terminal authentication.
5. A fault breaks exactly what its name says and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import reduce
from operator import xor

from edge.documents import lds
from edge.documents.chip import apdu
from edge.documents.chip.apdu import ApduError, Command, Response
from edge.documents.chip.bac import (
    KEY,
    NONCE,
    Random,
    document_keys,
    opened,
    sealed,
    session_of,
)
from edge.documents.chip.errors import MessageForged
from edge.documents.chip.files import APPLICATION
from edge.documents.chip.secure_messaging import (
    CHECKSUM,
    PROTECTED,
    TripleDes,
    open_command,
    protect_response,
)
from simulators.chip.faults import ChipFaults
from simulators.chip.file_system import FileSystem
from simulators.chip.files import cloned

# Contactless, T=1 (PC/SC part 3 §3.1.3.2.3): card capabilities say short file identifiers and, in
# their third byte, extended lengths.
_HISTORICAL = bytes.fromhex("8073842180")
_EXTENDED = 0x40


class GoneAway(Exception):
    """The chip left the field."""


class Chip:
    """One chip. ``process`` answers a command; None is silence."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        key_input: str = "",
        random: Random = secrets.token_bytes,
        faults: ChipFaults | None = None,
    ) -> None:
        """Hold ``files``; ``key_input`` opens it, by default the one of its own DG1."""
        if not key_input and "DG1" not in files:
            raise ValueError("a chip without EF.DG1 needs a zone that opens it")
        self.faults = faults or ChipFaults()
        self._files, self._random = files, random
        self._keys = document_keys(key_input or lds.dg1(files["DG1"]).key_input)
        self.reset()

    def reset(self) -> None:
        """Forget everything, as when the power goes."""
        held = cloned(self._files) if self.faults.clone else self._files
        self._file_system = FileSystem(held, self.faults)
        self._challenge = b""
        self._suite: TripleDes | None = None
        self._counter = 0

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        last = _HISTORICAL[-1] | (0 if self.faults.no_extended else _EXTENDED)
        body = bytes([0x80 | len(_HISTORICAL), 0x80, 0x01]) + _HISTORICAL[:-1] + bytes([last])
        return b"\x3b" + body + bytes([reduce(xor, body)])

    def process(self, raw: bytes) -> bytes | None:
        """Return the response to ``raw``, None where the chip is mute; GoneAway where it left."""
        try:
            command = Command.decode(raw)
        except ApduError:
            return Response(b"", apdu.WRONG_LENGTH).encode()
        answer = self._answer(command)
        return None if self.faults.take("mute") else answer.encode()

    def _answer(self, command: Command) -> Response:
        if self.faults.no_extended and (command.le or 0) > apdu.SHORT_LE:
            return Response(b"", apdu.WRONG_LENGTH)
        if self._suite and command.cla & PROTECTED == PROTECTED:
            return self._protected(self._suite, command)
        self._suite = None  # a bare command ends the session
        return self._plain(command)

    def _protected(self, suite: TripleDes, command: Command) -> Response:
        try:
            plain = open_command(suite, self._counter + 1, command)
        except MessageForged:
            self._suite = None
            return Response(b"", apdu.SM_OBJECTS_INCORRECT)
        if self.faults.refuse_long and (plain.le or 0) > self.faults.refuse_long:
            return Response(b"", apdu.WRONG_LENGTH)
        self._counter += 2
        answer = self._read(plain)
        sealed_answer = protect_response(suite, self._counter, answer, odd=plain.ins % 2 == 1)
        return self._spoilt(sealed_answer)

    def _spoilt(self, answer: Response) -> Response:
        if not self.faults.take("garble"):
            return answer
        at = answer.data.rindex(bytes([CHECKSUM, 8])) + 2
        wrong = bytes([answer.data[at] ^ 0xFF])
        return Response(answer.data[:at] + wrong + answer.data[at + 1 :], answer.status)

    def _read(self, command: Command) -> Response:
        answer = self._file_system.carry_out(command)
        if answer is None:
            return Response(b"", apdu.INS_NOT_SUPPORTED)
        if 0 < self.faults.torn <= self._file_system.furthest:
            raise GoneAway("the document was lifted")
        return answer

    def _plain(self, command: Command) -> Response:
        match command.ins:
            case 0xA4 if command.p1 == 0x04:
                return self._file_system.select_application(command.data == APPLICATION)
            case 0x84 if command.le == NONCE:
                self._challenge = self._random(NONCE)
                return Response(self._challenge)
            case 0x82:
                return self._authenticate(command.data)
            case 0xA4 | 0xB0 | 0xB1:
                return Response(b"", apdu.SECURITY_NOT_SATISFIED)
            case _:
                return Response(b"", apdu.INS_NOT_SUPPORTED)

    def _authenticate(self, message: bytes) -> Response:
        rnd_ic, self._challenge = self._challenge, b""
        token = opened(self._keys, message)
        if not rnd_ic or token is None or token[NONCE : 2 * NONCE] != rnd_ic:
            return Response(b"", 0x6300)
        rnd_ifd, k_ifd, k_ic = token[:NONCE], token[2 * NONCE :], self._random(KEY)
        session = session_of(k_ifd, k_ic, rnd_ic, rnd_ifd)
        self._suite, self._counter = TripleDes(session), session.counter
        return Response(sealed(self._keys, rnd_ic + rnd_ifd + k_ic))
