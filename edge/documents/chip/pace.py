"""Password Authenticated Connection Establishment, the terminal's side (Doc 9303-11 §4.4).

1. The chip's nonce comes encrypted under a key of the password: the MRZ or the card access number.
2. Both map the nonce to a new generator: generic and chip authentication mapping by an agreement of
   their own, integrated mapping by a nonce of the terminal's.
3. Both agree on a secret with that generator; keys follow. The two public keys must differ.
4. Each proves by a token over the other's public key that it has the keys. With chip authentication
   mapping the chip also sends a number, encrypted, that ties its mapping key to its static key.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from edge.documents import tlv
from edge.documents.chip import crypto
from edge.documents.chip.errors import PaceFailed
from edge.documents.chip.groups import BadKey, Group, new_secret
from edge.documents.chip.keys import Keys, Random, Session, session_keys
from edge.documents.chip.mapping import pseudo_random
from edge.documents.chip.protocols import PaceProtocol

MRZ, CAN = 1, 2  # references of the passwords (§4.4.4.1)
PUBLIC_KEY = 0x7F49
_PASSWORD = 3  # the counter that derives a password's key
_ALL_ONES = b"\xff" * 16


@dataclass(frozen=True, slots=True)
class Password:
    """What opens the chip: which password it is, and its encoding (§9.7.3, table 14)."""

    reference: int
    secret: bytes = field(repr=False)


def mrz_password(key_input: str) -> Password:
    """Return the password of the "MRZ information" (``Mrz.key_input``)."""
    return Password(MRZ, hashlib.sha1(key_input.encode("ascii")).digest())  # noqa: S324


def can_password(can: str) -> Password:
    """Return the password of the card access number."""
    return Password(CAN, can.encode("latin-1"))


def password_key(protocol: PaceProtocol, password: Password) -> bytes:
    """Return the key under which the nonce travels."""
    return protocol.cipher.derive(password.secret, _PASSWORD)


def token_input(protocol: PaceProtocol, group: Group, public: bytes) -> bytes:
    """Return the public key data object that a token is computed over (§4.4.3.4)."""
    body = tlv.encode(0x06, protocol.oid) + tlv.encode(group.tag, public)
    return tlv.encode(PUBLIC_KEY, body)


def token(protocol: PaceProtocol, group: Group, keys: Keys, public: bytes) -> bytes:
    """Return the 8-byte token over the other side's ``public`` key."""
    return protocol.cipher.token(keys.mac, token_input(protocol, group, public))


def chip_data_iv(protocol: PaceProtocol, keys: Keys) -> bytes:
    """Return the IV of the chip authentication data: E(key, -1) (§4.4.3.5.4)."""
    return protocol.cipher.encrypt(keys.enc, _ALL_ONES)


@dataclass(frozen=True, slots=True)
class Established:
    """What PACE ended with: the session, both ephemeral keys, and what binds the chip's own key.

    ``mapping_key`` is the chip's public key of the mapping; ``chip_data`` its decrypted chip
    authentication data (chip authentication mapping only).
    """

    protocol: PaceProtocol
    session: Session
    group: Group
    chip_key: bytes = field(repr=False)
    terminal_key: bytes = field(repr=False)
    mapping_key: bytes = field(repr=False)
    chip_data: bytes | None = field(repr=False, default=None)


class Pace:
    """One run, step by step; each raises PaceFailed with the number of the step."""

    def __init__(
        self, protocol: PaceProtocol, group: Group, password: Password, random: Random
    ) -> None:
        self._protocol, self._random = protocol, random
        self._static = self._group = group
        self._key = password_key(protocol, password)
        self._nonce = self._mapping_data = self._chip_mapping_key = self._chip_key = b""
        self._secret = 0

    def take_nonce(self, encrypted: bytes) -> None:
        """Step 1: decrypt the chip's nonce."""
        if not encrypted or len(encrypted) % self._protocol.cipher.block or len(encrypted) > 64:
            raise PaceFailed(1, f"an encrypted nonce of {len(encrypted)} bytes")
        self._nonce = self._protocol.cipher.decrypt(self._key, encrypted)

    def mapping_data(self) -> bytes:
        """Step 2: return our mapping data, a public key or a nonce."""
        if self._protocol.mapping == "IM":
            self._mapping_data = self._random(self._protocol.cipher.key_size)
        else:
            self._secret = new_secret(self._group, self._random)
            self._mapping_data = self._group.public(self._secret)
        return self._mapping_data

    def take_mapping(self, answer: bytes) -> None:
        """Step 2: take the chip's mapping data and map."""
        self._chip_mapping_key = answer
        try:
            self._group = self._mapped(answer)
        except BadKey as error:
            raise PaceFailed(2, str(error)) from error

    def _mapped(self, answer: bytes) -> Group:
        if self._protocol.mapping != "IM":
            nonce = int.from_bytes(self._nonce, "big")
            return self._group.generic(nonce, self._secret, answer)
        p = self._group.p
        element = pseudo_random(self._protocol.cipher, self._nonce, self._mapping_data, p)
        return self._group.integrated(element)

    def public_key(self) -> bytes:
        """Step 3: return our public key under the new generator."""
        self._secret = new_secret(self._group, self._random)
        self._public = self._group.public(self._secret)
        return self._public

    def take_public_key(self, chip_key: bytes) -> None:
        """Step 3: agree with the chip's public key."""
        if chip_key == self._public:
            raise PaceFailed(3, "the chip sent our own public key back")
        try:
            secret = self._group.agree(self._secret, chip_key)
        except BadKey as error:
            raise PaceFailed(3, str(error)) from error
        self._chip_key, self._keys = chip_key, session_keys(self._protocol.cipher, secret)

    def token(self) -> bytes:
        """Step 4: return our token."""
        return token(self._protocol, self._group, self._keys, self._chip_key)

    def finish(self, chip_token: bytes, encrypted_data: bytes | None = None) -> Established:
        """Step 4: check the chip's token, decrypt its chip authentication data."""
        right = token(self._protocol, self._group, self._keys, self._public)
        if not hmac.compare_digest(right, chip_token):
            raise PaceFailed(4, "the chip's token is wrong")
        return Established(
            self._protocol,
            Session(self._keys, 0, self._protocol.cipher),
            self._static,
            self._chip_key,
            self._public,
            self._chip_mapping_key,
            self._chip_data(encrypted_data),
        )

    def _chip_data(self, encrypted: bytes | None) -> bytes | None:
        if encrypted is None or self._protocol.mapping != "CAM":
            return None
        cipher = self._protocol.cipher
        try:
            iv = chip_data_iv(self._protocol, self._keys)
            return crypto.unpad(cipher.decrypt(self._keys.enc, encrypted, iv))
        except ValueError as error:
            raise PaceFailed(4, f"chip authentication data that do not open: {error}") from error
