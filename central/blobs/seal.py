"""Who may put a picture: an enrolled unit that has signed what it is about to send.

The sealed body (Purpose.BLOB) is canonical JSON: unit, sha256, size, media_type, personal.
"""

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from central.fleet.unit_seal import unsealed
from contract.blob import Blob
from contract.names import Level
from contract.signing import Purpose, SealError


class Offer(Blob):
    """What a unit says it is about to send."""

    unit: Level
    personal: bool


async def verified(session: AsyncSession, header: str, sha256: str) -> Offer:
    """Return the offer in ``header`` or raise SealError, saying what does not hold."""
    unit, body = await unsealed(session, header, Purpose.BLOB)
    offer = _offer(body)
    if offer.unit != unit:
        raise SealError(f"the key that signed does not speak for {offer.unit}")
    if offer.sha256 != sha256:
        raise SealError("the seal is for another picture")
    return offer


def _offer(body: bytes) -> Offer:
    try:
        return Offer.model_validate_json(body)
    except ValidationError as error:
        raise SealError("the sealed text is not {unit, sha256, size, media_type, personal}") from (
            error
        )
