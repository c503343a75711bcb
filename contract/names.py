"""The spellings that are allowed on the wire. Everything else is refused, not repaired."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LEVEL = r"^[a-z0-9][a-z0-9-]{0,31}$"

Level = Annotated[str, Field(pattern=LEVEL)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Message(BaseModel):
    """Anything that crosses the wire: frozen, and tolerant of fields that newer peers add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Address(Message):
    """One unit at one site. The unit's name is unique in the whole system."""

    site: Level
    unit: Level

    def __str__(self) -> str:
        return f"{self.site}/{self.unit}"
