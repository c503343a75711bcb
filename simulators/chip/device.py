"""The chip of a travel document: give it a command, it gives a response (ICAO Doc 9303-10, -11).

1. Before it is opened it shows EF.CardAccess, if it has one, and takes PACE, if EF.CardAccess
   offers it, or Basic Access Control.
2. Once opened, every command must come protected and every answer goes protected; a bare command,
   or a wrong checksum, ends the session.
3. Opened, it gives its files (see ``file_system``). With a key for it, it does chip authentication,
   whose session replaces the one before, and active authentication; with a trust point, terminal
   authentication.
4. A fault breaks exactly what its name says and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import reduce
from operator import xor

from edge.documents import lds
from edge.documents.chip import apdu, security_infos
from edge.documents.chip.apdu import ApduError, Command, Response
from edge.documents.chip.bac import KEY, NONCE, document_keys, opened, sealed, session_of
from edge.documents.chip.errors import MessageForged
from edge.documents.chip.files import APPLICATION
from edge.documents.chip.keys import Random, Session
from edge.documents.chip.pace import CAN, MRZ, can_password, mrz_password
from edge.documents.chip.secure_messaging import (
    CHECKSUM,
    PROTECTED,
    Suite,
    open_command,
    protect_response,
)
from simulators.chip.faults import ChipFaults
from simulators.chip.file_system import FileSystem
from simulators.chip.files import cloned
from simulators.chip.keys import ChipKeys
from simulators.chip.pace import ChipPace
from simulators.chip.session_commands import OpenChip, objects

# Contactless, T=1 (PC/SC part 3 §3.1.3.2.3): card capabilities say short file identifiers and, in
# their third byte, extended lengths.
_HISTORICAL = bytes.fromhex("8073842180")
_EXTENDED = 0x40
_DATALESS = (0x22, 0xA4, 0x2A)  # instructions that no data answer


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
        keys: ChipKeys | None = None,
    ) -> None:
        """Hold ``files``; ``key_input`` opens it, by default the one of its own DG1."""
        if not key_input and "DG1" not in files:
            raise ValueError("a chip without EF.DG1 needs a zone that opens it")
        self.faults = faults or ChipFaults()
        self._files, self._random, self._keys = files, random, keys or ChipKeys()
        self._key_input = key_input or lds.dg1(files["DG1"]).key_input
        self._access_keys = document_keys(self._key_input)
        self.reset()

    def reset(self) -> None:
        """Forget everything, as when the power goes."""
        self._file_system = FileSystem(self._held(), self.faults)
        self._challenge = b""
        self._end_session()
        self._pace = self._new_pace()

    def _held(self) -> dict[str, bytes]:
        held = cloned(self._files) if self.faults.clone else dict(self._files)
        if self.faults.hides_card_access:
            held.pop("CardAccess", None)
        return held

    def _new_pace(self) -> ChipPace | None:
        raw = self._file_system.held.get("CardAccess")
        if raw is None:
            return None
        passwords = {MRZ: mrz_password(self._key_input)}
        if self._keys.can:
            passwords[CAN] = can_password(self._keys.can)
        infos = security_infos.read(raw, "CardAccess")
        static = tuple(self._keys.agreement.values())
        return ChipPace(infos, passwords, static, self._random, self.faults)

    def _end_session(self) -> None:
        self._suite: Suite | None = None
        self._counter = 0
        self._open: OpenChip | None = None
        self._file_system.shut()

    def _start_session(self, session: Session) -> None:
        self._suite, self._counter = Suite(session), session.counter
        self._file_system.opened = True

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
        long = max(command.le or 0, len(command.data) + 1) > apdu.SHORT_LE
        if self.faults.no_extended and long:
            return Response(b"", apdu.WRONG_LENGTH)
        if self._suite and command.cla & PROTECTED == PROTECTED:
            return self._protected(self._suite, command)
        if self._suite:
            self._end_session()  # a bare command ends it
        return self._plain(command)

    def _protected(self, suite: Suite, command: Command) -> Response:
        try:
            plain = open_command(suite, self._counter + 1, command)
        except MessageForged:
            self._end_session()
            return Response(b"", apdu.SM_OBJECTS_INCORRECT)
        if self._too_long(plain):
            return Response(b"", apdu.WRONG_LENGTH)
        counter = self._counter = self._counter + 2
        answer = self._opened(plain)
        return self._spoilt(protect_response(suite, counter, answer, odd=plain.ins % 2 == 1))

    def _spoilt(self, answer: Response) -> Response:
        if not self.faults.take("garble"):
            return answer
        at = answer.data.rindex(bytes([CHECKSUM, 8])) + 2
        wrong = bytes([answer.data[at] ^ 0xFF])
        return Response(answer.data[:at] + wrong + answer.data[at + 1 :], answer.status)

    def _too_long(self, command: Command) -> bool:
        reads = command.ins in (0xB0, 0xB1)
        return reads and 0 < self.faults.refuse_long < (command.le or 0)

    def _stray_le(self, command: Command) -> bool:
        return self.faults.no_stray_le and command.ins in _DATALESS and command.le is not None

    def _opened(self, command: Command) -> Response:
        """Carry out a command that came protected; it may start a new session."""
        if self._stray_le(command):
            return Response(b"", apdu.WRONG_LENGTH)
        if command.ins in (0xA4, 0xB0, 0xB1):
            return self._read(command)
        assert self._open is not None
        answer = self._open.carry_out(command)
        self._file_system.rights = self._open.rights
        if (session := self._open.take_new_session()) is not None:
            self._start_session(session)
        return answer or Response(b"", apdu.INS_NOT_SUPPORTED)

    def _read(self, command: Command) -> Response:
        if command.ins == 0xA4 and command.p1 == 0x04:
            return self._file_system.select_application(command.data == APPLICATION)
        answer = self._file_system.carry_out(command)
        if answer is None:
            return Response(b"", apdu.INS_NOT_SUPPORTED)
        if 0 < self.faults.torn <= self._file_system.furthest:
            raise GoneAway("the document was lifted")
        return answer

    def _plain(self, command: Command) -> Response:
        if self._stray_le(command):
            return Response(b"", apdu.WRONG_LENGTH)
        match command.ins:
            case 0x84 if command.le == NONCE:
                self._challenge = self._random(NONCE)
                return Response(self._challenge)
            case 0x82:
                return self._by_bac(command.data)
            case 0x22 | 0x86 if self._pace is not None:
                return self._by_pace(self._pace, command)
            case 0xA4 | 0xB0 | 0xB1:
                return self._read(command)
            case _:
                return Response(b"", apdu.INS_NOT_SUPPORTED)

    def _by_bac(self, message: bytes) -> Response:
        rnd_ic, self._challenge = self._challenge, b""
        token = opened(self._access_keys, message)
        if not rnd_ic or token is None or token[NONCE : 2 * NONCE] != rnd_ic:
            return Response(b"", 0x6300)
        rnd_ifd, k_ifd, k_ic = token[:NONCE], token[2 * NONCE :], self._random(KEY)
        self._start_session(session_of(k_ifd, k_ic, rnd_ic, rnd_ifd))
        self._open = OpenChip.after_bac(self._keys, self._random, self.faults, self._key_input)
        return Response(sealed(self._access_keys, rnd_ic + rnd_ifd + k_ic))

    def _by_pace(self, pace: ChipPace, command: Command) -> Response:
        parts = objects(command.data, dynamic=command.ins == 0x86)
        if parts is None:
            return Response(b"", 0x6A80)
        if command.ins == 0x22:
            right = (command.p1, command.p2) == (0xC1, 0xA4)
            return pace.select(parts) if right else Response(b"", apdu.WRONG_PARAMETERS)
        answer = pace.step(command.cla, parts)
        if pace.agreed is not None:
            self._start_session(pace.agreed.session)
            self._open = OpenChip.after_pace(self._keys, self._random, self.faults, pace.agreed)
            pace.agreed = None
        return answer
