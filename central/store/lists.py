"""The table of published lists: the newest of each kind and scope, as it was sealed."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from central.store.base import Base


class PublishedList(Base):
    """One list. ``scope`` is a site for a policy, ``*`` for what is for everybody."""

    __tablename__ = "lists"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
