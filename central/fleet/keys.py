"""Whose seal is believed: the enrolled keys, held in memory for those who cannot wait."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from central.store.database import Database
from central.store.fleet import Unit
from contract import signing


class Keys:
    """The keys as they were at the last refresh."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, tuple[str, Ed25519PublicKey]] = {}

    def of(self, unit: str) -> Sequence[Ed25519PublicKey]:
        """Return the keys that speak for ``unit``; none for a stranger."""
        known = self._keys.get(unit)
        return (known[1],) if known else ()

    async def refresh(self) -> None:
        """Read the keys again."""
        async with self._database.reading() as session:
            rows = (await session.execute(select(Unit.unit, Unit.public_key))).all()
        self._keys = {unit: self._known(unit, text) for unit, text in rows}

    def _known(self, unit: str, text: str) -> tuple[str, Ed25519PublicKey]:
        old = self._keys.get(unit)
        return old if old and old[0] == text else (text, signing.public_key(text))
