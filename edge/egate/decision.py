"""Whether a traveller may pass: a profile over the checks, and nothing else.

1. *Mandatory* checks must be successful.
2. *Optional* checks must not have failed.
3. *Evaluatory* checks are recorded and never decide.
A check that the profile does not name is mandatory: nothing is let through by being unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from contract.passage import Check, Status, Verdict


class Need(StrEnum):
    """How much a check counts (BSI TR-03135-1, 5.4)."""

    MANDATORY = auto()
    OPTIONAL = auto()
    EVALUATORY = auto()


Profile = Mapping[str, Need]


@dataclass(frozen=True)
class Decision:
    """What the lane decided, and because of which checks (``name.status``)."""

    verdict: Verdict
    reasons: tuple[str, ...]


SELF_SERVICE: Profile = {
    "mrz": Need.MANDATORY,
    "expiry": Need.MANDATORY,
    "page": Need.MANDATORY,
    "chip": Need.MANDATORY,
    "chip-data": Need.MANDATORY,
    "face-image": Need.MANDATORY,
    "face-comparison": Need.EVALUATORY,
    "authenticity.com_matches_sod": Need.EVALUATORY,  # EF.COM is signed by nobody
    "authenticity.revocation": Need.OPTIONAL,  # few states' lists are at hand; revoked is failed
}
"""The rest of passive authentication is mandatory because it is not named here."""


def profile(*, page_must_be_read: bool) -> Profile:
    """Return the site's profile. A page that was read must agree with the reader in any case."""
    return SELF_SERVICE if page_must_be_read else {**SELF_SERVICE, "page": Need.OPTIONAL}


def decide(checks: Sequence[Check], profile: Profile) -> Decision:
    """Return the decision over ``checks``; no checks at all is a referral."""
    reasons = tuple(
        f"{check.name}.{check.status.value.replace(' ', '-')}"
        for check in checks
        if _stands_against(check, profile.get(check.name, Need.MANDATORY))
    )
    if reasons or not checks:
        return Decision(Verdict.REFER, reasons or ("no-checks",))
    return Decision(Verdict.CLEAR, ())


def _stands_against(check: Check, need: Need) -> bool:
    match need:
        case Need.EVALUATORY:
            return False
        case Need.OPTIONAL:
            return check.status is Status.FAILED
        case Need.MANDATORY:
            return check.status is not Status.SUCCESSFUL
