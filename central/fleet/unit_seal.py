"""Who is asking over HTTP: an enrolled unit that has signed what it asks.

Authorization: Seal <base64 of signing.seal(purpose, body)>
"""

import base64
import binascii
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.store.fleet import Unit
from contract import signing
from contract.signing import Purpose, SealError

_LONGEST: Final = 2048  # characters of the header; an honest one has some 450


async def unsealed(session: AsyncSession, header: str, purpose: Purpose) -> tuple[str, bytes]:
    """Return the unit that signed and what it signed, or raise SealError."""
    scheme, _, text = header.partition(" ")
    if scheme != "Seal" or len(header) > _LONGEST:
        raise SealError("no 'Authorization: Seal <base64>' header")
    sealed = _decoded(text)
    unit = await _signer(session, sealed)
    body = signing.unseal(purpose, sealed, _keys(unit))
    return ("" if unit is None else unit.unit), body


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
