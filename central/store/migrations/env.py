"""How Alembic reaches the database: over the connection that central.store.migrate hands in."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from central.store.models import METADATA
from central.store.types import Moment


def render(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as the database knows them: a migration outlives the code."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite cannot alter a table; it must be copied
    render_item=render,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
