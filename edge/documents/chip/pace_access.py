"""PACE as commands: MSE:Set AT, then a chain of four GENERAL AUTHENTICATE (Doc 9303-11 §4.4.4).

1. MSE:Set AT carries no Le: German chips take a stray one for an error.
2. It names the domain parameters (84) where the chip offers several; a chip that refuses is asked
   once more the other way: some want them named though there is no choice.
3. All but the last GENERAL AUTHENTICATE have the chaining bit in their class.
"""

from __future__ import annotations

from edge.documents import tlv
from edge.documents.chip.apdu import EXTENDED_LE, SHORT_LE, SUCCESS, Command, Response, meaning
from edge.documents.chip.ciphers import TRIPLE_DES
from edge.documents.chip.errors import PaceFailed
from edge.documents.chip.keys import Random
from edge.documents.chip.pace import Established, Pace, Password
from edge.documents.chip.security_infos import PaceInfo, SecurityInfos
from edge.documents.chip.session import Conversation
from edge.documents.tlv import TlvError

CHAINED = 0x10
DYNAMIC_DATA = 0x7C
_MECHANISM, _PASSWORD, _PARAMETERS = 0x80, 0x83, 0x84
_TRIES_LEFT = 0x63C0  # the password may be tried, so many times
_LONG_PRIME = 1600  # bits of p above which a public key leaves no room in 256 bytes
_FIRST_STRONG = 10  # the standardized parameters 8 and 9 have 192 bits


def choice(infos: SecurityInfos) -> PaceInfo | None:
    """Return the way to take: one that proves the chip too, then AES, curves, enough bits."""
    usable = [info for info in infos.pace if _computable(info)]
    return min(usable, key=_rank, default=None)


def _rank(info: PaceInfo) -> tuple[bool, ...]:
    return (
        info.protocol.mapping != "CAM",
        info.protocol.cipher is TRIPLE_DES,
        info.protocol.agreement != "ECDH",
        info.parameter_id is not None and info.parameter_id < _FIRST_STRONG,
    )


def _computable(info: PaceInfo) -> bool:
    integrated_on_a_curve = (info.protocol.mapping, info.protocol.agreement) == ("IM", "ECDH")
    return not integrated_on_a_curve or info.group.p % 4 == 3


def establish(
    talk: Conversation,
    info: PaceInfo,
    password: Password,
    random: Random,
    *,
    ambiguous: bool,
    habits: list[str],
) -> Established:
    """Run PACE; PaceFailed with the step where it ended. Secure messaging is for the caller.

    ``ambiguous`` is whether the chip offers several sets of domain parameters; ``habits`` is told
    what this chip needed beyond the standard.
    """
    _select(talk, info, password, ambiguous=ambiguous, habits=habits)
    run = Pace(info.protocol, info.group, password, random)
    le = EXTENDED_LE if info.group.p.bit_length() > _LONG_PRIME else SHORT_LE
    run.take_nonce(_step(talk, 1, b"", le)[0x80])
    run.take_mapping(_step(talk, 2, tlv.encode(0x81, run.mapping_data()), le)[0x82])
    run.take_public_key(_step(talk, 3, tlv.encode(0x83, run.public_key()), le)[0x84])
    last = _step(talk, 4, tlv.encode(0x85, run.token()), le)
    return run.finish(last[0x86], last.get(0x8A))


def _select(
    talk: Conversation, info: PaceInfo, password: Password, *, ambiguous: bool, habits: list[str]
) -> None:
    answer = _set_template(talk, info, password, named=ambiguous)
    if _refused(answer) and info.parameter_id is not None:
        first, answer = answer, _set_template(talk, info, password, named=not ambiguous)
        if not _refused(answer):
            with_or_without = "without" if ambiguous else "with"
            habits.append(
                f"MSE:Set AT refused ({first.status:04X}), taken {with_or_without} tag 84"
            )
    if _refused(answer):
        raise PaceFailed(0, f"MSE:Set AT: {answer.status:04X} ({meaning(answer.status)})")


def _refused(answer: Response) -> bool:
    return answer.status != SUCCESS and answer.status & 0xFFF0 != _TRIES_LEFT


def _set_template(
    talk: Conversation, info: PaceInfo, password: Password, *, named: bool
) -> Response:
    data = tlv.encode(_MECHANISM, info.protocol.oid)
    data += tlv.encode(_PASSWORD, bytes([password.reference]))
    if named and info.parameter_id is not None:
        data += tlv.encode(_PARAMETERS, bytes([info.parameter_id]))
    return talk.ask(Command(0, 0x22, 0xC1, 0xA4, data), "PACE, MSE:Set AT")


class _Objects(dict[int, bytes]):
    """The data objects of one answer; a missing one is PaceFailed."""

    def __init__(self, step: int, parts: dict[int, bytes]) -> None:
        super().__init__(parts)
        self._step = step

    def __missing__(self, tag: int) -> bytes:
        if (self._step, tag) == (2, 0x82):
            return b""  # integrated mapping: chips leave the empty object out
        raise PaceFailed(self._step, f"the chip's answer has no object {tag:X}")


def _step(talk: Conversation, step: int, data: bytes, le: int) -> _Objects:
    cla = CHAINED if step < 4 else 0
    command = Command(cla, 0x86, 0, 0, tlv.encode(DYNAMIC_DATA, data), le=le)
    answer = talk.ask(command, f"PACE step {step}")
    if answer.status != SUCCESS:
        raise PaceFailed(step, f"the chip answered {answer.status:04X} ({meaning(answer.status)})")
    try:
        outer = tlv.read(answer.data)
        if outer.tag != DYNAMIC_DATA:
            raise PaceFailed(step, f"the chip's answer is an object {outer.tag:X}, not 7C")
        return _Objects(step, {part.tag: part.value for part in tlv.children(outer)})
    except TlvError as error:
        raise PaceFailed(step, f"the chip's answer is no BER-TLV: {error}") from error
