"""Who may do what: one row per route. A route without a row is shut, and fails a test."""

from enum import Enum, auto
from typing import Final

from central.accounts.roles import Role


class Door(Enum):
    """Routes that ask for something other than a role."""

    OPEN = auto()  # no sign-in
    SIGNED_IN = auto()  # any user
    SEAL = auto()  # the seal of an enrolled unit, checked by the route
    WATCHER = auto()  # loopback, or the metrics token


Access = Door | frozenset[Role]

ADMIN: Final = frozenset({Role.ADMIN})
SUPERVISOR: Final = ADMIN | {Role.SUPERVISOR}
ANALYST: Final = SUPERVISOR | {Role.ANALYST}
OFFICER: Final = SUPERVISOR | {Role.OFFICER}

PERMISSIONS: Final[dict[tuple[str, str], Access]] = {
    ("GET", "/"): Door.OPEN,
    ("GET", "/enter/{token}"): Door.OPEN,
    ("GET", "/healthz"): Door.OPEN,
    ("GET", "/openapi.json"): Door.OPEN,
    ("GET", "/metrics"): Door.WATCHER,
    ("POST", "/api/session"): Door.OPEN,
    ("POST", "/api/session/link"): Door.OPEN,
    ("GET", "/api/session"): Door.SIGNED_IN,
    ("DELETE", "/api/session"): Door.SIGNED_IN,
    ("GET", "/api/fleet"): Door.SIGNED_IN,
    ("POST", "/api/fleet/{unit}/commands"): OFFICER,
    ("GET", "/api/review"): Door.SIGNED_IN,
    ("POST", "/api/review/{id}/claim"): ANALYST,
    ("DELETE", "/api/review/{id}/claim"): ANALYST,
    ("POST", "/api/review/{id}/decision"): ANALYST,
    ("GET", "/api/review/{id}/similar"): ANALYST,
    ("GET", "/api/detection"): SUPERVISOR,
    ("GET", "/api/referrals"): Door.SIGNED_IN,
    ("POST", "/api/referrals/{id}/decision"): OFFICER,
    ("POST", "/api/referrals/{id}/assist"): OFFICER,
    ("POST", "/api/referrals/{id}/handover"): OFFICER,
    ("GET", "/api/officers"): OFFICER,
    ("GET", "/api/passages"): Door.SIGNED_IN,
    ("GET", "/api/images/{sha256}"): Door.SIGNED_IN,
    ("GET", "/api/stream"): Door.SIGNED_IN,
    ("GET", "/api/audit"): SUPERVISOR,
    ("GET", "/api/users"): ADMIN,
    ("POST", "/api/users"): ADMIN,
    ("DELETE", "/api/users/{name}"): ADMIN,
    ("HEAD", "/blobs/sha256/{hash}"): Door.SEAL,
    ("PUT", "/blobs/sha256/{hash}"): Door.SEAL,
    ("GET", "/lists/{kind}"): Door.SEAL,
}

PERSONAL_PICTURES: Final = OFFICER
"""Who may see a traveller's pictures; GET /api/images checks it once it knows the picture."""

CONFIDENCES: Final = OFFICER
"""Who may see that a traveller asked for help in confidence; the others get it left out."""

ANY_LANE: Final = SUPERVISOR
"""Who may close and open every lane; an officer's are the e-gates."""


def allows(access: Access, roles: frozenset[Role]) -> bool:
    """Return whether a signed-in user with ``roles`` may pass."""
    return access is Door.SIGNED_IN or (isinstance(access, frozenset) and bool(access & roles))
