"""Each authentication as a check: what was tried with the chip, and how it ended.

A refusal, a wrong answer or a key that is none is *failed*: the chip offered the proof and did not
give it. What the chip does not offer, or we cannot compute, is *not supported*.
"""

from __future__ import annotations

from contextlib import suppress

from edge.documents.chip import (
    active_authentication,
    card_security,
    chip_authentication,
    security_infos,
    terminal_authentication,
)
from edge.documents.chip.access import Access, Opening
from edge.documents.chip.chip_authentication import Agreed
from edge.documents.chip.errors import ChipRefused, MessageForged, NotAuthentic
from edge.documents.chip.keys import Random
from edge.documents.chip.pace import Established
from edge.documents.chip.record import Record
from edge.documents.chip.security_infos import SecurityInfos
from edge.documents.chip.session import Conversation
from edge.documents.chip.terminal_authentication import Terminal, TerminalError
from edge.documents.lds import LdsError
from edge.documents.lds import security_infos as dg14_content
from edge.documents.result import (
    Check,
    Status,
    aborted,
    failed,
    not_supported,
    successful,
)
from edge.documents.signatures import NotSupported


def succeeded(record: Record, name: str) -> bool:
    """Whether authentication ``name`` was tried and succeeded."""
    check = record.authentications.get(name)
    return check is not None and check.status is Status.SUCCESSFUL


def without_key(name: str, *, signed: bool, asked: bool) -> Check:
    """Return what an authentication is whose key, in file ``name``, was not read."""
    if not asked:
        return not_supported(f"EF.{name} was not asked for")
    if signed:
        return failed(f"EF.SOD lists EF.{name}, and the chip does not give it")
    return not_supported("the chip offers none")


def mapping(established: Established, record: Record) -> Check:
    """Check PACE's chip authentication mapping against EF.CardSecurity."""
    raw = record.files.get(card_security.FILE)
    if raw is None:
        return failed("the chip does not give EF.CardSecurity, where its key should be")
    try:
        how = chip_authentication.check_mapping(established, card_security.read(raw).infos)
    except (LdsError, NotAuthentic) as error:
        return failed(str(error))
    return successful(how)


def infos_of(record: Record) -> SecurityInfos | None:
    """Return the SecurityInfos of EF.DG14, None where it was not read; LdsError if unreadable."""
    if "DG14" not in record.files:
        return None
    return security_infos.read(dg14_content(record.files["DG14"]), "DG14")


def note_card_access(record: Record, infos: SecurityInfos | None) -> None:
    """Check EF.CardAccess, which nobody signs, against EF.DG14: nothing hidden, nothing added."""
    check = _card_access(record.files.get("CardAccess"), infos)
    if check is not None:
        record.authentications["card_access"] = check
        if check.status is Status.FAILED:
            record.downgrades.append(f"EF.CardAccess: {check.detail}")


def _card_access(raw: bytes | None, infos: SecurityInfos | None) -> Check | None:
    if infos is None:
        return aborted("there is no EF.DG14 to compare with") if raw is not None else None
    signed = infos.pace_entries
    if raw is None:
        return failed("EF.DG14 offers PACE, and the chip showed none") if signed else None
    shown = security_infos.read(raw, "CardAccess").pace_entries
    if shown == signed:
        return successful()
    if not signed:
        return not_supported("EF.DG14 repeats none of it")  # early chips; what is shown is stronger
    hidden, added = len(signed - shown), len(shown - signed)
    return failed(f"of the ways of PACE it leaves out {hidden} and adds {added}")


def agree(
    talk: Conversation, infos: SecurityInfos, random: Random, record: Record
) -> Agreed | None:
    """Do chip authentication; its check is recorded, to be confirmed by the chip's next answer."""
    name = "chip_authentication"
    if not infos.chip_authentication and not infos.keys:
        record.authentications[name] = not_supported("the chip offers none")
        return None
    chosen = chip_authentication.choice(infos)
    if chosen is None:
        reasons = "; ".join(infos.unusable) or "no key fits"
        record.authentications[name] = not_supported(reasons)
        return None
    try:
        agreed = chip_authentication.authenticate(talk, *chosen, random)
    except (ChipRefused, NotAuthentic) as error:
        record.authentications[name] = failed(str(error))
        return None
    record.authentications[name] = successful(agreed.how)
    return agreed


def sign(talk: Conversation, random: Random, record: Record) -> Check:
    """Do active authentication."""
    try:
        key = active_authentication.key_of(record.files["DG15"])
        ecdsa_hash = _active_hash(record)
        return successful(active_authentication.authenticate(talk, key, ecdsa_hash, random))
    except NotSupported as error:
        return not_supported(str(error))
    except (ChipRefused, NotAuthentic, MessageForged, LdsError) as error:
        return failed(str(error))


def _active_hash(record: Record) -> str | None:
    with suppress(LdsError):
        infos = infos_of(record)
        return infos.active_hash if infos else None
    return None


def prove_ourselves(
    talk: Conversation,
    terminal: Terminal,
    access: Access,
    agreed: Agreed | None,
    opening: Opening,
    record: Record,
) -> Check:
    """Do terminal authentication over the key with which the session was agreed."""
    session_key = _session_key(access, agreed)
    if session_key is None:
        return aborted("neither chip authentication nor its mapping succeeded")
    trusted = terminal_authentication.trust_points(record.files.get("CVCA", b""))
    try:
        who = terminal_authentication.authenticate(
            talk, terminal, trusted, _chip_name(access, opening), session_key
        )
    except TerminalError as error:
        return not_supported(str(error))
    except ChipRefused as error:
        return failed(str(error))
    return successful(f"as {who}")


def _session_key(access: Access, agreed: Agreed | None) -> bytes | None:
    if agreed is not None:
        return agreed.compressed_key
    pace = access.established
    if pace is not None and pace.protocol.mapping == "CAM":
        return pace.group.compressed(pace.terminal_key)
    return None


def _chip_name(access: Access, opening: Opening) -> bytes:
    pace = access.established
    if pace is None:
        return terminal_authentication.name_after_bac(opening.key_input)
    return pace.group.compressed(pace.chip_key)
