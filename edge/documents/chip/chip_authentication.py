"""Chip authentication: an agreement with the chip's static key; new session keys (§6.2).

1. EF.DG14 holds the static key and says which ciphers it is for; AES goes before triple DES.
2. With triple DES our ephemeral key goes into MSE:Set KAT. Chips that do not know it are asked by
   the way of AES: MSE:Set AT, then GENERAL AUTHENTICATE (§8.5, note 1).
3. Both commands and their answers are still under the old keys; everything after is under the new
   ones. That the chip has its key is proven by the first answer that opens under them.
4. The chip authentication data of PACE (CAM) prove the same at once (§4.4.3.5.2).
5. Either counts only once the file that holds the key is proven (see ``binding``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge.documents import tlv
from edge.documents.chip.apdu import SHORT_LE, SUCCESS, Command
from edge.documents.chip.ciphers import CIPHERS, TRIPLE_DES
from edge.documents.chip.errors import ChipRefused, NotAuthentic
from edge.documents.chip.groups import BadKey, CurveGroup, new_secret
from edge.documents.chip.keys import Random, agreed_session
from edge.documents.chip.pace import Established
from edge.documents.chip.secure_messaging import Channel
from edge.documents.chip.security_infos import ChipAuthenticationInfo, ChipKey, SecurityInfos
from edge.documents.chip.session import Conversation

DYNAMIC_DATA = 0x7C
_MECHANISM, _KEY_REFERENCE, _EPHEMERAL_KAT, _EPHEMERAL_GA = 0x80, 0x84, 0x91, 0x80
_DOING = "chip authentication"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed: how, and Comp() of our ephemeral key, for terminal authentication."""

    how: str
    compressed_key: bytes = field(repr=False)


def choice(infos: SecurityInfos) -> tuple[ChipAuthenticationInfo, ChipKey] | None:
    """Return the strongest way whose key is there, None if there is none."""
    ways = sorted(infos.chip_authentication, key=lambda i: -CIPHERS.index(i.protocol.cipher))
    for info in ways:
        if (key := infos.key_for(info)) is not None:
            return info, key
    return None


def authenticate(
    talk: Conversation, info: ChipAuthenticationInfo, key: ChipKey, random: Random
) -> Agreed:
    """Agree on new keys and go over to them; ChipRefused or NotAuthentic leaves the old ones."""
    group = key.key.group
    secret = new_secret(group, random)
    public = group.public(secret)
    try:
        shared = group.agree(secret, key.key.public)
    except BadKey as error:
        raise NotAuthentic(f"the chip's static key: {error}") from error
    reference = _reference(key.key_id)
    if info.protocol.cipher is TRIPLE_DES:
        _first_that_works(
            lambda: _by_agreement_template(talk, public, reference),
            lambda: _by_general_authenticate(talk, info, public, reference),
        )
    else:
        _by_general_authenticate(talk, info, public, reference)
    talk.channel = Channel.after(agreed_session(info.protocol.cipher, shared))
    return Agreed(f"{info.protocol} over {group.name}", group.compressed(public))


def _reference(key_id: int | None) -> bytes:
    if key_id is None:
        return b""
    size = max(1, (key_id.bit_length() + 7) // 8)
    return tlv.encode(_KEY_REFERENCE, key_id.to_bytes(size, "big"))


def _first_that_works(one: Callable[[], None], other: Callable[[], None]) -> None:
    try:
        one()
    except ChipRefused:
        other()


def _by_agreement_template(talk: Conversation, public: bytes, reference: bytes) -> None:
    _must(talk, Command(0, 0x22, 0x41, 0xA6, tlv.encode(_EPHEMERAL_KAT, public) + reference))


def _by_general_authenticate(
    talk: Conversation, info: ChipAuthenticationInfo, public: bytes, reference: bytes
) -> None:
    mechanism = tlv.encode(_MECHANISM, info.protocol.oid)
    _must(talk, Command(0, 0x22, 0x41, 0xA4, mechanism + reference))
    data = tlv.encode(DYNAMIC_DATA, tlv.encode(_EPHEMERAL_GA, public))
    _must(talk, Command(0, 0x86, 0, 0, data, le=SHORT_LE))


def _must(talk: Conversation, command: Command) -> None:
    answer = talk.ask(command, _DOING)
    if answer.status != SUCCESS:
        raise ChipRefused(_DOING, answer.status)


def check_mapping(established: Established, infos: SecurityInfos) -> str:
    """Return how PACE's chip authentication mapping was proven; NotAuthentic if it was not.

    ``infos`` are those of EF.CardSecurity.
    """
    key = _mapping_key(established, infos)
    group = key.key.group
    if established.chip_data is None:
        raise NotAuthentic("the chip sent no chip authentication data")
    if not isinstance(group, CurveGroup) or group != established.group:
        raise NotAuthentic(f"the chip's static key is of {group.name}, its mapping is not")
    factor = int.from_bytes(established.chip_data, "big")
    try:
        right = group.times(factor, key.key.public) == established.mapping_key
    except BadKey as error:
        raise NotAuthentic(str(error)) from error
    if not right:
        raise NotAuthentic("the chip authentication data do not fit the chip's static key")
    return f"{established.protocol} over {group.name}"


def _mapping_key(established: Established, infos: SecurityInfos) -> ChipKey:
    fitting = [k for k in infos.keys if k.key.group == established.group]
    if not fitting:
        raise NotAuthentic("EF.CardSecurity holds no key for the mapping")
    return fitting[0]
