"""How much a chip can give at once: EF.ATR/INFO (ISO/IEC 7816-4 §12.7.1, Doc 9303-11 §9.3.1.2).

Object 7F66 holds two integers: the largest command and the largest response, in bytes. A chip that
says so in its answer to reset but has no such object is tried with our own size, and believed when
it refuses.
"""

from __future__ import annotations

from edge.documents import tlv

_EXTENDED_LENGTHS, _INTEGER = 0x7F66, 0x02
_AROUND = 26  # bytes of a protected response that are not data: 87 82 …, 99, 8E, the status word
_BLOCK = 16
_LARGEST = 0x7FFF  # bytes; beyond that an offset needs the odd READ BINARY


def read_size(atr_info: bytes, otherwise: int) -> int:
    """Return the largest read in bytes that ``atr_info`` allows, ``otherwise`` if it says none."""
    try:
        for element in tlv.elements(atr_info):
            if element.tag == _EXTENDED_LENGTHS:
                command, response = (_number(part) for part in tlv.children(element))
                return _fitting(response) if command else otherwise
    except ValueError:  # no BER-TLV, or not two of them: TlvError is one
        return otherwise
    return otherwise


def _number(element: tlv.Tlv) -> int:
    return int.from_bytes(element.value, "big") if element.tag == _INTEGER else 0


def _fitting(response: int) -> int:
    blocks = max(2, (response - _AROUND) // _BLOCK)
    return min(_LARGEST, blocks * _BLOCK - 1)


def declared(command: int, response: int) -> bytes:
    """Return the object that declares these sizes."""
    numbers = (tlv.encode(_INTEGER, n.to_bytes(2, "big")) for n in (command, response))
    return tlv.encode(_EXTENDED_LENGTHS, b"".join(numbers))
