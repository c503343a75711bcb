"""EF.CardSecurity: the master file's SecurityInfos, signed (Doc 9303-11 §9.2.11, TR-03110-3 A.1.2).

A CMS SignedData whose content, of type id-SecurityObject, is the SecurityInfos. Who signed it is
judged as for EF.SOD: by the chain to an authority that we believe (see ``binding``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.documents.certificate import DECODING_ERRORS
from edge.documents.chip import security_infos
from edge.documents.chip.security_infos import SecurityInfos
from edge.documents.lds import LdsError
from edge.documents.signed_data import Signed, signed_data

FILE = "CardSecurity"
SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1"  # id-SecurityObject


@dataclass(frozen=True, slots=True)
class CardSecurity:
    """What the file says, and its signature."""

    infos: SecurityInfos
    signed: Signed = field(repr=False)


def read(raw: bytes) -> CardSecurity:
    """Read EF.CardSecurity; LdsError if it is none."""
    try:
        signed = signed_data(raw)
        if signed.content_type != SECURITY_OBJECT:
            raise LdsError(FILE, 0, f"signs content of type {signed.content_type}")
        return CardSecurity(security_infos.read(signed.content, FILE), signed)
    except DECODING_ERRORS as error:
        if isinstance(error, LdsError):
            raise
        raise LdsError(FILE, 0, f"not the CMS structure it should be: {error}") from error
