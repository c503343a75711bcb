"""Basic Access Control: proving that the MRZ was seen, and agreeing on keys (Doc 9303-11 §4.3).

1. The document's keys come from document number, birth and expiry, each with its check digit.
2. The chip sends RND.IC; we answer E(RND.IFD ‖ RND.IC ‖ K.IFD) and its checksum.
3. The chip answers the same with its own key. Its checksum and both nonces must be right.
4. The session's keys come from K.IFD ⊕ K.IC; the send sequence counter from the nonces' ends.
"""

from __future__ import annotations

import hashlib
import hmac

from edge.documents.chip.ciphers import TRIPLE_DES
from edge.documents.chip.crypto import decrypt, encrypt, pad, retail_mac
from edge.documents.chip.errors import AccessDenied
from edge.documents.chip.keys import Keys, Random, Session, session_keys

NONCE, KEY, CHECKSUM = 8, 16, 8
TOKEN = 2 * NONCE + KEY  # bytes of E.IFD and of E.IC


def key_seed(key_input: str) -> bytes:
    """Return the 16-byte seed of the "MRZ information" (``Mrz.key_input``)."""
    return hashlib.sha1(key_input.encode("ascii")).digest()[:16]  # noqa: S324 the standard's


def keys_of(seed: bytes) -> Keys:
    """Return the keys that ``seed`` gives."""
    return session_keys(TRIPLE_DES, seed)


def document_keys(key_input: str) -> Keys:
    """Return the document basic access keys of the "MRZ information"."""
    return keys_of(key_seed(key_input))


def sealed(keys: Keys, token: bytes) -> bytes:
    """Return ``token`` encrypted, its checksum after it: what either side sends."""
    encrypted = encrypt(keys.enc, token)
    return encrypted + retail_mac(keys.mac, pad(encrypted))


def opened(keys: Keys, message: bytes) -> bytes | None:
    """Return the token in ``message``, or None where length or checksum is wrong."""
    encrypted, checksum = message[:TOKEN], message[TOKEN:]
    if len(message) != TOKEN + CHECKSUM:
        return None
    if not hmac.compare_digest(retail_mac(keys.mac, pad(encrypted)), checksum):
        return None
    return decrypt(keys.enc, encrypted)


def session_of(k_ifd: bytes, k_ic: bytes, rnd_ic: bytes, rnd_ifd: bytes) -> Session:
    """Return the session that both sides' contributions give."""
    seed = bytes(a ^ b for a, b in zip(k_ifd, k_ic, strict=True))
    return Session(keys_of(seed), int.from_bytes(rnd_ic[4:] + rnd_ifd[4:], "big"))


class Handshake:
    """The terminal's side of one mutual authentication."""

    def __init__(self, keys: Keys, rnd_ic: bytes, random: Random) -> None:
        if len(rnd_ic) != NONCE:
            raise AccessDenied(f"the chip's challenge has {len(rnd_ic)} bytes, not {NONCE}")
        self._keys, self._rnd_ic = keys, rnd_ic
        self._rnd_ifd, self._k_ifd = random(NONCE), random(KEY)

    def challenge(self) -> bytes:
        """Return the data of EXTERNAL AUTHENTICATE."""
        return sealed(self._keys, self._rnd_ifd + self._rnd_ic + self._k_ifd)

    def finish(self, answer: bytes) -> Session:
        """Check the chip's answer and return the session; AccessDenied if anything is wrong."""
        token = opened(self._keys, answer)
        if token is None:
            raise AccessDenied(f"the chip's answer ({len(answer)} bytes) has a wrong checksum")
        rnd_ic, rnd_ifd, k_ic = token[:NONCE], token[NONCE : 2 * NONCE], token[2 * NONCE :]
        if rnd_ic != self._rnd_ic or rnd_ifd != self._rnd_ifd:
            raise AccessDenied("the chip answered another challenge than ours")
        return session_of(self._k_ifd, k_ic, self._rnd_ic, self._rnd_ifd)
