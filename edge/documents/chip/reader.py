"""Reading a chip: open it with what is printed, then fetch its files in few round trips.

1. PACE or Basic Access Control (``access``); everything from then on is protected.
2. EF.COM first, then EF.SOD; then every data group that either of them lists. EF.COM is signed by
   nobody: what it leaves out but EF.SOD lists is read all the same.
3. Chip authentication as soon as EF.DG14 is read, so that all data groups come under its keys,
   unless PACE's chip authentication mapping has proven the chip; then terminal authentication, if
   we are somebody; active authentication once EF.DG15 is read.
4. DG14 and DG15 are looked for even if nobody lists them, last of all: a key of the chip that is
   signed by nobody is a sign of a clone, and whoever verifies must see it. One that EF.SOD lists
   and the chip does not give is a failed authentication: so a clone would avoid the question.
5. DG3 and DG4 need terminal authentication: without it they are named as skipped, not asked for.
6. A file that the chip does not have, or does not give, is named with the chip's own word; the
   other files are still read. A chip that goes away ends the reading: which file, which offset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from edge.documents import lds
from edge.documents.chip import authentications as proofs
from edge.documents.chip import buffers
from edge.documents.chip.access import Opening, open_chip, select_application
from edge.documents.chip.apdu import SHORT_LE, Command
from edge.documents.chip.atr import extended_length
from edge.documents.chip.chip_authentication import Agreed
from edge.documents.chip.errors import ChipRefused, FileBroken, MessageForged
from edge.documents.chip.file_reader import FileReader
from edge.documents.chip.files import (
    ATR_INFO,
    CARD_SECURITY,
    EXTENDED_ACCESS,
    FILES,
    TRUST_POINTS,
    FileId,
)
from edge.documents.chip.keys import Random
from edge.documents.chip.pace import Established
from edge.documents.chip.record import Record
from edge.documents.chip.security_infos import SecurityInfos
from edge.documents.chip.session import Conversation, Transport
from edge.documents.chip.terminal_authentication import Terminal
from edge.documents.result import Check, failed, undetermined
from edge.documents.security_object import listed_groups

READ_SIZE = 231  # bytes: what a protected response of 256 bytes can carry under triple DES
EXTENDED_READ_SIZE = 16_384  # bytes: one round trip for a usual portrait
_TRUST_POINTS_SIZE = 36  # bytes of EF.CVCA (Doc 9303-11 table K-2)
_LOCKED = "opened by terminal authentication only"


def read_size(atr: bytes) -> int:
    """Return the largest read to try first on a chip with that answer to reset, in bytes."""
    return EXTENDED_READ_SIZE if extended_length(atr) else READ_SIZE


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: raw files by name (``COM``, ``SOD``, ``DG1`` …), and what was not, and why.

    ``protocol`` is what opened the chip: ``BAC``, ``PACE-ECDH-GM-AES128`` … ``authentications`` are
    ``pace``, ``card_access``, ``chip_authentication_mapping``, ``chip_authentication``,
    ``active_authentication`` and ``terminal_authentication`` as the chip answered them; they count
    only as far as ``binding.bound`` says. ``downgrades`` and ``habits`` as in ``Record``.
    """

    protocol: str
    files: dict[str, bytes] = field(repr=False)
    skipped: dict[str, str]
    apdus: int
    authentications: dict[str, Check] = field(default_factory=dict)
    downgrades: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()


def read_chip(
    transport: Transport,
    key_input: str,
    random: Random,
    *,
    read_size: int = READ_SIZE,
    can: str = "",
    bac_after_pace: bool = False,
    terminal: Terminal | None = None,
    groups: Collection[int] | None = None,
) -> Reading:
    """Open the chip, read its files, let it prove itself.

    ``key_input`` is ``Mrz.key_input``, ``can`` the card access number; ``random`` gives that many
    unpredictable bytes; ``read_size`` is the largest read to try first. ``bac_after_pace`` allows
    Basic Access Control after a PACE that failed. ``terminal`` is who we are to chips that want to
    know. ``groups`` are the data groups to read, all if None. Raises a ChipError: ChipLost,
    ChipRefused, AccessDenied (PaceFailed), MessageForged or FileBroken.
    """
    inspection = _Inspection(transport, random, read_size, terminal)
    return inspection.run(Opening(key_input, can, bac_after_pace), groups)


class _Inspection:
    """One reading under way."""

    def __init__(
        self, transport: Transport, random: Random, read_size: int, terminal: Terminal | None
    ) -> None:
        self._talk, self._random, self._size = Conversation(transport), random, read_size
        self._terminal, self._record = terminal, Record()
        self._agreed: Agreed | None = None

    def run(self, opening: Opening, groups: Collection[int] | None) -> Reading:
        """Carry it out."""
        self._opening = opening
        self._ask_for_buffers()
        self._open()
        for name in ("COM", "SOD"):
            self._fetch(name)
        wanted = [name for name in self._listed() if groups is None or int(name[2:]) in groups]
        if "DG14" in wanted:
            self._fetch("DG14")
            self._prove_by_key(groups)
        for name in wanted:
            if name in EXTENDED_ACCESS and not self._terminal_passed:
                self._record.skipped[name] = _LOCKED
            else:
                self._fetch(name)
        self._prove_by_signature(groups)
        if "DG14" not in wanted:
            if groups is None or 14 in groups:
                self._look_for("DG14")
            self._prove_by_key(groups)
        return self._reading()

    def _ask_for_buffers(self) -> None:
        """Ask a chip that takes extended lengths how long they may be."""
        if self._size <= SHORT_LE:
            return
        command = Command(0, 0xB0, 0x80 | ATR_INFO.sfi, 0, le=SHORT_LE)
        answer = self._talk.ask(command, "EF.ATR/INFO")
        self._size = buffers.read_size(answer.data if answer.ok else b"", self._size)

    def _open(self, *, again: bool = False) -> None:
        self._access = open_chip(self._talk, self._opening, self._random, self._record, again=again)
        self._reader = FileReader(self._talk, self._size, self._record.habits)
        if (established := self._access.established) is not None:
            if established.protocol.mapping == "CAM":
                self._prove_by_mapping(established)
            select_application(self._talk)

    def _prove_by_mapping(self, established: Established) -> None:
        """Check what PACE's chip authentication mapping left to check."""
        self._fetch(CARD_SECURITY.name, CARD_SECURITY)
        check = proofs.mapping(established, self._record)
        self._record.authentications["chip_authentication_mapping"] = check

    def _prove_by_key(self, groups: Collection[int] | None) -> None:
        """Do what EF.DG14 offers: chip authentication, then terminal authentication."""
        name = "chip_authentication"
        try:
            infos = proofs.infos_of(self._record)
        except lds.LdsError as error:
            self._record.authentications[name] = undetermined(str(error))
            return
        proofs.note_card_access(self._record, infos)
        if infos is None:
            self._record.authentications[name] = self._no_key("DG14", groups)
            return
        if not proofs.succeeded(self._record, "chip_authentication_mapping"):
            with self._session_at_stake(name):
                self._agree(infos)
        if self._terminal is not None and infos.terminal_authentication:
            with self._session_at_stake("terminal_authentication"):
                self._prove_ourselves(self._terminal)

    @contextmanager
    def _session_at_stake(self, name: str) -> Iterator[None]:
        """Record authentication ``name`` as failed if it costs the session; then open anew."""
        try:
            yield
        except MessageForged as error:
            self._record.authentications[name] = failed(str(error))
            self._agreed = None
            self._open(again=True)

    def _agree(self, infos: SecurityInfos) -> None:
        """Do chip authentication, and hear the chip under the new keys: only that proves them."""
        self._agreed = proofs.agree(self._talk, infos, self._random, self._record)
        if self._agreed is None:
            return
        channel = self._talk.channel
        assert channel is not None
        with suppress(MessageForged, ChipRefused):
            self._reader.start_of(FILES["COM"], 1)
        if not channel.verified:
            raise MessageForged("the chip does not answer under the keys that were agreed on")

    def _prove_ourselves(self, terminal: Terminal) -> None:
        self._record.files["CVCA"] = self._trust_points()
        self._record.authentications["terminal_authentication"] = proofs.prove_ourselves(
            self._talk, terminal, self._access, self._agreed, self._opening, self._record
        )

    def _trust_points(self) -> bytes:
        try:
            return self._reader.start_of(TRUST_POINTS, _TRUST_POINTS_SIZE)
        except ChipRefused as error:
            self._record.skipped["CVCA"] = str(error)
            return b""

    @property
    def _terminal_passed(self) -> bool:
        return proofs.succeeded(self._record, "terminal_authentication")

    def _prove_by_signature(self, groups: Collection[int] | None) -> None:
        """Active authentication, where there is an EF.DG15."""
        if "DG15" not in self._record.files and (groups is None or 15 in groups):
            self._look_for("DG15")
        held = "DG15" in self._record.files
        self._record.authentications["active_authentication"] = (
            proofs.sign(self._talk, self._random, self._record)
            if held
            else self._no_key("DG15", groups)
        )

    def _no_key(self, name: str, groups: Collection[int] | None) -> Check:
        asked = groups is None or int(name[2:]) in groups
        return proofs.without_key(name, signed=name in self._signed(), asked=asked)

    def _listed(self) -> list[str]:
        """Return the data groups that EF.COM or EF.SOD list, in order."""
        listed = {int(name[2:]) for name in self._signed()}
        with suppress(lds.LdsError):  # whoever verifies the file will name it
            listed |= set(lds.com(self._record.files.get("COM", b"")).data_groups)
        return [f"DG{number}" for number in sorted(listed) if 1 <= number <= 16]

    def _signed(self) -> list[str]:
        """Return the data groups that EF.SOD lists."""
        with suppress(lds.LdsError):
            return [f"DG{n}" for n in listed_groups(self._record.files.get("SOD", b""))]
        return []

    def _fetch(self, name: str, file: FileId | None = None) -> None:
        """Read a file, unless it was read already."""
        if name in self._record.files:
            return
        try:
            self._record.files[name] = self._reader.read(file or FILES[name])
        except (ChipRefused, FileBroken) as error:
            self._record.skipped[name] = str(error)

    def _look_for(self, name: str) -> None:
        """Read a file that nobody lists; that it is not there is no news, nor what it costs."""
        if name not in self._record.skipped:
            with suppress(MessageForged):  # some chips end the session over a file they lack
                self._fetch(name)
            self._record.skipped.pop(name, None)

    def _reading(self) -> Reading:
        record = self._record
        return Reading(
            self._access.protocol,
            record.files,
            record.skipped,
            self._talk.apdus,
            record.authentications,
            tuple(record.downgrades),
            tuple(record.habits),
        )
