"""What an opened chip can be told besides reading: to prove itself, and to believe a terminal.

1. MSE:Set KAT (41A6) or Set AT (41A4) and GENERAL AUTHENTICATE: chip authentication. The answer is
   still under the old keys; the new session starts after it.
2. INTERNAL AUTHENTICATE: active authentication.
3. MSE:Set DST (81B6), PSO:Verify Certificate, MSE:Set AT (81A4), GET CHALLENGE, EXTERNAL
   AUTHENTICATE: terminal authentication, over the key of the latest agreement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edge.documents import tlv
from edge.documents.chip import apdu
from edge.documents.chip.apdu import Command, Response
from edge.documents.chip.ciphers import TRIPLE_DES, Cipher
from edge.documents.chip.keys import Random, Session, agreed_session
from edge.documents.chip.terminal_authentication import name_after_bac
from simulators.chip import proofs
from simulators.chip.faults import ChipFaults
from simulators.chip.keys import ChipKeys
from simulators.chip.pace import Agreed
from simulators.chip.terminals import Terminals

WRONG_DATA = Response(b"", 0x6A80)
_DYNAMIC = 0x7C


def objects(data: bytes, *, dynamic: bool) -> dict[int, bytes] | None:
    """Return the data objects of a command by tag, within 7C if ``dynamic``; None without."""
    try:
        if dynamic:
            outer = tlv.read(data)
            return {e.tag: e.value for e in tlv.children(outer)} if outer.tag == _DYNAMIC else None
        return {element.tag: element.value for element in tlv.elements(data)}
    except tlv.TlvError:
        return None


@dataclass
class OpenChip:
    """One session of an opened chip."""

    keys: ChipKeys
    random: Random
    faults: ChipFaults
    name: bytes
    terminal_key: bytes | None
    terminals: Terminals
    _cipher: Cipher | None = None
    _reference: bytes | None = None
    _new: Session | None = None

    @classmethod
    def after_bac(
        cls, keys: ChipKeys, random: Random, faults: ChipFaults, key_input: str
    ) -> OpenChip:
        """Return the session that Basic Access Control opened."""
        terminals = Terminals(keys.trust_points, random)
        return cls(keys, random, faults, name_after_bac(key_input), None, terminals)

    @classmethod
    def after_pace(
        cls, keys: ChipKeys, random: Random, faults: ChipFaults, agreed: Agreed
    ) -> OpenChip:
        """Return the session that PACE opened."""
        key = agreed.terminal_key if agreed.with_mapping else None
        return cls(keys, random, faults, agreed.chip_key, key, Terminals(keys.trust_points, random))

    @property
    def rights(self) -> Collection[str]:
        """The files that the terminal may read besides."""
        return self.terminals.rights

    def take_new_session(self) -> Session | None:
        """Return the session that chip authentication started, once."""
        session, self._new = self._new, None
        return session

    def carry_out(self, command: Command) -> Response | None:
        """Return the answer, None to an instruction that is not known."""
        match command.ins:
            case 0x22:
                return self._manage(command)
            case 0x86:
                return self._general(command)
            case 0x88 if self.keys.signing is not None:
                return Response(proofs.sign(self.keys.signing, command.data, self.random))
            case 0x2A:
                return self.terminals.verify(command.data)
            case 0x84:
                return self.terminals.challenge()
            case 0x82:
                return self.terminals.prove(command.data, self.name, self.terminal_key)
            case _:
                return None

    def _manage(self, command: Command) -> Response:
        parts = objects(command.data, dynamic=False) or {}
        match command.p1, command.p2:
            case 0x41, 0xA6 if not self.faults.no_agreement_template:
                return self._agree(TRIPLE_DES, parts.get(0x91, b""), parts.get(0x84))
            case 0x41, 0xA4:
                self._cipher = proofs.cipher_of(parts.get(0x80, b""))
                self._reference = parts.get(0x84)
                return Response() if self._cipher else WRONG_DATA
            case 0x81, 0xB6:
                return self.terminals.choose(parts.get(0x83, b""))
            case 0x81, 0xA4:
                return self.terminals.select(parts.get(0x83, b""))
            case _:
                return Response(b"", apdu.WRONG_PARAMETERS)

    def _general(self, command: Command) -> Response:
        parts = objects(command.data, dynamic=True)
        if parts is None or self._cipher is None:
            return WRONG_DATA
        answer = self._agree(self._cipher, parts.get(0x80, b""), self._reference)
        return Response(tlv.encode(_DYNAMIC, b"")) if answer.ok else answer

    def _agree(self, cipher: Cipher, public: bytes, reference: bytes | None) -> Response:
        agreed = proofs.agree(self.keys, public, reference, cipher)
        if agreed is None:
            return WRONG_DATA
        self._new, self.terminal_key = agreed.session, agreed.terminal_key
        if self.faults.no_answer_to_key:
            self._new = agreed_session(cipher, self.random(32))
        return Response()
