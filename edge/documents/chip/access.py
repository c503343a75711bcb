"""Opening a chip: PACE where it offers that, else Basic Access Control (Doc 9303-11 §4.2).

1. EF.CardAccess says whether there is PACE. A chip that does not show it (6982, 6A82 …) has none.
2. PACE that was offered and failed is recorded as failed. Basic Access Control comes after it only
   where the caller allows that, and is then recorded as a downgrade; else the reading ends there.
3. PACE that was offered in ways that we cannot compute is recorded as not supported; the rest is
   as for a failure.
4. The card access number, where it is known, goes before the zone: it opens PACE only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.documents.chip import pace_access, security_infos
from edge.documents.chip.apdu import SHORT_LE, SUCCESS, Command, Response
from edge.documents.chip.bac import NONCE, TOKEN, Handshake, document_keys
from edge.documents.chip.errors import AccessDenied, ChipRefused, FileBroken, PaceFailed
from edge.documents.chip.file_reader import FileReader
from edge.documents.chip.files import APPLICATION, CARD_ACCESS, MASTER_FILE
from edge.documents.chip.keys import Random
from edge.documents.chip.pace import Established, Password, can_password, mrz_password
from edge.documents.chip.record import Record
from edge.documents.chip.secure_messaging import Channel
from edge.documents.chip.security_infos import SecurityInfos
from edge.documents.chip.session import Conversation
from edge.documents.lds import LdsError
from edge.documents.result import failed, not_supported, successful


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens the chip: the zone's key, the card access number, and what may be tried."""

    key_input: str = field(repr=False)
    can: str = field(repr=False, default="")
    bac_after_pace: bool = False

    def password(self) -> Password | None:
        """Return the password for PACE, None where there is none."""
        if self.can:
            return can_password(self.can)
        return mrz_password(self.key_input) if self.key_input else None


@dataclass(frozen=True, slots=True)
class Access:
    """How the chip was opened: ``BAC`` or the protocol of PACE, and what PACE ended with."""

    protocol: str
    established: Established | None = None


def open_chip(
    talk: Conversation, opening: Opening, random: Random, record: Record, *, again: bool = False
) -> Access:
    """Open the chip; raises a ChipError where that does not go.

    After BAC its application is selected, after PACE its master file is. ``again`` is for a chip
    whose session was lost: it is asked to select its master file first.
    """
    talk.channel = None
    if again:  # whatever it answers: some chips know no way to select it, and are there already
        talk.ask(Command(0x00, 0xA4, 0x00, 0x0C, MASTER_FILE), "selecting the master file")
    infos = _card_access(talk, record)
    if infos is None or not infos.pace_offered:
        record.authentications["pace"] = not_supported("the chip offers none")
        return _by_bac(talk, opening, random)
    try:
        established = _by_pace(talk, infos, opening, random, record)
    except PaceFailed as error:
        return _after_failed_pace(talk, opening, random, record, error)
    return Access(str(established.protocol), established)


def _card_access(talk: Conversation, record: Record) -> SecurityInfos | None:
    try:
        raw = FileReader(talk, SHORT_LE).read(CARD_ACCESS)
    except (ChipRefused, FileBroken):
        return None
    try:
        infos = security_infos.read(raw, CARD_ACCESS.name)
    except LdsError as error:
        record.skipped[CARD_ACCESS.name] = str(error)
        return None
    record.files[CARD_ACCESS.name] = raw
    return infos


def _by_pace(
    talk: Conversation, infos: SecurityInfos, opening: Opening, random: Random, record: Record
) -> Established:
    info, password = pace_access.choice(infos), opening.password()
    if info is None:
        reasons = "; ".join(infos.unusable) or "none that we can compute"
        record.authentications["pace"] = not_supported(reasons)
        raise PaceFailed(0, f"the chip offers PACE only in ways that we do not know: {reasons}")
    if password is None:
        raise AccessDenied("this zone has no key for a chip: give a whole zone, or the CAN")
    parameters = {each.parameter_id for each in infos.pace}
    established = pace_access.establish(
        talk, info, password, random, ambiguous=len(parameters) > 1, habits=record.habits
    )
    talk.channel = Channel.after(established.session)
    opened_with = "card access number" if opening.can else "zone"
    how = f"{info.protocol} over {info.group.name} with the {opened_with}"
    record.authentications["pace"] = successful(how)
    return established


def _after_failed_pace(
    talk: Conversation, opening: Opening, random: Random, record: Record, error: PaceFailed
) -> Access:
    record.authentications.setdefault("pace", failed(str(error)))
    if not opening.bac_after_pace:
        raise error
    access = _by_bac(talk, opening, random)
    record.downgrades.append(f"BAC although the chip offers PACE ({error})")
    return access


def _by_bac(talk: Conversation, opening: Opening, random: Random) -> Access:
    talk.channel = None
    select_application(talk)
    basic_access_control(talk, opening.key_input, random)
    return Access("BAC")


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
