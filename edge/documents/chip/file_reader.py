"""One file at a time: its header says how long it is; its body comes in the largest reads that go.

1. The first read names the file by its short identifier and asks for as much as may come at once: a
   small file is one round trip. A chip that refuses that gives the header first, from then on; one
   without short identifiers is asked to SELECT first.
2. Offsets up to 7FFF go into READ BINARY (B0); beyond them into its odd sibling (B1), in an object.
3. A chip that finds a read too long gets the next smaller size, or the one it names; one that gives
   less than asked is asked for that much from then on. Old chips give 160 bytes and less. A short
   read asks for no more than a protected answer of 256 bytes holds.
4. A file longer than any, or shorter than its header says, is FileBroken: which file, which offset.
"""

from __future__ import annotations

from collections.abc import Callable

from edge.documents import tlv
from edge.documents.chip.apdu import (
    END_OF_FILE,
    FILE_NOT_FOUND,
    NO_DIAGNOSIS,
    SECURITY_NOT_SATISFIED,
    SHORT_LE,
    WRONG_LE,
    WRONG_LENGTH,
    WRONG_OFFSET,
    Command,
    Response,
)
from edge.documents.chip.errors import ChipRefused, FileBroken
from edge.documents.chip.files import FileId
from edge.documents.chip.session import Conversation

HEADER = 6  # bytes: a tag of one or two and a length of up to four
LARGEST = 1 << 18  # bytes; no data group comes near it
SMALLER = (4096, 1024, 231, 192, 160, 128, 96, 64, 32)
_LAST_SHORT_OFFSET = 0x7FFF
_ODD_OVERHEAD = 4  # bytes of tag and length around the data of an odd READ BINARY
_OFFSET, _DATA = 0x54, 0x53
_LESS = "gives no more than"
_NOT_ABOUT_LENGTH = (FILE_NOT_FOUND, SECURITY_NOT_SATISFIED)


class FileReader:
    """Reads files of the selected application, and remembers what this chip can take.

    ``habits`` is told what the chip needed beyond the standard, once each.
    """

    def __init__(self, talk: Conversation, read_size: int, habits: list[str] | None = None) -> None:
        self._talk, self._size = talk, read_size
        self._habits = habits if habits is not None else []
        self._short_ids: bool | None = None
        self._header_first = False

    def read(self, file: FileId) -> bytes:
        """Return the whole of ``file``; ChipRefused or FileBroken if that cannot be."""
        data = bytearray(self._open(file))
        total = self._total(file, data)
        if total > LARGEST:
            raise FileBroken(file.name, 0, f"says it has {total} bytes; none has over {LARGEST}")
        while len(data) < total:
            data += self._piece(file, len(data), total)
        return bytes(data[:total])

    def start_of(self, file: FileId, size: int) -> bytes:
        """Return the first ``size`` bytes of ``file``, or all that it has; ChipRefused if none."""
        answer = self._ask(file, Command(0, 0xB0, 0x80 | file.sfi, 0, le=size), 0)
        if answer.ok and answer.data:
            return answer.data
        chosen = self._ask(file, Command(0, 0xA4, 0x02, 0x0C, file.fid.to_bytes(2, "big")), 0)
        answer = self._ask(file, _read_binary(0, size), 0) if chosen.ok else chosen
        if not answer.ok or not answer.data:
            raise ChipRefused(f"EF.{file.name}", answer.status)
        return answer.data

    @property
    def _at_once(self) -> int:
        """Bytes that one read may ask for under the present channel."""
        if self._size > SHORT_LE or self._talk.channel is None:
            return self._size
        return min(self._size, self._talk.channel.suite.largest_read)

    def _total(self, file: FileId, data: bytearray) -> int:
        """Return the length of the file; what of its header is missing is added to ``data``."""
        while True:
            try:
                head = tlv.header(bytes(data))
            except tlv.TlvError as error:
                if len(data) >= HEADER:
                    raise FileBroken(file.name, error.offset, error.what) from error
                data += self._piece(file, len(data), HEADER)
            else:
                return head.size + head.length

    def _open(self, file: FileId) -> bytes:
        if self._short_ids is not False:
            answer = self._first(file, lambda le: Command(0, 0xB0, 0x80 | file.sfi, 0, le=le))
            if answer.ok and answer.data:
                self._short_ids = True
                return answer.data
            if self._short_ids:
                raise ChipRefused(f"EF.{file.name}", answer.status)
        return self._select(file)

    def _select(self, file: FileId) -> bytes:
        chosen = self._ask(file, Command(0, 0xA4, 0x02, 0x0C, file.fid.to_bytes(2, "big")), 0)
        if not chosen.ok:
            raise ChipRefused(f"EF.{file.name}", chosen.status)
        answer = self._first(file, lambda le: _read_binary(0, le))
        if not answer.ok:
            raise ChipRefused(f"EF.{file.name}", answer.status)
        if self._short_ids is None:
            self._note("knows no short file identifiers")
        self._short_ids = False
        return answer.data

    def _first(self, file: FileId, command: Callable[[int], Command]) -> Response:
        """Ask for as much as goes, then for the header alone where the chip refuses that."""
        size = HEADER if self._header_first else self._at_once
        answer = self._ask(file, command(size), 0)
        if answer.ok and answer.data:
            return answer
        if size == HEADER or answer.status in _NOT_ABOUT_LENGTH:
            return answer
        shorter = self._ask(file, command(HEADER), 0)
        if shorter.ok and shorter.data:
            self._header_first = True
            self._note(f"refuses a first read of {size} bytes ({answer.status:04X})")
        return shorter

    def _piece(self, file: FileId, offset: int, total: int) -> bytes:
        """Return at least one byte from ``offset`` on, after as many tries as the chip needs."""
        while True:
            size = min(self._at_once, total - offset)
            answer = self._ask(file, _read_binary(offset, size), offset)
            data = _content(file, answer, offset)[:size]
            if data:
                if len(data) < size and answer.status != END_OF_FILE:
                    self._shrink(len(data))
                return data
            if answer.ok or answer.status == WRONG_OFFSET:
                raise FileBroken(file.name, offset, f"ends here, {total - offset} bytes early")
            self._shrink(self._smaller(file, size, answer.status))

    def _shrink(self, size: int) -> None:
        self._size, self._header_first = size, False  # it was the size, perhaps, not the end
        self._habits[:] = [habit for habit in self._habits if not habit.startswith(_LESS)]
        self._note(f"{_LESS} {size} bytes at once")

    def _smaller(self, file: FileId, size: int, status: int) -> int:
        if status & 0xFF00 == WRONG_LE and 0 < status & 0xFF < size:
            return status & 0xFF
        steps = [step for step in SMALLER if step < size]
        if status not in (WRONG_LENGTH, NO_DIAGNOSIS) or not steps:
            raise ChipRefused(f"EF.{file.name}", status)
        return steps[0]

    def _note(self, habit: str) -> None:
        if habit not in self._habits:
            self._habits.append(habit)

    def _ask(self, file: FileId, command: Command, offset: int) -> Response:
        return self._talk.ask(command, f"EF.{file.name}", offset)


def _read_binary(offset: int, size: int) -> Command:
    if offset <= _LAST_SHORT_OFFSET:
        return Command(0, 0xB0, offset >> 8, offset & 0xFF, le=size)
    where = tlv.encode(_OFFSET, offset.to_bytes(2 if offset <= 0xFFFF else 3, "big"))
    return Command(0, 0xB1, 0, 0, where, le=size + _ODD_OVERHEAD)


def _content(file: FileId, answer: Response, offset: int) -> bytes:
    if offset <= _LAST_SHORT_OFFSET or not answer.data:
        return answer.data
    try:
        found = tlv.read(answer.data)
    except tlv.TlvError as error:
        raise FileBroken(file.name, offset, error.what) from error
    if found.tag != _DATA:
        raise FileBroken(file.name, offset, f"comes in an object {found.tag:X}, not {_DATA:X}")
    return found.value
