"""Two-key triple DES, retail MAC and padding as chips use them (ICAO Doc 9303-11).

1. Keys: SHA-1 of a seed and a counter, cut to 16 bytes, each byte of odd parity (§9.7.1).
2. Encryption: CBC with a zero IV, no padding of its own (§4.3.3.1, §9.8.6).
3. Checksum: ISO/IEC 9797-1 MAC algorithm 3, "retail MAC", with DES; the caller pads (§4.3.3.2).
4. Padding: 80, then 00 to the end of the block (ISO/IEC 9797-1 method 2).
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

BLOCK = 8
_ZERO_IV = bytes(BLOCK)


def derive(seed: bytes, counter: int) -> bytes:
    """Return the 16-byte key of ``seed``; counter 1 is for encryption, 2 for checksums."""
    digest = hashlib.sha1(seed + counter.to_bytes(4, "big")).digest()  # noqa: S324 the standard's
    return bytes(_odd(byte) for byte in digest[:16])


def _odd(byte: int) -> int:
    return byte ^ (byte.bit_count() + 1) % 2


def encrypt(key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
    """Encrypt whole blocks."""
    encryptor = Cipher(TripleDES(key + key[:8]), modes.CBC(iv or _ZERO_IV)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypt(key: bytes, data: bytes, iv: bytes | None = None) -> bytes:
    """Decrypt whole blocks."""
    decryptor = Cipher(TripleDES(key + key[:8]), modes.CBC(iv or _ZERO_IV)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def retail_mac(key: bytes, padded: bytes) -> bytes:
    """Return the 8-byte checksum of whole blocks."""
    single = key[:8] * 2  # triple DES under one key is DES
    last = encrypt(single, padded)[-BLOCK:]
    return encrypt(single, decrypt(key[8:] * 2, last))


def pad(data: bytes, block: int = BLOCK) -> bytes:
    """Pad to whole blocks."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """Take the padding off; ValueError if there is none."""
    stripped = data.rstrip(b"\0")
    if not stripped.endswith(b"\x80"):
        raise ValueError("no padding of ISO/IEC 9797-1 method 2")
    return stripped[:-1]
