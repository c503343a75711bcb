"""The lights that a full-page reader looks at a page with (BSI TR-03135-1 §4.1.6)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Light"]


class Light(StrEnum):
    """One light. A picture under each has the same size and shows the page in the same place."""

    WHITE = "white"
    INFRARED = "infrared"  # B900: 900 ± 50 nm
    ULTRAVIOLET = "ultraviolet"  # 365 nm
