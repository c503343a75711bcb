"""PACE, the chip's side (Doc 9303-11 §4.4): the same four steps, answered.

1. MSE:Set AT names protocol, password and, if there is a choice, domain parameters.
2. GENERAL AUTHENTICATE four times, chained; anything out of order ends the run.
3. With chip authentication mapping the last answer carries the chip authentication data.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from edge.documents import tlv
from edge.documents.chip import crypto, pace
from edge.documents.chip.apdu import Response
from edge.documents.chip.groups import BadKey, Group, new_secret
from edge.documents.chip.keys import Keys, Random, Session, session_keys
from edge.documents.chip.mapping import nonce_size, pseudo_random
from edge.documents.chip.pace import Password
from edge.documents.chip.security_infos import PaceInfo, SecurityInfos
from simulators.chip.faults import ChipFaults
from simulators.chip.keys import AgreementSecret

WRONG_DATA = Response(b"", 0x6A80)
NOT_FOUND = Response(b"", 0x6A88)
FAILED = Response(b"", 0x6300)
_CHAINED = 0x10


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a run ended with: the session, and Comp() of both ephemeral keys."""

    session: Session
    chip_key: bytes
    terminal_key: bytes
    with_mapping: bool


@dataclass
class ChipPace:
    """One chip's PACE. ``agreed`` is set when a run succeeds."""

    infos: SecurityInfos
    passwords: dict[int, Password]
    static_keys: tuple[AgreementSecret, ...]
    random: Random
    faults: ChipFaults
    agreed: Agreed | None = None
    _info: PaceInfo | None = None
    _step: int = 0
    _nonce: bytes = b""
    _secret: int = 0
    _mapping_secret: int = 0
    _group: Group | None = None
    _keys: Keys | None = field(default=None, repr=False)

    def select(self, parts: dict[int, bytes]) -> Response:
        """MSE:Set AT."""
        self._info, self._step, self.agreed = None, 0, None
        fitting = [i for i in self.infos.pace if i.protocol.oid == parts.get(0x80)]
        named = parts.get(0x84)
        if named is None and self.faults.wants_tag_84:
            return WRONG_DATA
        if named is not None:
            fitting = [i for i in fitting if i.parameter_id == int.from_bytes(named, "big")]
        reference = int.from_bytes(parts.get(0x83, b""), "big")
        if not fitting or reference not in self.passwords:
            return WRONG_DATA if not fitting else NOT_FOUND
        self._info, self._password = fitting[0], self.passwords[reference]
        return Response()

    def step(self, cla: int, parts: dict[int, bytes]) -> Response:
        """GENERAL AUTHENTICATE with the objects ``parts``."""
        self._step += 1
        if self._info is None or self._step > 4 or bool(cla & _CHAINED) != (self._step < 4):
            return Response(b"", 0x6985)
        if self.faults.pace_step == self._step:
            return self._ended(FAILED)
        steps = (self._give_nonce, self._map, self._agree, self._authenticate)
        try:
            answer = steps[self._step - 1](self._info, parts)
        except (BadKey, KeyError):
            return self._ended(WRONG_DATA)
        if not answer:
            return self._ended(FAILED)
        return Response(tlv.encode(0x7C, answer))

    def _ended(self, answer: Response) -> Response:
        self._info = None
        return answer

    def _give_nonce(self, info: PaceInfo, _: dict[int, bytes]) -> bytes:
        size = nonce_size(info.protocol.cipher) if info.protocol.mapping == "IM" else 16
        self._nonce = self.random(size)
        key = pace.password_key(info.protocol, self._password)
        return tlv.encode(0x80, info.protocol.cipher.encrypt(key, self._nonce))

    def _map(self, info: PaceInfo, parts: dict[int, bytes]) -> bytes:
        data = parts[0x81]
        if info.protocol.mapping == "IM":
            element = pseudo_random(info.protocol.cipher, self._nonce, data, info.group.p)
            self._group = info.group.integrated(element)
            return tlv.encode(0x82, b"")
        self._mapping_secret = new_secret(info.group, self.random)
        nonce = int.from_bytes(self._nonce, "big")
        self._group = info.group.generic(nonce, self._mapping_secret, data)
        return tlv.encode(0x82, info.group.public(self._mapping_secret))

    def _agree(self, info: PaceInfo, parts: dict[int, bytes]) -> bytes:
        assert self._group is not None
        self._terminal_key = parts[0x83]
        self._secret = new_secret(self._group, self.random)
        self._public = self._group.public(self._secret)
        shared = self._group.agree(self._secret, self._terminal_key)
        self._keys = session_keys(info.protocol.cipher, shared)
        return tlv.encode(0x84, self._public)

    def _authenticate(self, info: PaceInfo, parts: dict[int, bytes]) -> bytes:
        assert self._group is not None
        assert self._keys is not None
        right = pace.token(info.protocol, self._group, self._keys, self._public)
        if not hmac.compare_digest(right, parts[0x85]):
            return b""
        ours = pace.token(info.protocol, self._group, self._keys, self._terminal_key)
        self.agreed = Agreed(
            Session(self._keys, 0, info.protocol.cipher),
            info.group.compressed(self._public),
            info.group.compressed(self._terminal_key),
            info.protocol.mapping == "CAM",
        )
        return tlv.encode(0x86, ours) + self._chip_data(info)

    def _chip_data(self, info: PaceInfo) -> bytes:
        if info.protocol.mapping != "CAM":
            return b""
        static = next(k for k in self.static_keys if k.group == info.group)
        assert self._keys is not None
        order, size = info.group.order, (info.group.order.bit_length() + 7) // 8
        number = pow(static.secret, -1, order) * self._mapping_secret % order
        cipher = info.protocol.cipher
        padded = crypto.pad(number.to_bytes(size, "big"), cipher.block)
        iv = pace.chip_data_iv(info.protocol, self._keys)
        return tlv.encode(0x8A, cipher.encrypt(self._keys.enc, padded, iv))
