"""Reading a chip: open it with what is printed, then fetch its files in few round trips.

1. Select the application, authenticate (Basic Access Control), protect everything from then on.
2. EF.COM first, then EF.SOD; then every data group that either of them lists. EF.COM is signed by
   nobody: what it leaves out but EF.SOD lists is read all the same.
3. DG14 and DG15 are looked for even if nobody lists them: a key of the chip that is signed by
   nobody is a sign of a clone, and whoever verifies must see it.
4. DG3 and DG4 need terminal authentication: they are named as skipped, not asked for.
5. A file that the chip does not have, or does not give, is named with the chip's own word; the
   other files are still read. A chip that goes away ends the reading: which file, which offset.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from edge.documents import lds
from edge.documents.chip.apdu import SUCCESS, Command, Response
from edge.documents.chip.atr import extended_length
from edge.documents.chip.bac import NONCE, TOKEN, Handshake, Random, document_keys
from edge.documents.chip.errors import AccessDenied, ChipRefused, FileBroken
from edge.documents.chip.file_reader import FileReader
from edge.documents.chip.files import APPLICATION, EXTENDED_ACCESS, FILES, KEYS_OF_THE_CHIP
from edge.documents.chip.secure_messaging import Channel
from edge.documents.chip.session import Conversation, Transport
from edge.documents.security_object import listed_groups

READ_SIZE = 231  # bytes: what a protected response of 256 bytes can carry under triple DES
EXTENDED_READ_SIZE = 16_384  # bytes: one round trip for a usual portrait


def read_size(atr: bytes) -> int:
    """Return the largest read to try first on a chip with that answer to reset, in bytes."""
    return EXTENDED_READ_SIZE if extended_length(atr) else READ_SIZE


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: raw files by name (``COM``, ``SOD``, ``DG1`` …), and what was not, and why."""

    protocol: str
    files: dict[str, bytes] = field(repr=False)
    skipped: dict[str, str]
    apdus: int


def read_chip(
    transport: Transport, key_input: str, random: Random, *, read_size: int = READ_SIZE
) -> Reading:
    """Read every file that Basic Access Control opens.

    ``key_input`` is ``Mrz.key_input``; ``random`` gives that many unpredictable bytes;
    ``read_size`` is the largest read to try first. Raises a ChipError: ChipLost, ChipRefused,
    AccessDenied, MessageForged or FileBroken.
    """
    talk = Conversation(transport)
    select_application(talk)
    basic_access_control(talk, key_input, random)
    reader = FileReader(talk, read_size)
    files: dict[str, bytes] = {}
    skipped: dict[str, str] = {}
    for name in ("COM", "SOD"):
        _fetch(reader, name, files, skipped)
    for name in _wanted(files):
        if name in EXTENDED_ACCESS:
            skipped[name] = "opened by terminal authentication only"
        else:
            _fetch(reader, name, files, skipped)
    for name in KEYS_OF_THE_CHIP:
        if name not in files and name not in skipped:
            _look_for(reader, name, files, skipped)
    return Reading("BAC", files, skipped, talk.apdus)


def select_application(talk: Conversation) -> None:
    """Select the eMRTD application; ChipRefused if there is none."""
    answer = talk.ask(Command(0x00, 0xA4, 0x04, 0x0C, APPLICATION), "selecting the application")
    if not answer.ok:
        raise ChipRefused("selecting the application", answer.status)


def basic_access_control(talk: Conversation, key_input: str, random: Random) -> None:
    """Open the chip with the MRZ; everything after it is protected."""
    if not key_input:
        raise AccessDenied("this zone has no key for a chip: give the MRZ of a TD1, TD2 or TD3")
    doing = "basic access control"
    challenge = talk.ask(Command(0x00, 0x84, 0, 0, le=NONCE), doing)
    if challenge.status != SUCCESS:
        raise ChipRefused(doing, challenge.status)
    handshake = Handshake(document_keys(key_input), challenge.data, random)
    command = Command(0x00, 0x82, 0, 0, handshake.challenge(), le=TOKEN + NONCE)
    session = handshake.finish(_granted(talk.ask(command, doing)))
    talk.channel = Channel.after(session)


def _granted(answer: Response) -> bytes:
    if answer.status != SUCCESS:
        raise AccessDenied(str(ChipRefused("the MRZ does not open this chip", answer.status)))
    return answer.data


def _fetch(reader: FileReader, name: str, files: dict[str, bytes], skipped: dict[str, str]) -> None:
    try:
        files[name] = reader.read(FILES[name])
    except (ChipRefused, FileBroken) as error:
        skipped[name] = str(error)


def _wanted(files: dict[str, bytes]) -> list[str]:
    """Return the data groups that EF.COM or EF.SOD list, in order."""
    listed: set[int] = set()
    with suppress(lds.LdsError):  # whoever verifies the file will name it
        listed |= set(lds.com(files.get("COM", b"")).data_groups)
    with suppress(lds.LdsError):
        listed |= set(listed_groups(files.get("SOD", b"")))
    return [f"DG{number}" for number in sorted(listed) if 1 <= number <= 16]


def _look_for(
    reader: FileReader, name: str, files: dict[str, bytes], skipped: dict[str, str]
) -> None:
    """Read a file that nobody lists; that it is not there is no news."""
    _fetch(reader, name, files, skipped)
    skipped.pop(name, None)
