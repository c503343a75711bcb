"""What a check of a document can answer, and what all of them together say (BSI TR-03135-1 §3.5.2).

1. A check is successful, failed, undetermined, not supported or aborted. Only the first is
   evidence for the document; only the second is evidence against it.
2. Any failed check: reject. Every mandatory check successful: accept. Anything else is undetermined
   and goes to an officer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How one check ended."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NOT_SUPPORTED = "not supported"
    ABORTED = "aborted"


class Verdict(StrEnum):
    """What the checks say together."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Check:
    """One check's answer and, for an officer, why. No personal data in ``detail``."""

    status: Status
    detail: str = ""


def successful(detail: str = "") -> Check:
    """Evidence for the document."""
    return Check(Status.SUCCESSFUL, detail)


def failed(detail: str) -> Check:
    """Evidence against the document."""
    return Check(Status.FAILED, detail)


def undetermined(detail: str) -> Check:
    """No evidence either way."""
    return Check(Status.UNDETERMINED, detail)


def not_supported(detail: str) -> Check:
    """No evidence either way: this software cannot compute it."""
    return Check(Status.NOT_SUPPORTED, detail)


def aborted(detail: str) -> Check:
    """No evidence either way: what it builds on was not there."""
    return Check(Status.ABORTED, detail)


def verdict(checks: Mapping[str, Check], optional: frozenset[str] = frozenset()) -> Verdict:
    """Return what ``checks`` say; those named ``optional`` need not succeed, but must not fail."""
    if any(check.status is Status.FAILED for check in checks.values()):
        return Verdict.REJECT
    needed = [check for name, check in checks.items() if name not in optional]
    if needed and all(check.status is Status.SUCCESSFUL for check in needed):
        return Verdict.ACCEPT
    return Verdict.UNDETERMINED
