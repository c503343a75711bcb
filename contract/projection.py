"""A threat that was never in the beam, in a copy of the picture of an item that has left.

1. Only an item that was found clear and was released is projected into, after it has left.
2. ``sealed`` comes before ``made``, on the same stream. It is shown to nobody until somebody has
   answered: what ``made`` says fits a harmless item as well.
3. No lane ever hears of a projection again, and none is ever told what to do about one.
4. What is larger than ``MOST_LINES`` or ``MOST_PIXELS`` is not projected into.
"""

from datetime import datetime
from typing import Final

from pydantic import Field

from contract.blob import Picture
from contract.names import Identifier, Message, Sha256

MOST_LINES: Final = 4096
MOST_PIXELS: Final = 1280


class Sealed(Message):
    """``projection.sealed``: what was projected, and the secret that its seal was made with."""

    projection: Identifier
    record: str = Field(max_length=4096, description="canonical JSON; models.xray.tip.record")
    nonce: str = Field(pattern=r"^([0-9a-f]{2}){16,64}$")


class Made(Message):
    """``projection.made``: pictures to look at. ``seal`` is SHA-256 over nonce and record."""

    projection: Identifier
    pictures: list[Picture] = Field(min_length=1, max_length=8)
    seal: Sha256
    reveal_by: datetime
