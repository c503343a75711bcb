"""The link to the lanes: the ingestor, joined to the tables and to whoever wants to hear."""

from central.core import Core
from central.ingest.ingestor import Ingestor
from central.listener import Ears
from central.projection import Tables


def lanes(core: Core) -> Ingestor:
    """Return the ingestor of ``core``; it runs when told to."""
    return Ingestor(
        core.config.mqtt,
        core.database.writing,
        [Tables(core.now)],
        Ears(core),
        core.keys.of,
        core.signing_key,
        now=core.now,
    )
