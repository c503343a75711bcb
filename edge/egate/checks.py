"""What the evidence says, check by check. Pure: evidence and a date in, answers out.

Every check answers with one of five words (BSI TR-03135-1, 5.4). A device that failed is *aborted*:
never evidence for the traveller, and never against them. No detail holds personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from contract.passage import Check, Status
from drivers.errors import NoAnswer
from edge.documents import lds, zone_checks
from edge.documents.chip.errors import ChipError, PaceFailed
from edge.documents.mrz import Mrz
from edge.documents.mrz_dates import expiry
from edge.documents.optical.judge import GROUPS
from edge.documents.result import Check as Answer
from edge.egate.evidence import Evidence


def document_checks(evidence: Evidence, today: date) -> list[Check]:
    """Return the answers of every check of the document."""
    return [
        _printed(evidence),
        *_zone(evidence, today),
        _expiry(evidence, today),
        _page(evidence),
        *_optical(evidence),
        *_of(evidence.shown or {}),
        _chip(evidence),
        _chip_data(evidence),
        *_authentication(evidence),
    ]


def inside_checks(evidence: Evidence) -> list[Check]:
    """Return the answers of the checks that need the traveller alone inside."""
    name = "face-image"
    if evidence.face_error is not None:
        return [Check(name=name, status=Status.ABORTED, detail=_named(evidence.face_error))]
    if evidence.face is None:
        return [Check(name=name, status=Status.UNDETERMINED, detail="no picture was taken")]
    return list(evidence.face)


def _printed(evidence: Evidence) -> Check:
    name = "mrz"
    if evidence.printed is None:
        detail = (evidence.printed_error or "")[:300] or "no machine readable zone was read"
        return Check(name=name, status=Status.UNDETERMINED, detail=detail)
    if failing := evidence.printed.failing:
        detail = f"check digits that do not hold: {', '.join(failing)}"
        return Check(name=name, status=Status.FAILED, detail=detail)
    return Check(name=name, status=Status.SUCCESSFUL)


def _zone(evidence: Evidence, today: date) -> Iterator[Check]:
    """Yield what no check digit covers; a zone that was not read is told by ``mrz`` alone."""
    if (printed := evidence.printed) is not None:
        found = {
            "country": zone_checks.country(printed),
            "dates": zone_checks.dates(printed, today),
        }
        yield from _of({f"mrz.{name}": check for name, check in found.items()})


def _expiry(evidence: Evidence, today: date) -> Check:
    name = "expiry"
    if evidence.printed is None:
        return Check(name=name, status=Status.UNDETERMINED, detail="no date was read")
    until = expiry(evidence.printed.fields["expiry_date"], today)
    if until is None:
        return Check(name=name, status=Status.FAILED, detail="the date printed is no date")
    valid = until >= today
    return Check(
        name=name,
        status=Status.SUCCESSFUL if valid else Status.FAILED,
        detail="" if valid else "the document is no longer valid",
    )


def _page(evidence: Evidence) -> Check:
    name = "page"
    if evidence.page_error is not None:
        return Check(name=name, status=Status.ABORTED, detail=_named(evidence.page_error))
    seen = None if evidence.page is None else evidence.page.zone
    if seen is None:
        detail = "the camera's picture shows no machine readable zone"
        return Check(name=name, status=Status.UNDETERMINED, detail=detail)
    if evidence.printed is None or seen.lines == evidence.printed.lines:
        return Check(name=name, status=Status.SUCCESSFUL)
    count = _differences(seen.lines, evidence.printed.lines)
    detail = f"camera and reader disagree about {count} characters"
    return Check(name=name, status=Status.FAILED, detail=detail)


def _differences(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    a, b = "".join(one), "".join(other)
    return sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))


def _optical(evidence: Evidence) -> Iterator[Check]:
    if evidence.optical is None:
        status = Status.UNDETERMINED if evidence.page_error is None else Status.ABORTED
        for name in GROUPS:
            yield Check(name=name, status=status, detail="the page was not looked at closely")
        return
    yield from _of(evidence.optical)


def _chip(evidence: Evidence) -> Check:
    name = "chip"
    error = evidence.chip_error
    if isinstance(error, ChipError | NoAnswer):  # it gave nothing, or nothing is there
        return Check(name=name, status=Status.UNDETERMINED, detail=_named(error))
    if error is not None:
        return Check(name=name, status=Status.ABORTED, detail=_named(error))
    if evidence.chip is None:
        return Check(name=name, status=Status.UNDETERMINED, detail="no chip was read")
    missing = [file for file in ("COM", "SOD", "DG1", "DG2") if file not in evidence.chip.files]
    if missing:
        detail = f"not read: {', '.join(missing)}"
        return Check(name=name, status=Status.UNDETERMINED, detail=detail)
    return Check(name=name, status=Status.SUCCESSFUL)


def _chip_data(evidence: Evidence) -> Check:
    name = "chip-data"
    if evidence.chip is None or "DG1" not in evidence.chip.files or evidence.printed is None:
        return Check(name=name, status=Status.UNDETERMINED, detail="nothing to compare")
    try:
        stored = lds.dg1(evidence.chip.files["DG1"])
    except lds.LdsError as error:
        return Check(name=name, status=Status.FAILED, detail=str(error)[:300])
    same = _same_holder(stored, evidence.printed)
    return Check(
        name=name,
        status=Status.SUCCESSFUL if same else Status.FAILED,
        detail="" if same else "the chip and the page are of different documents",
    )


def _same_holder(stored: Mrz, printed: Mrz) -> bool:
    return stored.lines == printed.lines


def _authentication(evidence: Evidence) -> Iterator[Check]:
    if isinstance(evidence.chip_error, PaceFailed):
        yield Check(name="chip.pace", status=Status.FAILED, detail=str(evidence.chip_error)[:300])
    if evidence.proofs is None:
        yield Check(
            name="authenticity", status=Status.UNDETERMINED, detail="nothing to authenticate"
        )
        return
    yield from _of(evidence.proofs)


def _of(answers: Mapping[str, Answer]) -> Iterator[Check]:
    for name, answer in answers.items():
        yield Check(name=name, status=Status(answer.status.value), detail=answer.detail[:300])


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
