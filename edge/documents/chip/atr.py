"""What a chip says of itself when it is switched on (ISO/IEC 7816-3 §8, 7816-4 §8.1)."""

from __future__ import annotations

_EXTENDED = 0x40  # third byte of the card capabilities: Lc and Le may have the extended form


def extended_length(atr: bytes) -> bool:
    """Whether the answer to reset says that the chip takes extended lengths."""
    capabilities = _capabilities(_historical(atr))
    return len(capabilities) >= 3 and bool(capabilities[2] & _EXTENDED)


def _historical(atr: bytes) -> bytes:
    """Return the historical bytes: those after the interface bytes that each Y announces."""
    if len(atr) < 2:
        return b""
    count, at, announced = atr[1] & 0x0F, 2, atr[1] >> 4
    while announced:
        at += announced.bit_count()
        following = announced & 0b1000 and at <= len(atr)
        announced = atr[at - 1] >> 4 if following else 0
    return atr[at : at + count]


def _capabilities(historical: bytes) -> bytes:
    """Return the value of the compact-TLV object 7 (card capabilities)."""
    if historical[:1] not in (b"\x80", b"\x00"):
        return b""
    at = 1
    while at < len(historical):
        tag, length = historical[at] >> 4, historical[at] & 0x0F
        if tag == 7:
            return historical[at + 1 : at + 1 + length]
        at += 1 + length
    return b""
