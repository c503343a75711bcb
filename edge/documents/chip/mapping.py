"""The pseudo-random number of the integrated mapping (Doc 9303-11 §4.4.3.3.2, figure 2).

The nonce s encrypted under t gives the first key; each round gives a block x and the next key.
"""

from __future__ import annotations

from edge.documents.chip.ciphers import Cipher

_C128 = tuple(
    bytes.fromhex(number)
    for number in ("A668892A7C41E3CA739F40B057D85904", "A4E136AC725F738B01C1F60217C188AD")
)
_C256 = tuple(
    bytes.fromhex(number)
    for number in (
        "D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676",
        "54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517",
    )
)
_MARGIN = 64  # bits more than p has, so that the remainder is as good as uniform


def nonce_size(cipher: Cipher) -> int:
    """Return the bytes of s: the smallest multiple of the block that holds a key."""
    return 16 if cipher.key_size <= 16 else 32


def pseudo_random(cipher: Cipher, s: bytes, t: bytes, p: int) -> int:
    """Return R(s, t) modulo ``p``. ``s`` and ``t`` in bytes as ``nonce_size`` and the key have."""
    c0, c1 = _C128 if cipher.key_size <= 16 else _C256
    key, number = cipher.encrypt(t, s)[: cipher.key_size], b""
    while 8 * len(number) < p.bit_length() + _MARGIN:
        number += cipher.encrypt(key, c1)
        key = cipher.encrypt(key, c0)[: cipher.key_size]
    return int.from_bytes(number, "big") % p
