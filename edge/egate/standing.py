"""What the authority's lists say: whether the lane may open, and what they know of a document.

1. Without the site's policy the gate does not open: what it says has no default in code.
2. A document on the watchlist is a failed check: an officer, and no word to the traveller.
3. A watchlist older than the policy allows answers *undetermined*, whatever it holds.
4. Central silent for longer than the policy allows: everybody is referred, or the lane closes, as
   the policy says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from contract.lists import ListKind, SitePolicy, document_digest
from contract.passage import Check, Status
from edge.documents.mrz import Mrz
from edge.runtime.clock import Clock
from edge.runtime.faults import FaultBook
from edge.uplink.lists import ListKeeper

LISTS = "lists"  # the name under which their faults are told


class Standing:
    """The lists as one passage needs them. ``heard`` says when central last acknowledged."""

    def __init__(
        self, lists: ListKeeper, heard: Callable[[], datetime | None], clock: Clock
    ) -> None:
        self._lists = lists
        self._heard = heard
        self._clock = clock

    @property
    def policy(self) -> SitePolicy | None:
        """The authority's policy for this site, None while there is none."""
        return self._lists.policy

    @property
    def objection(self) -> str | None:
        """Why the lane may not open, None if it may."""
        if self._lists.policy is None:
            return "there is no policy of the authority for this site: publish one at central"
        return None

    @property
    def closes(self) -> bool:
        """Whether the policy closes the lane now."""
        policy = self._lists.policy
        return policy is not None and policy.without_central.then == "close" and self._alone

    @property
    def false_match_rate(self) -> float | None:
        """The rate of false matches that the authority accepts of a comparison of faces."""
        policy = self._lists.policy
        return None if policy is None else policy.false_match_rate

    def watch(self, faults: FaultBook) -> None:
        """Tell what is wrong with the lists, and what is well again."""
        self._told(faults, "NoPolicy", self.objection)
        for kind in ListKind:
            self._told(faults, f"{kind.value.capitalize()}Refused", self._lists.problems.get(kind))

    def checks(self, printed: Mrz | None) -> list[Check]:
        """Return the answers of the watchlist and of the time without central."""
        return [self._watchlist(printed), self._central()]

    def _watchlist(self, printed: Mrz | None) -> Check:
        name = "watchlist"
        policy, watchlist = self._lists.policy, self._lists.watchlist
        age = self._lists.age_hours(ListKind.WATCHLIST)
        if policy is None or watchlist is None or age is None or printed is None:
            return Check(name=name, status=Status.UNDETERMINED, detail="no list, or nothing read")
        fields = printed.fields
        digest = document_digest(watchlist.salt, fields["issuing_state"], fields["document_number"])
        if digest in watchlist.documents:
            return Check(name=name, status=Status.FAILED, detail="on the watchlist")
        if age > policy.watchlist_hours:
            detail = f"the list is {age:.0f} h old; {policy.watchlist_hours:.0f} are allowed"
            return Check(name=name, status=Status.UNDETERMINED, detail=detail)
        return Check(name=name, status=Status.SUCCESSFUL)

    def _central(self) -> Check:
        if not self._alone:
            return Check(name="central", status=Status.SUCCESSFUL)
        detail = f"central has been silent for {self._silent_hours:.1f} h"
        return Check(name="central", status=Status.UNDETERMINED, detail=detail)

    @property
    def _alone(self) -> bool:
        policy = self._lists.policy
        return policy is None or self._silent_hours > policy.without_central.hours

    @property
    def _silent_hours(self) -> float:
        """Hours since central was last heard; the policy itself is a word of central's too."""
        heard = self._heard()
        since_policy = self._lists.age_hours(ListKind.POLICY)
        if heard is None:
            return float("inf") if since_policy is None else since_policy
        return (self._clock.now() - heard).total_seconds() / 3600

    @staticmethod
    def _told(faults: FaultBook, name: str, reason: str | None) -> None:
        if reason is None:
            faults.clear(LISTS, name)
        else:
            faults.raise_(LISTS, name, reason)
