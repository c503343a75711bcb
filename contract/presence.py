"""Who is there. Retained; the last will carries the same session with ``online`` false."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from contract.names import Address, Identifier, Message


class Kind(StrEnum):
    """What a unit is."""

    EGATE = "egate"
    SCANNER = "scanner"


class Presence(Message):
    """One unit, there or gone. An offline presence counts only for the session it names."""

    address: Address
    kind: Kind
    session: Identifier
    online: bool
    since: datetime
    software: str = Field(max_length=64)
