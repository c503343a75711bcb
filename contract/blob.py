"""Pictures beside the events: content-addressed, resumable, deleted at the edge on receipt."""

from typing import Literal

from pydantic import Field

from contract.names import Message, Sha256


class Blob(Message):
    """The address of some bytes."""

    sha256: Sha256
    size: int = Field(ge=1, description="bytes")
    media_type: Literal["image/jpeg", "image/png", "image/jxl", "image/jp2"]


class Picture(Message):
    """One picture of a passage or an item. ``personal`` ones are erased when the story ends."""

    kind: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,23}$", description="page, portrait, face, high, low"
    )
    blob: Blob
    width: int = Field(ge=1, description="pixels")
    height: int = Field(ge=1, description="pixels")
    bits: int = Field(ge=8, le=16)
    personal: bool
