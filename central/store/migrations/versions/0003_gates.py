"""What officers do at the gates, and since when a lane is in its phase."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PASSAGES = (
    ("waiting_since", sa.DateTime(timezone=True)),
    ("assisted_by", sa.String(64)),
    ("assist_command", sa.String(64)),
    ("handed_over_by", sa.String(64)),
    ("handed_over_to", sa.String(64)),
    ("handover_reason", sa.Text()),
)


def upgrade() -> None:
    """Go forward; what waits already has waited since it was heard of."""
    for name, kind in PASSAGES:
        op.add_column("passages", sa.Column(name, kind, nullable=True))
    op.create_index("ix_passages_assist_command", "passages", ["assist_command"])
    op.execute("UPDATE passages SET waiting_since = heard_at WHERE waits")
    op.add_column("health", sa.Column("phase_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("health", "phase_since")
    op.drop_index("ix_passages_assist_command", "passages")
    for name, _ in PASSAGES:
        op.drop_column("passages", name)
