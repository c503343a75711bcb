"""Tables of the stories: passages, inspections, their pictures and the files behind those."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from central.store.base import Base
from central.store.types import Moment


class Decidable:
    """What every story that may wait for a person has.

    ``waits``: it was referred or held. ``personal``: it shows personal pictures. ``decision`` is an
    operator's; once the lane has taken it over, ``resolved_at`` says when, and it stands.
    ``heard_at`` and ``closed_at``: when it began and ended by our clock; the rest is by the lane's.
    """

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    unit: Mapped[str] = mapped_column(String(32))
    site: Mapped[str] = mapped_column(String(32))
    waits: Mapped[bool] = mapped_column(default=False)
    personal: Mapped[bool] = mapped_column(default=False)
    heard_at: Mapped[datetime] = mapped_column(Moment, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    seconds: Mapped[float | None]
    stages_ms: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    decision: Mapped[str | None] = mapped_column(String(16))
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None] = mapped_column(Moment)
    command: Mapped[str | None] = mapped_column(String(64), index=True)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Index, ...]:
        name = str(cls.__tablename__)  # type: ignore[attr-defined]
        return (
            Index(f"{name}_waiting", "waits", "ended_at"),
            Index(f"{name}_closed", "closed_at"),
        )


class Passage(Decidable, Base):
    """One traveller through one gate. Nothing here says who the traveller was.

    ``waiting_since``: when we heard of the referral. ``assisted_by``: who said that somebody comes,
    by ``assist_command``. ``handed_over_to``: a colleague, or nobody in particular.
    """

    __tablename__ = "passages"

    started_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    verdict: Mapped[str | None] = mapped_column(String(16))
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    checks: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    document_format: Mapped[str | None] = mapped_column(String(16))
    issuing_state: Mapped[str | None] = mapped_column(String(3))
    outcome: Mapped[str | None] = mapped_column(String(16))
    waiting_since: Mapped[datetime | None] = mapped_column(Moment)
    assisted_by: Mapped[str | None] = mapped_column(String(64))
    assist_command: Mapped[str | None] = mapped_column(String(64), index=True)
    handed_over_by: Mapped[str | None] = mapped_column(String(64))
    handed_over_to: Mapped[str | None] = mapped_column(String(64))
    handover_reason: Mapped[str | None] = mapped_column(Text)


class Inspection(Decidable, Base):
    """One item through one scanner."""

    __tablename__ = "inspections"

    item: Mapped[str] = mapped_column(String(64), default="")
    scanned_at: Mapped[datetime | None] = mapped_column(Moment)
    finding: Mapped[str | None] = mapped_column(String(16))
    disposition: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    regions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    recogniser: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    lost_lines: Mapped[int] = mapped_column(default=0)
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    checks: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, server_default=text("'[]'")
    )
    identity: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    radiation: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    descriptor: Mapped[str | None] = mapped_column(String(256))
    beam_on_s: Mapped[float | None]
    dose_estimate_ugy: Mapped[float | None]
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)
    tools: Mapped[list[str]] = mapped_column(JSON, default=list)


class Picture(Base):
    """That a story shows a file, and how. ``story`` is "passage", "inspection" or "look"."""

    __tablename__ = "pictures"

    story: Mapped[str] = mapped_column(String(16), primary_key=True)
    story_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    bits: Mapped[int]
    personal: Mapped[bool]


class BlobRow(Base):
    """A file, or the tombstone of one: partial, whole or erased."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(32))
    personal: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16), index=True)
    unit: Mapped[str] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(Moment)
