"""Whether a traveller may pass: a profile over the checks, and almost nothing else.

The profile is data (edge/documents/profiles): how much each check counts, by BSI TR-03135. No
checks at all is a referral, and a check that the profile does not name counts as mandatory. A face
that is missing, looks like an attack or is another's goes to an officer whatever the profile says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract.passage import Check, Status, Verdict
from edge.documents.profile import Need, Profile, load_profile
from edge.egate.boarding import BCBP
from edge.egate.config import EGateConfig


@dataclass(frozen=True)
class Decision:
    """What the lane decided, and because of which checks (``name.status``)."""

    verdict: Verdict
    reasons: tuple[str, ...]


ALWAYS = frozenset({"face-image", "face-pad", "face-comparison"})
"""Checks that no profile waives once they have failed (BSI TR-03121-3-1 §2.5)."""

_OF_THE_PAGE = ("page", "spectral", "document-model")


def profile_of(config: EGateConfig) -> Profile:
    """Return the site's profile, as its other choices change it.

    A page that was read must hold in any case; a boarding pass that is required is mandatory.
    """
    shipped = load_profile(config.documents.profile)
    needs = dict(shipped.needs)
    if not config.policy.page_must_be_read:
        needs |= dict.fromkeys(_OF_THE_PAGE, Need.OPTIONAL)
    if config.boarding_pass is not None and config.boarding_pass.required:
        needs[BCBP] = Need.MANDATORY
    return replace(shipped, needs=needs)


def decide(checks: Sequence[Check], profile: Profile) -> Decision:
    """Return the decision over ``checks``."""
    reasons = tuple(
        f"{check.name}.{check.status.value.replace(' ', '-')}"
        for check in checks
        if profile.stands_against(check.name, check.status.value)
        or (check.name in ALWAYS and check.status is Status.FAILED)
    )
    if reasons or not checks:
        return Decision(Verdict.REFER, reasons or ("no-checks",))
    return Decision(Verdict.CLEAR, ())
