"""An event on its way into the tables."""

from dataclasses import dataclass
from datetime import datetime

from contract.envelope import Event
from contract.names import Address


class Misplaced(Exception):
    """An event that may not be applied, as it speaks of what is another's."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Where and when an event happened. ``at`` is the lane's own wall clock."""

    address: Address
    at: datetime
    clock_synced: bool

    @classmethod
    def of(cls, address: Address, event: Event) -> "Happening":
        """Return the happening of ``event``."""
        return cls(address, event.time, event.clock.synced)
