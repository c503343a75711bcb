"""How a lane looks at faces, as its file says. How sure it must be is the authority's word."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from edge.egate.face.capture import WITHIN_WITH_PAD
from edge.egate.face.verify import PAD_ALARM
from settings.files import Section, Where

__all__ = ["FaceSection"]


class FaceSection(Section):
    """The face camera's work. The false match rate stands in the site's signed policy."""

    JUDGED_IN: ClassVar[float] = 1.5  # s kept behind the capture: its last frame, the comparison

    models: Where | None = Field(
        default=None, description="folder with the operator's face models; else our own"
    )
    within: float = Field(
        default=WITHIN_WITH_PAD, gt=0, le=WITHIN_WITH_PAD, description="s for the capture"
    )
    pad_alarm: float = Field(
        default=PAD_ALARM, gt=0, lt=1, description="score of an attack that calls an officer"
    )
