"""What a user may be. What each role may do stands in central/api/permissions.py."""

from enum import StrEnum


class Role(StrEnum):
    """From looking on to managing the others; a user may have several."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
