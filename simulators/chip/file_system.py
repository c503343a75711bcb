"""The chip's files: SELECT and READ BINARY (ISO/IEC 7816-4 §11.2).

1. A file is named by its identifier (SELECT) or, in a read, by its short one, which selects it. The
   master file is there from the start; the application once it is selected.
2. EF.CardAccess and EF.ATR/INFO are free to read, EF.CardSecurity once the chip is open, the rest
   of the master file not at all; of the application everything but EF.DG3 and EF.DG4 once it is
   open, those once a terminal with the right is known. Else 6982.
3. READ BINARY gives from an offset what is there, at most Le bytes, and 6282 where the file ends
   sooner; an offset outside the file is 6B00.
4. Its odd sibling B1 takes the offset in an object 54 and answers in an object 53.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from edge.documents import tlv
from edge.documents.chip import apdu
from edge.documents.chip.apdu import Command, Response
from edge.documents.chip.files import EXTENDED_ACCESS, FILES, MASTER_FILES, TRUST_POINTS, FileId
from simulators.chip.faults import ChipFaults

_SHORT_ID, _SHORT_ID_MASK = 0x80, 0x1F
_OFFSET, _DATA = 0x54, 0x53
_FREE = ("CardAccess", "ATR_INFO")
_AFTER_OPENING = "CardSecurity"
_APPLICATION = (*FILES.values(), TRUST_POINTS)
_SHUT = Response(b"", apdu.SECURITY_NOT_SATISFIED)


class FileSystem:
    """Files by name; one may be selected. ``furthest`` is the offset that the last read reached."""

    def __init__(self, files: Mapping[str, bytes], faults: ChipFaults) -> None:
        self.held, self._faults = files, faults
        self._application = False
        self._current: str | None = None
        self.opened = False
        self.rights: Collection[str] = ()
        self.furthest = 0

    def shut(self) -> None:
        """Forget that the chip was open."""
        self.opened, self.rights, self._current = False, (), None

    def select_application(self, known: bool) -> Response:
        """Select the eMRTD application, if it is that one."""
        self._application, self._current = known, None
        return Response(b"", apdu.SUCCESS if known else apdu.FILE_NOT_FOUND)

    def carry_out(self, command: Command) -> Response | None:
        """Return the answer to SELECT or READ BINARY, None to anything else."""
        match command.ins:
            case 0xA4 if command.p1 == 0x00:
                self._application, self._current = False, None
                return Response()
            case 0xA4 if command.p1 == 0x02:
                fid = int.from_bytes(command.data, "big")
                return self._choose(lambda file: file.fid == fid)
            case 0xB0:
                return self._read(command)
            case 0xB1:
                return self._read_far(command)
            case _:
                return None

    def _choose(self, wanted: Callable[[FileId], bool]) -> Response:
        held = _APPLICATION if self._application else MASTER_FILES.values()
        name = next((file.name for file in held if wanted(file)), "")
        if not self._allowed(name):
            return _SHUT
        if name not in self.held:
            return Response(b"", apdu.FILE_NOT_FOUND)
        self._current = name
        return Response()

    def _allowed(self, name: str) -> bool:
        if not self._application:
            return name in _FREE or (self.opened and name == _AFTER_OPENING)
        return self.opened and (name not in EXTENDED_ACCESS or name in self.rights)

    def _read(self, command: Command) -> Response:
        if not command.p1 & _SHORT_ID:
            return self._give(command.p1 << 8 | command.p2, command.le or 0)
        chosen = self._choose_short(command.p1 & _SHORT_ID_MASK)
        return self._give(command.p2, command.le or 0) if chosen.ok else chosen

    def _choose_short(self, sfi: int) -> Response:
        if self._faults.no_short_ids and self._application:
            return Response(b"", apdu.WRONG_PARAMETERS)
        return self._choose(lambda file: file.sfi == sfi)

    def _read_far(self, command: Command) -> Response:
        if command.p2:
            chosen = self._choose_short(command.p2)
            if not chosen.ok:
                return chosen
        try:
            where = tlv.read(command.data)
        except tlv.TlvError:
            return Response(b"", 0x6A80)
        if where.tag != _OFFSET:
            return Response(b"", 0x6A80)
        answer = self._give(int.from_bytes(where.value, "big"), max(0, (command.le or 0) - 4))
        return Response(tlv.encode(_DATA, answer.data) if answer.data else b"", answer.status)

    def _give(self, offset: int, count: int) -> Response:
        if self._current is None:
            return _SHUT if not self.opened else Response(b"", 0x6986)
        if self._faults.take("wrong_status"):
            return Response(b"", apdu.NO_DIAGNOSIS)
        held = self.held[self._current]
        if offset >= len(held):
            return Response(b"", apdu.WRONG_OFFSET)
        if self._faults.within_file and offset + count > len(held):
            return Response(b"", apdu.WRONG_LENGTH)
        most = min(count, self._faults.short or count)
        data = held[offset : offset + most]
        self.furthest = offset + len(data)
        ended = len(held) - offset < most
        return Response(data, apdu.END_OF_FILE if ended else apdu.SUCCESS)
