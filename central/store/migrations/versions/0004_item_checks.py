"""What was looked at of an item, one check each; what it is; its dose; a scanner's self-test."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSPECTIONS: tuple[tuple[str, Any], ...] = (
    ("identity", sa.JSON()),
    ("radiation", sa.JSON()),
    ("descriptor", sa.String(256)),
    ("dose_estimate_ugy", sa.Double()),
)


def upgrade() -> None:
    """Go forward; of the items before, no check is known."""
    op.add_column(
        "inspections",
        sa.Column("checks", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
    )
    for name, kind in INSPECTIONS:
        op.add_column("inspections", sa.Column(name, kind, nullable=True))
    op.add_column("health", sa.Column("self_test", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("health", "self_test")
    for name, _ in INSPECTIONS:
        op.drop_column("inspections", name)
    op.drop_column("inspections", "checks")
