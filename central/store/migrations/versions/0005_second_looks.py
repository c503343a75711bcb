"""Second looks at items that have left, projected threats among them, and what was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "second_looks",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("site", sa.String(32), nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("reveal_by", MOMENT, nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("operator", sa.String(64)),
        sa.Column("opened_at", MOMENT),
        sa.Column("closed_at", MOMENT),
        sa.Column("decision", sa.String(16)),
        sa.Column("decision_reason", sa.Text()),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("inspection", sa.String(64)),
        sa.Column("projection", sa.String(64)),
        sa.Column("seal", sa.String(64)),
        sa.Column("revealed", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_second_looks"),
        sa.UniqueConstraint("inspection", name="uq_second_looks_inspection"),
        sa.UniqueConstraint("projection", name="uq_second_looks_projection"),
    )
    op.create_index("second_looks_waiting", "second_looks", ["phase", "offered"])
    op.create_index("second_looks_closed", "second_looks", ["closed_at"])
    op.create_table(
        "sealed_projections",
        sa.Column("projection", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("item", sa.String(64), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("projection", name="pk_sealed_projections"),
    )
    op.create_index("ix_sealed_projections_heard_at", "sealed_projections", ["heard_at"])
    op.create_index("ix_sealed_projections_item", "sealed_projections", ["item"])
    op.create_table(
        "look_answers",
        sa.Column("look", sa.String(64), nullable=False),
        sa.Column("operator", sa.String(64), nullable=False),
        sa.Column("projection", sa.String(64)),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("look", name="pk_look_answers"),
    )
    op.create_index("ix_look_answers_operator", "look_answers", ["operator"])
    op.create_index("ix_look_answers_at", "look_answers", ["at"])


def downgrade() -> None:
    """Go back."""
    for table in ("look_answers", "sealed_projections", "second_looks"):
        op.drop_table(table)
