"""Whether a traveller may pass: a profile over the checks, and nothing else.

The profile is data (edge/documents/profiles): how much each check counts, by BSI TR-03135. No
checks at all is a referral, and a check that the profile does not name counts as mandatory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract.passage import Check, Verdict
from edge.documents.profile import Need, Profile, load_profile


@dataclass(frozen=True)
class Decision:
    """What the lane decided, and because of which checks (``name.status``)."""

    verdict: Verdict
    reasons: tuple[str, ...]


def profile(name: str, *, page_must_be_read: bool) -> Profile:
    """Return the site's profile. A page that was read must agree with the reader in any case."""
    shipped = load_profile(name)
    if page_must_be_read:
        return shipped
    return replace(shipped, needs={**shipped.needs, "page": Need.OPTIONAL})


def decide(checks: Sequence[Check], profile: Profile) -> Decision:
    """Return the decision over ``checks``."""
    reasons = tuple(
        f"{check.name}.{check.status.value.replace(' ', '-')}"
        for check in checks
        if profile.stands_against(check.name, check.status.value)
    )
    if reasons or not checks:
        return Decision(Verdict.REFER, reasons or ("no-checks",))
    return Decision(Verdict.CLEAR, ())
