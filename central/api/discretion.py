"""What a traveller asked for in confidence is for officers alone.

1. Whoever is no officer does not see a safeguarding reason: it is told as the ordinary wish for
   help, so that neither the word nor a gap gives it away; a fault of that name likewise. A check
   of that name is left out.
2. Nor do they see why an officer handed the referral over: that may tell it in other words.
This is done here, in what leaves the service, and not in the console.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from pydantic import BaseModel

from central.accounts.roles import Role
from central.api.permissions import CONFIDENCES
from central.api.views_fleet import FaultView, UnitView
from central.api.views_passages import PassageView, ReferralView

CONFIDED: Final = "safeguarding"
ORDINARY: Final = "assistance"  # spelt as a lane spells it

V = TypeVar("V", bound=BaseModel)


def discreet(view: V) -> V:
    """Return ``view`` as it may be shown to somebody who is no officer."""
    if isinstance(view, ReferralView):
        checks = [check for check in view.checks if CONFIDED not in check.name.lower()]
        changes = {"reasons": _told(view.reasons), "checks": checks, "handover_reason": None}
        return view.model_copy(update=changes)
    if isinstance(view, PassageView):
        return view.model_copy(update={"reasons": _told(view.reasons)})
    if isinstance(view, UnitView):
        return view.model_copy(update={"faults": _faults(view.faults)})
    return view


def shown_to(roles: frozenset[Role], view: V) -> V:
    """Return ``view`` as somebody with ``roles`` may see it."""
    return view if roles & CONFIDENCES else discreet(view)


def _faults(faults: Sequence[FaultView]) -> list[FaultView]:
    ordinary = {"name": ORDINARY.capitalize()}
    plain = [
        fault.model_copy(update=ordinary) if CONFIDED in fault.name.lower() else fault
        for fault in faults
    ]
    return list({(fault.device, fault.name): fault for fault in reversed(plain)}.values())[::-1]


def _told(reasons: Sequence[str]) -> list[str]:
    plain = [ORDINARY if CONFIDED in reason.lower() else reason for reason in reasons]
    return list(dict.fromkeys(plain))
