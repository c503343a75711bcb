"""Who may put a picture: an enrolled unit that has signed what it is about to send.

Authorization: Seal <base64 of signing.seal(Purpose.BLOB, body)>
body = canonical JSON {"unit", "sha256", "size", "media_type", "personal"}
"""

import base64
import binascii
from typing import Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.store.fleet import Unit
from contract import signing
from contract.blob import Blob
from contract.names import Level
from contract.signing import Purpose, SealError

_LONGEST: Final = 2048  # characters of the header; an honest one has some 450


class Offer(Blob):
    """What a unit says it is about to send."""

    unit: Level
    personal: bool


async def verified(session: AsyncSession, header: str, sha256: str) -> Offer:
    """Return the offer in ``header`` or raise SealError, saying what does not hold."""
    scheme, _, text = header.partition(" ")
    if scheme != "Seal" or len(header) > _LONGEST:
        raise SealError("no 'Authorization: Seal <base64>' header")
    sealed = _decoded(text)
    unit = await _signer(session, sealed)
    offer = _offer(signing.unseal(Purpose.BLOB, sealed, _keys(unit)))
    if unit is None or offer.unit != unit.unit:
        raise SealError(f"the key that signed does not speak for {offer.unit}")
    if offer.sha256 != sha256:
        raise SealError("the seal is for another picture")
    return offer


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealError("the seal is not base64") from error


async def _signer(session: AsyncSession, sealed: bytes) -> Unit | None:
    parts = sealed.partition(b"\n")[0].split(b" ")
    name = parts[1].decode("ascii", "replace")[:16] if len(parts) == 3 else ""
    return await session.scalar(select(Unit).where(Unit.key_id == name))


def _keys(unit: Unit | None) -> signing.PublicKeys:
    if unit is None:
        return lambda _: None
    return signing.only(signing.public_key(unit.public_key))


def _offer(body: bytes) -> Offer:
    try:
        return Offer.model_validate_json(body)
    except ValidationError as error:
        raise SealError("the sealed text is not {unit, sha256, size, media_type, personal}") from (
            error
        )
