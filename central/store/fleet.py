"""Tables of the lanes: who is enrolled, who is there, how they are, what was asked of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base
from central.store.types import Moment


class Unit(Base):
    """One enrolled unit, its presence, and the challenge that its next command must carry."""

    __tablename__ = "units"

    unit: Mapped[str] = mapped_column(String(32), primary_key=True)
    site: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    key_id: Mapped[str] = mapped_column(String(16), unique=True)
    public_key: Mapped[str] = mapped_column(String(44))  # base64 of 32 bytes
    enrolled_at: Mapped[datetime] = mapped_column(Moment)
    online: Mapped[bool] = mapped_column(default=False)
    session: Mapped[str | None] = mapped_column(String(64))
    since: Mapped[datetime | None] = mapped_column(Moment)
    software: Mapped[str] = mapped_column(String(64), default="")
    challenge: Mapped[str | None] = mapped_column(String(64))
    state_version: Mapped[int] = mapped_column(default=0)
    challenged_at: Mapped[datetime | None] = mapped_column(Moment)


class Health(Base):
    """How a unit said it was, and how much passed through it."""

    __tablename__ = "health"

    unit: Mapped[str] = mapped_column(ForeignKey("units.unit"), primary_key=True)
    service: Mapped[str] = mapped_column(String(16), default="unknown")
    phase: Mapped[str] = mapped_column(String(64), default="")
    phase_since: Mapped[datetime | None] = mapped_column(Moment)
    devices: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    models: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    outbox_events: Mapped[int] = mapped_column(default=0)
    clock_synced: Mapped[bool] = mapped_column(default=False)
    last_event_at: Mapped[datetime | None] = mapped_column(Moment)
    self_test: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    ended: Mapped[int] = mapped_column(default=0)
    referred_or_held: Mapped[int] = mapped_column(default=0)


class OpenFault(Base):
    """A fault that has not gone away yet."""

    __tablename__ = "faults"

    unit: Mapped[str] = mapped_column(ForeignKey("units.unit"), primary_key=True)
    device: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    detail: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment)


class CommandRow(Base):
    """One command: by whom, and how it ended. ``answered``: the lane itself has said so."""

    __tablename__ = "commands"
    __table_args__ = (Index("commands_by_state", "state", "not_after"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.unit"))
    verb: Mapped[str] = mapped_column(String(32))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    operator: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    answered: Mapped[bool] = mapped_column(default=False)
    detail: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime] = mapped_column(Moment)
    not_after: Mapped[datetime] = mapped_column(Moment)
    result_at: Mapped[datetime | None] = mapped_column(Moment)
