"""Whose badge may override a referral or set the lane going again.

1. A badge is kept as a hash (scrypt), never as its number: whoever copies the file cannot make the
   badge. All of a lane's badges share one salt, so that one computation answers one showing.
2. Bits, their number and format together are the badge: 26 bits of 00 are not 34 bits of 00.
3. An unknown badge is nobody's. A badge that is listed twice, or without a role, is refused when
   the file is read.

A usual badge has 24 bits of its own: scrypt makes trying them all take months of computing, not
impossible. The file stays readable by the agent alone.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from drivers.badge_reader.messages import CardRead
from settings.files import Section

_COST = {"n": 1 << 14, "r": 8, "p": 1}  # 16 MB and 50 ms of a processor per showing
_SIZE = 32  # bytes

Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]+$")]


class Role(StrEnum):
    """What an officer may do at the lane."""

    OVERRIDE = "override"
    RESET = "reset"


class Officer(Section):
    """Somebody with a badge."""

    name: str = Field(min_length=1, repr=False)
    roles: frozenset[Role] = Field(min_length=1)
    badge: Hex = Field(min_length=2 * _SIZE, max_length=2 * _SIZE, repr=False)

    def may(self, role: Role) -> bool:
        """Whether the officer may do that."""
        return role in self.roles


class Badges(Section):
    """The badges of one lane, as the configuration lists them."""

    salt: Hex = Field(min_length=32, max_length=64, repr=False)
    officers: tuple[Officer, ...] = ()

    @model_validator(mode="after")
    def _each_badge_once(self) -> Badges:
        seen: dict[str, str] = {}
        for officer in self.officers:
            if officer.badge in seen:
                raise ValueError(f"{officer.name} has the badge of {seen[officer.badge]}")
            seen[officer.badge] = officer.name
        return self

    def officer(self, card: CardRead) -> Officer | None:
        """Return whose badge ``card`` is, None if nobody's."""
        shown = hashed(card, self.salt)
        found = None
        for officer in self.officers:  # every one of them: how long it takes tells nothing
            if hmac.compare_digest(officer.badge, shown):
                found = officer
        return found


def hashed(card: CardRead, salt: str) -> str:
    """Return the hash to list for ``card`` in a lane with that ``salt`` (hexadecimal)."""
    whole = f"{card.format.name}:{card.bits}:".encode("ascii") + card.data
    raw = hashlib.scrypt(whole, salt=bytes.fromhex(salt), dklen=_SIZE, **_COST)
    return raw.hex()
