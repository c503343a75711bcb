"""A zip archive with one spelling only: stored, in order, without times, attributes or comments.

The same members always give the same bytes (PKWARE APPNOTE 4.3, version 2.0, local headers with
size and CRC, no zip64), so that whoever has the members can tell whether a single bit of the rest
was changed. Reading archives of others is bounded: ``MOST_MEMBERS``, and sizes as declared.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from edge.scanner.formats.errors import FormatError

MOST_MEMBERS = 4096
MOST_BYTES = 0xFFFF_FFFE  # beyond it zip64 begins
CHUNK = 1 << 20

_VERSION, _FLAGS, _STORED = 20, 0x800, 0  # 2.0; names are UTF-8; method
_TIME, _DATE = 0, 0x0021  # 1980-01-01, the first day of zip
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    name: str
    size: int
    crc: int


@dataclass(frozen=True)
class Section:
    """Bytes that have to stand at ``offset`` if the archive is spelled as it has to be."""

    offset: int
    content: bytes
    what: str


def write(target: BinaryIO, members: Iterable[tuple[str, bytes]]) -> None:
    """Write ``members`` in order; raise FormatError if there are too many, or too much."""
    written: list[Member] = []
    for name, content in members:
        member = Member(name, len(content), zlib.crc32(content))
        target.write(_local(member))
        target.write(content)
        written.append(member)
    *_, directory = sections(written)
    target.write(directory.content)


def sections(members: list[Member]) -> Iterator[Section]:
    """Yield everything of the archive but the contents, in order; raise FormatError if too big."""
    if len(members) > MOST_MEMBERS:
        raise FormatError(f"{len(members)} files; at most {MOST_MEMBERS} in an archive")
    offset, directory = 0, b""
    for member in members:
        head = _local(member)
        yield Section(offset, head, f"the header of {member.name}")
        directory += _central(member, offset)
        offset += len(head) + member.size
        if offset > MOST_BYTES:
            raise FormatError("more than 4 GiB; split the archive")
    end = struct.pack(
        "<4sHHHHIIH", _END, 0, 0, len(members), len(members), len(directory), offset, 0
    )
    yield Section(offset, directory + end, "the archive's directory")


def _local(member: Member) -> bytes:
    name = member.name.encode()
    return _LOCAL + struct.pack("<H", _VERSION) + _facts(member) + struct.pack("<H", 0) + name


def _central(member: Member, offset: int) -> bytes:
    tail = struct.pack("<HHHHII", 0, 0, 0, 0, 0, offset)  # no extra, comment, disk, attributes
    head = _CENTRAL + struct.pack("<HH", _VERSION, _VERSION)
    return head + _facts(member) + tail + member.name.encode()


def _facts(member: Member) -> bytes:
    return struct.pack(
        "<HHHHIIIH", _FLAGS, _STORED, _TIME, _DATE, member.crc, member.size, member.size,
        len(member.name.encode()),
    )  # fmt: skip


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """Return ``file`` as an archive, of anybody's spelling; raise FormatError."""
    try:
        found = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise FormatError(f"not a zip archive, or it breaks off: {error}") from error
    if len(found.infolist()) > MOST_MEMBERS:
        raise FormatError(f"{len(found.infolist())} files; at most {MOST_MEMBERS} in an archive")
    return found


def chunks(found: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """Yield the content of one member, never more than ``most`` bytes; raise FormatError."""
    if info.file_size > most:
        raise FormatError(f"{info.filename} is said to hold {info.file_size} bytes, over {most}")
    left = most
    try:
        with found.open(info) as member:
            while chunk := member.read(min(CHUNK, left + 1)):
                if (left := left - len(chunk)) < 0:
                    raise FormatError(f"{info.filename} holds more than the {most} bytes allowed")
                yield chunk
    except (
        zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError,
        NotImplementedError, struct.error,
    ) as error:  # fmt: skip
        raise FormatError(f"{info.filename} cannot be read: {error}") from error


def content(found: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return the content of the member ``name``, at most ``most`` bytes; raise FormatError."""
    try:
        info = found.getinfo(name)
    except KeyError as error:
        raise FormatError(f"there is no {name} in the archive") from error
    return b"".join(chunks(found, info, most))
