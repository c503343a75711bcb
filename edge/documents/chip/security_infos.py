"""SecurityInfos: which protocols a chip offers, with which keys (Doc 9303-11 §9.2).

1. EF.CardAccess has them before anything is opened, and nobody signs it; EF.DG14 and
   EF.CardSecurity repeat them, signed. Each is a SET of SEQUENCEs that start with an OID.
2. PACEInfo, ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, TerminalAuthenticationInfo and
   ActiveAuthenticationInfo are read; what else is there is kept, unread.
3. A version or a group that is not ours makes that one entry unusable, not the file.
4. What is no SET of SEQUENCEs is an LdsError: which file, at which offset, what.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.documents import tlv
from edge.documents.chip import protocols
from edge.documents.chip.domain import (
    AgreementKey,
    UnknownGroup,
    agreement_key,
    integer,
    standard_group,
)
from edge.documents.chip.groups import Group
from edge.documents.chip.protocols import (
    CHIP_AUTHENTICATION_PROTOCOLS,
    PACE_PROTOCOLS,
    ChipAuthenticationProtocol,
    PaceProtocol,
)
from edge.documents.lds import LdsError, reading
from edge.documents.tlv import Tlv, TlvError

_SET, _SEQUENCE, _OID, _INTEGER = 0x31, 0x30, 0x06, 0x02
_PACE_VERSION, _CA_VERSION = 2, 1
_MOST = 64  # entries; real chips have fewer than twenty


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """One way to do PACE: protocol, domain parameters and their number."""

    protocol: PaceProtocol
    group: Group
    parameter_id: int | None


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """One way to do chip authentication, and which key it is for (None: there is one only)."""

    protocol: ChipAuthenticationProtocol
    key_id: int | None


@dataclass(frozen=True, slots=True)
class ChipKey:
    """One static public key of the chip."""

    key: AgreementKey
    key_id: int | None


@dataclass(frozen=True, slots=True)
class SecurityInfos:
    """What a file says that the chip can do. ``entries`` are all entries as they lie there.

    ``pace_offered`` is whether any PACEInfo is there at all; ``unusable`` says of which entry we
    can make no use, and why. ``active_hash`` is the hash of ECDSA in active authentication.
    """

    entries: frozenset[bytes] = field(repr=False)
    pace: tuple[PaceInfo, ...]
    chip_authentication: tuple[ChipAuthenticationInfo, ...]
    keys: tuple[ChipKey, ...]
    terminal_authentication: bool
    active_hash: str | None
    pace_offered: bool
    unusable: tuple[str, ...]

    @property
    def pace_entries(self) -> frozenset[bytes]:
        """The entries about PACE, as they lie there."""
        return frozenset(entry for entry in self.entries if protocols.PACE in entry[:16])

    def key_for(self, info: ChipAuthenticationInfo) -> ChipKey | None:
        """Return the key that ``info`` is for: same agreement, same number where there is one."""
        fitting = [k for k in self.keys if k.key.group.family == info.protocol.agreement]
        return next((k for k in fitting if k.key_id == info.key_id or len(fitting) == 1), None)


def read(raw: bytes, file: str) -> SecurityInfos:
    """Read the SET of ``file``, whose offsets count from its start; LdsError if it is none."""
    with reading(file):
        outer = tlv.read(raw)
        if outer.tag != _SET:
            raise LdsError(file, 0, f"starts with tag {outer.tag:X}, not {_SET:X}")
        parts = list(_entries(outer))
    found = _Found()
    for entry in parts:
        found.take(entry)
    whole = frozenset(tlv.encode(entry.tag, entry.value) for entry in parts)
    return found.infos(whole)


def _entries(outer: Tlv) -> Iterator[Tlv]:
    for count, entry in enumerate(tlv.elements(outer.value, outer.offset)):
        if count >= _MOST or entry.tag != _SEQUENCE:
            raise TlvError(entry.offset, f"entry {count} is no SecurityInfo")
        yield entry


class _Found:
    """Collects what the entries say."""

    def __init__(self) -> None:
        self._pace: list[PaceInfo] = []
        self._ca: list[ChipAuthenticationInfo] = []
        self._keys: list[ChipKey] = []
        self._ta = self._offered = False
        self._active_hash: str | None = None
        self._unusable: list[str] = []

    def infos(self, entries: frozenset[bytes]) -> SecurityInfos:
        """Return everything collected."""
        return SecurityInfos(
            entries,
            tuple(self._pace),
            tuple(self._ca),
            tuple(self._keys),
            self._ta,
            self._active_hash,
            self._offered,
            tuple(self._unusable),
        )

    def take(self, entry: Tlv) -> None:
        """Read one entry, or say why it is of no use."""
        try:
            oid, *rest = tlv.children(entry)
            if oid.tag == _OID and rest:
                self._read(oid.value, rest)
        except (TlvError, UnknownGroup, ValueError) as error:
            self._unusable.append(f"{entry.value[2:12].hex()}: {error}")

    def _read(self, oid: bytes, rest: list[Tlv]) -> None:
        self._offered = self._offered or oid[: len(protocols.PACE)] == protocols.PACE
        if oid in PACE_PROTOCOLS:
            self._pace.append(_pace_info(PACE_PROTOCOLS[oid], rest))
        elif oid in CHIP_AUTHENTICATION_PROTOCOLS:
            self._ca.append(_chip_authentication(CHIP_AUTHENTICATION_PROTOCOLS[oid], rest))
        elif oid[:-1] == protocols.PUBLIC_KEY:
            self._keys.append(ChipKey(agreement_key(rest[0]), _optional(rest[1:])))
        elif oid == protocols.TERMINAL_AUTHENTICATION:
            self._ta = self._ta or integer(rest[0]) == 1
        elif oid == protocols.ACTIVE_AUTHENTICATION:
            self._active_hash = _hash_of(rest)


def _pace_info(protocol: PaceProtocol, rest: list[Tlv]) -> PaceInfo:
    version, number = integer(rest[0]), _optional(rest[1:])
    if version != _PACE_VERSION:
        raise UnknownGroup(f"{protocol} of version {version}")
    if number is None:
        raise UnknownGroup(f"{protocol} with domain parameters of the chip's own")
    group = standard_group(number)
    if group.family != protocol.agreement:
        raise UnknownGroup(f"{protocol} over {group.name}")
    return PaceInfo(protocol, group, number)


def _chip_authentication(
    protocol: ChipAuthenticationProtocol, rest: list[Tlv]
) -> ChipAuthenticationInfo:
    if (version := integer(rest[0])) != _CA_VERSION:
        raise UnknownGroup(f"{protocol} of version {version}")
    return ChipAuthenticationInfo(protocol, _optional(rest[1:]))


def _optional(rest: list[Tlv]) -> int | None:
    return integer(rest[0]) if rest and rest[0].tag == _INTEGER else None


_HASHES = {1: "sha1", 2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}
_PLAIN_ECDSA = protocols.BSI + bytes([1, 1, 4, 1])


def _hash_of(rest: list[Tlv]) -> str | None:
    """Return the hash that the OID of a plain ECDSA signature names (TR-03111 §5.2.1.1)."""
    oid = rest[1].value if len(rest) > 1 else b""
    return _HASHES.get(oid[-1]) if oid[:-1] == _PLAIN_ECDSA else None
