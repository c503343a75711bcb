"""What central publishes and lanes keep: the site's policy and the watchlist.

1. A list travels and rests as one message sealed by central (Purpose.LIST): a Published inside.
2. Versions only go up: an older one is refused, whoever brings it, also from the lane's own disk.
3. A list has an age, the lane's clock against ``issued``. What an age means is said by the policy:
   a list that is too old answers *undetermined*, never *successful*.
4. The policy is the authority's word. What it says about fire, loss of power and of the link is
   never a default in code: a gate without a policy does not open.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contract.names import Level, Message

DIGEST_BYTES = 16  # of a watchlist entry's SHA-256: no two of 10^6 entries meet in 2^128


class ListKind(StrEnum):
    """The lists there are."""

    POLICY = "policy"
    WATCHLIST = "watchlist"


class OnFire(StrEnum):
    """What the authority ordered for the exit during a fire alarm. The entry never opens."""

    EXIT_OPENS = "exit-opens"
    EXIT_STAYS = "exit-stays"


class OnPowerLoss(StrEnum):
    """What the authority ordered for a gate without power."""

    LEAVES_OPEN = "leaves-open"
    LEAVES_STAY = "leaves-stay"


class WithoutCentral(Message):
    """How long a lane goes on by itself, and what it does then."""

    hours: float = Field(ge=0, le=24 * 30)
    then: Literal["refer-everybody", "close"]


class SitePolicy(Message):
    """The authority's choices for one site. None of them has a default."""

    kind: Literal[ListKind.POLICY] = ListKind.POLICY
    site: Level
    authority: str = Field(min_length=1, max_length=120, description="who decided this")
    on_fire: OnFire
    on_power_loss: OnPowerLoss
    without_central: WithoutCentral
    watchlist_hours: float = Field(gt=0, le=24 * 30, description="age up to which it is believed")
    false_match_rate: float = Field(gt=0, le=0.01, description="wanted of the face comparison")


Digest = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{DIGEST_BYTES * 2}}}$")]


class Watchlist(Message):
    """Documents that must not pass unseen, as salted digests: the list names nobody."""

    kind: Literal[ListKind.WATCHLIST] = ListKind.WATCHLIST
    salt: str = Field(pattern=r"^[0-9a-f]{32,64}$")
    documents: frozenset[Digest]


Content = Annotated[SitePolicy | Watchlist, Field(discriminator="kind")]


class Published(Message):
    """One list as it is sealed."""

    version: int = Field(ge=1, lt=2**53)
    issued: datetime
    content: Content

    def age_hours(self, now: datetime) -> float:
        """Return its age; negative if this clock is behind the publisher's."""
        return (now - self.issued).total_seconds() / 3600


class ListRequest(Message):
    """What a unit signs (Purpose.ASK) when it asks central for a list."""

    unit: Level
    kind: ListKind
    have: int = Field(ge=0, description="the version it holds, 0 for none")


def document_digest(salt: str, issuing_state: str, number: str) -> str:
    """Return a document's entry in a watchlist of ``salt``: state and number as printed."""
    text = f"{salt}|{issuing_state.rstrip('<')}|{number.rstrip('<')}"
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES].hex()
