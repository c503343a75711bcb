"""The ciphers of secure messaging and PACE: triple DES, AES-128 to -256 (Doc 9303-11 §9.7, 9.8).

1. A key is the start of a hash over secret and counter: SHA-1 for 16 bytes, SHA-256 for more.
2. Messages are encrypted in CBC mode; the IV is zero for triple DES, E(key, counter) for AES.
3. Checksums have 8 bytes: retail MAC for triple DES, CMAC for AES.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from edge.documents.chip import crypto

CHECKSUM = 8  # bytes of every checksum and token


class Cipher(Protocol):
    """A cipher with its checksum. ``key_size`` and ``block`` in bytes."""

    name: str
    key_size: int
    block: int

    def derive(self, secret: bytes, counter: int) -> bytes:
        """Return the key of ``secret``: counter 1 to encrypt, 2 for checksums, 3 for passwords."""

    def iv(self, key: bytes, counter: int) -> bytes:
        """Return the IV of the message that ``counter`` numbers."""

    def encrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """Encrypt whole blocks in CBC mode; the IV is zero unless given."""

    def decrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """Decrypt whole blocks in CBC mode; the IV is zero unless given."""

    def checksum(self, key: bytes, padded: bytes) -> bytes:
        """Return the checksum of whole blocks."""

    def token(self, key: bytes, data: bytes) -> bytes:
        """Return the checksum of any data; the padding is the checksum's own (§4.4.3.4)."""


class TripleDes:
    """Two-key triple DES with retail MAC."""

    name, key_size, block = "3DES", 16, crypto.BLOCK

    def derive(self, secret: bytes, counter: int) -> bytes:
        """Return a 16-byte key of odd parity."""
        return crypto.derive(secret, counter)

    def iv(self, key: bytes, counter: int) -> bytes:
        """Return zero: the counter plays no part."""
        return bytes(self.block)

    def encrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """Encrypt whole blocks."""
        return crypto.encrypt(key, data, iv)

    def decrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """Decrypt whole blocks."""
        return crypto.decrypt(key, data, iv)

    def checksum(self, key: bytes, padded: bytes) -> bytes:
        """Return the retail MAC."""
        return crypto.retail_mac(key, padded)

    def token(self, key: bytes, data: bytes) -> bytes:
        """Return the retail MAC of ``data`` padded."""
        return crypto.retail_mac(key, crypto.pad(data))


class Aes:
    """AES with CMAC; ``bits`` is the key's length."""

    block = 16

    def __init__(self, bits: int) -> None:
        self.name, self.key_size = f"AES{bits}", bits // 8
        self._hash = hashlib.sha1 if bits == 128 else hashlib.sha256

    def derive(self, secret: bytes, counter: int) -> bytes:
        """Return a key."""
        return self._hash(secret + counter.to_bytes(4, "big")).digest()[: self.key_size]

    def iv(self, key: bytes, counter: int) -> bytes:
        """Return the counter, encrypted."""
        return self.encrypt(key, (counter % (1 << 128)).to_bytes(self.block, "big"))

    def encrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """Encrypt whole blocks."""
        encryptor = LibraryCipher(AES(key), modes.CBC(iv or bytes(self.block))).encryptor()
        return encryptor.update(data) + encryptor.finalize()

    def decrypt(self, key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
        """Decrypt whole blocks."""
        decryptor = LibraryCipher(AES(key), modes.CBC(iv or bytes(self.block))).decryptor()
        return decryptor.update(data) + decryptor.finalize()

    def checksum(self, key: bytes, padded: bytes) -> bytes:
        """Return the first 8 bytes of the CMAC."""
        return self.token(key, padded)

    def token(self, key: bytes, data: bytes) -> bytes:
        """Return the first 8 bytes of the CMAC."""
        mac = CMAC(AES(key))
        mac.update(data)
        return mac.finalize()[:CHECKSUM]


TRIPLE_DES = TripleDes()
AES128, AES192, AES256 = Aes(128), Aes(192), Aes(256)

#: In the order in which the object identifiers number them, from 1.
CIPHERS: tuple[Cipher, ...] = (TRIPLE_DES, AES128, AES192, AES256)
