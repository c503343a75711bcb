"""Tables of the events: what arrived, how far each stream is whole, and what contradicted it.

An event's ``body`` is its canonical JSON, byte for byte what its hash is taken over, so the chain
can be checked from the table alone.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base
from central.store.types import Moment

_Seq = BigInteger()


class EventRow(Base):
    """One event. ``fault`` says why it was kept but not projected."""

    __tablename__ = "events"
    __table_args__ = (Index("events_by_type", "unit", "type", "received_at"),)

    unit: Mapped[str] = mapped_column(String(32), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(64), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(_Seq, primary_key=True, autoincrement=False)
    site: Mapped[str] = mapped_column(String(32))
    type: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Moment)
    fault: Mapped[str | None] = mapped_column(String(300))


class MarkRow(Base):
    """How far one stream of one epoch is whole, and the highest seq seen beyond a gap."""

    __tablename__ = "marks"

    unit: Mapped[str] = mapped_column(String(32), primary_key=True)
    epoch: Mapped[str] = mapped_column(String(64), primary_key=True)
    stream: Mapped[str] = mapped_column(String(16), primary_key=True)
    site: Mapped[str] = mapped_column(String(32))
    upto: Mapped[int] = mapped_column(_Seq)
    last_hash: Mapped[str] = mapped_column(String(64))
    highest: Mapped[int] = mapped_column(_Seq)
    opened_at: Mapped[datetime] = mapped_column(Moment)


class QuarantineRow(Base):
    """An event that contradicts one already stored under its key: a restored disk, or worse."""

    __tablename__ = "quarantine"
    __table_args__ = (
        Index("quarantine_once", "unit", "epoch", "stream", "seq", "hash", unique=True),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    unit: Mapped[str] = mapped_column(String(32))
    epoch: Mapped[str] = mapped_column(String(64))
    stream: Mapped[str] = mapped_column(String(16))
    seq: Mapped[int] = mapped_column(_Seq)
    hash: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Moment)
