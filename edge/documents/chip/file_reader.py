"""One file at a time: its header says how long it is; its body comes in the largest reads that go.

1. The first read names the file by its short identifier; a chip without short identifiers is asked
   to SELECT first, then and from then on.
2. Offsets up to 7FFF go into READ BINARY (B0); beyond them into its odd sibling (B1), in an object.
3. A chip that finds a read too long gets the next smaller size, or the one it names; one that gives
   less than asked is asked for that much from then on. Old chips give 160 bytes and less.
4. A file longer than any, or shorter than its header says, is FileBroken: which file, which offset.
"""

from __future__ import annotations

from edge.documents import tlv
from edge.documents.chip.apdu import (
    END_OF_FILE,
    NO_DIAGNOSIS,
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


class FileReader:
    """Reads files of the selected application, and remembers what this chip can take."""

    def __init__(self, talk: Conversation, read_size: int) -> None:
        self._talk, self._size = talk, read_size
        self._short_ids: bool | None = None

    def read(self, file: FileId) -> bytes:
        """Return the whole of ``file``; ChipRefused or FileBroken if that cannot be."""
        data = bytearray(self._open(file))
        total = self._total(file, data)
        if total > LARGEST:
            raise FileBroken(file.name, 0, f"says it has {total} bytes; none has over {LARGEST}")
        while len(data) < total:
            data += self._piece(file, len(data), total)
        return bytes(data[:total])

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
            answer = self._ask(file, Command(0, 0xB0, 0x80 | file.sfi, 0, le=HEADER), 0)
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
        answer = self._ask(file, _read_binary(0, HEADER), 0)
        if not answer.ok:
            raise ChipRefused(f"EF.{file.name}", answer.status)
        self._short_ids = False
        return answer.data

    def _piece(self, file: FileId, offset: int, total: int) -> bytes:
        """Return at least one byte from ``offset`` on, after as many tries as the chip needs."""
        while True:
            size = min(self._size, total - offset)
            answer = self._ask(file, _read_binary(offset, size), offset)
            data = _content(file, answer, offset)[:size]
            if data:
                if len(data) < size and answer.status != END_OF_FILE:
                    self._size = len(data)
                return data
            if answer.ok or answer.status == WRONG_OFFSET:
                raise FileBroken(file.name, offset, f"ends here, {total - offset} bytes early")
            self._size = self._smaller(file, size, answer.status)

    def _smaller(self, file: FileId, size: int, status: int) -> int:
        if status & 0xFF00 == WRONG_LE and 0 < status & 0xFF < size:
            return status & 0xFF
        steps = [step for step in SMALLER if step < size]
        if status not in (WRONG_LENGTH, NO_DIAGNOSIS) or not steps:
            raise ChipRefused(f"EF.{file.name}", status)
        return steps[0]

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
