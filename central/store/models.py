"""Every table in one place, so that the metadata is whole for whoever imports this."""

from central.store import events, fleet, looks, people, stories
from central.store.base import Base

METADATA = Base.metadata

__all__ = ["METADATA", "events", "fleet", "looks", "people", "stories"]
