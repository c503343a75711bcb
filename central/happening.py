"""An event on its way into the tables."""

from dataclasses import dataclass
from datetime import datetime

from contract.envelope import Event
from contract.names import Address


class Misplaced(Exception):
    """An event that may not be applied, as it speaks of what is another's."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Where and when an event happened.

    ``at``: by the lane's wall clock, which may be wrong; it is shown. ``heard``: by ours; queues,
    ages and retention go by it.
    """

    address: Address
    at: datetime
    heard: datetime
    clock_synced: bool

    @classmethod
    def of(cls, address: Address, event: Event, now: datetime) -> "Happening":
        """Return the happening of ``event``, heard of ``now``."""
        return cls(address, event.time, now, event.clock.synced)
