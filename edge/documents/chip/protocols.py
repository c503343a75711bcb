"""Object identifiers of the chip's protocols, as they travel (Doc 9303-11 §9.2, TR-03110-3 §A.1).

They lie under bsi-de (0.4.0.127.0.7); what comes after the family's own number is the agreement and
mapping, then the cipher in the order of ``ciphers.CIPHERS``.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.documents.chip.ciphers import CIPHERS, TRIPLE_DES, Cipher

BSI = bytes.fromhex("04007F0007")
PUBLIC_KEY = BSI + bytes([2, 2, 1])  # 1 DH, 2 ECDH
TERMINAL_AUTHENTICATION = BSI + bytes([2, 2, 2])
CHIP_AUTHENTICATION = BSI + bytes([2, 2, 3])
PACE = BSI + bytes([2, 2, 4])
STANDARDIZED_DOMAIN = BSI + bytes([1, 2])
INSPECTION_SYSTEM = BSI + bytes([3, 1, 2, 1])  # id-IS, the role in a terminal's certificate
ACTIVE_AUTHENTICATION = bytes.fromhex("678108010105")  # id-icao-mrtd-security 5

_AGREEMENT = {1: "DH", 2: "ECDH"}
_MAPPING = {
    1: ("DH", "GM"),
    2: ("ECDH", "GM"),
    3: ("DH", "IM"),
    4: ("ECDH", "IM"),
    6: ("ECDH", "CAM"),
}


@dataclass(frozen=True, slots=True)
class PaceProtocol:
    """One way of PACE: agreement ``DH`` or ``ECDH``, mapping ``GM``, ``IM`` or ``CAM``, cipher."""

    oid: bytes
    agreement: str
    mapping: str
    cipher: Cipher

    def __str__(self) -> str:
        return f"PACE-{self.agreement}-{self.mapping}-{self.cipher.name}"


@dataclass(frozen=True, slots=True)
class ChipAuthenticationProtocol:
    """One way of chip authentication: agreement and the cipher of the session that follows."""

    oid: bytes
    agreement: str
    cipher: Cipher

    def __str__(self) -> str:
        return f"CA-{self.agreement}-{self.cipher.name}"


def _ways_of_pace() -> dict[bytes, PaceProtocol]:
    found = {}
    for number, (agreement, mapping) in _MAPPING.items():
        for cipher_number, cipher in enumerate(CIPHERS, start=1):
            if mapping == "CAM" and cipher is TRIPLE_DES:
                continue  # §4.4.3: no longer recommended, so never defined
            oid = PACE + bytes([number, cipher_number])
            found[oid] = PaceProtocol(oid, agreement, mapping, cipher)
    return found


def _ways_of_chip_authentication() -> dict[bytes, ChipAuthenticationProtocol]:
    return {
        oid: ChipAuthenticationProtocol(oid, agreement, cipher)
        for number, agreement in _AGREEMENT.items()
        for cipher_number, cipher in enumerate(CIPHERS, start=1)
        if (oid := CHIP_AUTHENTICATION + bytes([number, cipher_number]))
    }


PACE_PROTOCOLS = _ways_of_pace()
CHIP_AUTHENTICATION_PROTOCOLS = _ways_of_chip_authentication()
