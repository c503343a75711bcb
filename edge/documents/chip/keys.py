"""A session's keys, and where its counting of messages starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge.documents.chip.ciphers import TRIPLE_DES, Cipher

#: Gives that many unpredictable bytes.
Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Keys:
    """A pair of keys, one to encrypt and one for checksums, never shown."""

    enc: bytes = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """What secure messaging starts from: keys, the send sequence counter, the cipher."""

    keys: Keys
    counter: int
    cipher: Cipher = TRIPLE_DES


def session_keys(cipher: Cipher, secret: bytes) -> Keys:
    """Return the session's keys that a shared ``secret`` gives (Doc 9303-11 §9.7.4)."""
    return Keys(cipher.derive(secret, 1), cipher.derive(secret, 2))


def agreed_session(cipher: Cipher, secret: bytes) -> Session:
    """Return the session of an agreed ``secret``: it counts from zero (§9.8.6.3, 9.8.7.3)."""
    return Session(session_keys(cipher, secret), 0, cipher)
