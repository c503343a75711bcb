"""Tables of second looks: what an analyst is asked to look at though the item has left.

A look is of an item that was cleared (``inspection``), or of a projected threat (``projection``).
No route of the console reads ``sealed_projections``.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base
from central.store.types import Moment


class SecondLook(Base):
    """One case. ``phase`` is one of models.xray.tip.rules; ``decision`` is an answer, no command.

    ``offered``: it is in the queue, as it has been due since ``offered_at``.
    """

    __tablename__ = "second_looks"
    __table_args__ = (
        Index("second_looks_waiting", "phase", "offered"),
        Index("second_looks_closed", "closed_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    unit: Mapped[str] = mapped_column(String(32))
    site: Mapped[str] = mapped_column(String(32))
    heard_at: Mapped[datetime] = mapped_column(Moment)
    offered_at: Mapped[datetime] = mapped_column(Moment)
    offered: Mapped[bool] = mapped_column(default=False)
    reveal_by: Mapped[datetime] = mapped_column(Moment)
    phase: Mapped[str] = mapped_column(String(16))
    operator: Mapped[str | None] = mapped_column(String(64))
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    decision: Mapped[str | None] = mapped_column(String(16))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    tools: Mapped[list[str]] = mapped_column(JSON, default=list)
    inspection: Mapped[str | None] = mapped_column(String(64), unique=True)
    projection: Mapped[str | None] = mapped_column(String(64), unique=True)
    seal: Mapped[str | None] = mapped_column(String(64))
    revealed: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class SealedProjection(Base):
    """What was projected. ``item`` is the inspection that its record names."""

    __tablename__ = "sealed_projections"

    projection: Mapped[str] = mapped_column(String(64), primary_key=True)
    unit: Mapped[str] = mapped_column(String(32))
    heard_at: Mapped[datetime] = mapped_column(Moment, index=True)
    item: Mapped[str] = mapped_column(String(64), index=True)
    record: Mapped[str] = mapped_column(Text)
    nonce: Mapped[str] = mapped_column(String(128))


class LookAnswer(Base):
    """What somebody answered: to a projected threat, or, without ``projection``, to an item."""

    __tablename__ = "look_answers"

    look: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator: Mapped[str] = mapped_column(String(64), index=True)
    projection: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(String(8))  # threat | clear
    seconds: Mapped[float]
    at: Mapped[datetime] = mapped_column(Moment, index=True)
