"""What is held before the bar code reader: whose it is, how long it waits, what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from edge.documents.mrz import Mrz, parse
from edge.documents.mrz_layout import Format
from edge.documents.result import Check, Status, successful
from edge.egate.boarding import BoardingSection, boarding_check
from edge.egate.codes import WAITS, Codes
from edge.egate.evidence import Evidence
from edge.egate.passage import Phase
from simulators.world.documents_holder import fictitious, zone
from simulators.world.passes import boarding_pass

TODAY = date(2026, 11, 24)
LINES = zone(fictitious(3), Format.TD3)
PRINTED = parse(LINES)
PASS = boarding_pass(LINES, TODAY)
SEAL = b"\xdc\x03 as good as a seal"
REQUIRED = BoardingSection(required=True)
NEXT = {Phase.IDLE, Phase.SECURING, Phase.DECIDING, Phase.EXITING, Phase.CLEARING}


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.combine(TODAY, datetime.min.time(), UTC)


class Guide:
    """Keeps what the traveller was told."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def wants_pass(self, wanted: bool) -> None:
        self.told.append(wanted)


def seals(content: bytes, printed: Mrz | None) -> Mapping[str, Check]:
    return {"structure": successful(f"{len(content)} bytes, {printed is not None}")}


def codes(how: BoardingSection | None = REQUIRED) -> tuple[Codes, Clock]:
    clock = Clock()
    return Codes(how, seals, clock), clock  # type: ignore[arg-type]


def waiting(of: Codes) -> dict[str, bytes]:
    evidence = Evidence()
    of.begin(evidence)
    return evidence.codes


@pytest.mark.parametrize("phase", Phase)
def test_whose_a_code_is(phase: Phase) -> None:
    mine, (these, _) = Evidence(), codes()
    these.notice(PASS, phase, mine)
    assert bool(mine.codes) == (phase is Phase.READING)
    assert bool(waiting(these)) == (phase in NEXT)


def test_it_waits_and_then_is_forgotten() -> None:
    these, clock = codes()
    these.notice(PASS, Phase.IDLE, None)
    clock.seconds += WAITS - 0.1
    these.tick()
    assert waiting(these) == {"boarding-pass": PASS}
    assert waiting(these) == {}, "it is one passage's"
    these.notice(PASS, Phase.IDLE, None)
    clock.seconds += WAITS
    these.tick()
    assert not these._waiting.codes
    assert waiting(these) == {}


def test_of_each_kind_the_last() -> None:
    these, _ = codes()
    other = boarding_pass(zone(fictitious(4), Format.TD3), TODAY)
    for content in (PASS, SEAL, b"https://somewhere", b"", b"M9", other, b'{"data": 1}'):
        these.notice(content, Phase.IDLE, None)
    assert waiting(these) == {"boarding-pass": other, "seal": b'{"data": 1}'}


def test_where_passes_do_not_matter_only_seals_do() -> None:
    these, _ = codes(None)
    these.notice(PASS, Phase.IDLE, None)
    these.notice(SEAL, Phase.IDLE, None)
    assert set(waiting(these)) == {"seal"}


async def _awaited(these: Codes, evidence: Evidence, left: float, shown: bytes) -> list[bool]:
    guide = Guide()
    task = asyncio.create_task(these.awaited(evidence, guide, lambda: left))
    await asyncio.sleep(0)
    if shown:
        these.notice(shown, Phase.READING, evidence)
    await asyncio.wait_for(task, 30)
    return guide.told


@pytest.mark.parametrize(
    ("how", "before", "left", "shown", "told"),
    [
        (REQUIRED, {}, 60.0, PASS, [True, False]),
        (REQUIRED, {"boarding-pass": PASS}, 60.0, b"", [False, False]),
        (REQUIRED, {}, 0.0, b"", [True, False]),
        (BoardingSection(), {}, 60.0, b"", []),
        (None, {}, 60.0, b"", []),
    ],
)
def test_it_is_asked_for_and_waited_for(
    how: BoardingSection | None,
    before: dict[str, bytes],
    left: float,
    shown: bytes,
    told: list[bool],
) -> None:
    these, _ = codes(how)
    assert asyncio.run(_awaited(these, Evidence(codes=before), left, shown)) == told


def judged(how: BoardingSection | None, shown: dict[str, bytes]) -> dict[str, Status]:
    these, _ = codes(how)
    evidence = Evidence(printed=PRINTED, codes=shown)
    asyncio.run(these.judge(evidence))
    assert evidence.shown is not None
    return {name: check.status for name, check in evidence.shown.items()}


def test_what_is_judged() -> None:
    assert judged(REQUIRED, {}) == {"boarding-pass": Status.UNDETERMINED}
    assert judged(BoardingSection(), {}) == {}
    assert judged(None, {}) == {}
    both = judged(BoardingSection(), {"boarding-pass": PASS, "seal": SEAL})
    assert both == {"boarding-pass": Status.SUCCESSFUL, "seal.structure": Status.SUCCESSFUL}


@pytest.mark.parametrize(
    ("how", "content", "status"),
    [
        ({}, PASS, Status.SUCCESSFUL),
        ({"departing_from": {"XUT"}, "arriving_at": {"XPA"}}, PASS, Status.SUCCESSFUL),
        ({"departing_from": {"XPA"}}, PASS, Status.FAILED),
        ({"arriving_at": {"XUT"}}, PASS, Status.FAILED),
        ({}, boarding_pass(LINES, TODAY + timedelta(days=1)), Status.SUCCESSFUL),
        ({"days": 0}, boarding_pass(LINES, TODAY + timedelta(days=1)), Status.FAILED),
        ({}, boarding_pass(LINES, TODAY - timedelta(days=2)), Status.FAILED),
        ({}, boarding_pass(zone(fictitious(4), Format.TD3), TODAY), Status.FAILED),
        ({}, PASS[:-1], Status.UNDETERMINED),
        ({}, PASS.replace(b"328", b"   "), Status.UNDETERMINED),
        ({}, b"M1" + b" " * 20 + PASS[22:], Status.UNDETERMINED),
    ],
)
def test_a_boarding_pass(how: dict[str, object], content: bytes, status: Status) -> None:
    section = BoardingSection.model_validate(how)
    found = boarding_check(content, section, PRINTED, TODAY)
    assert found.status is status
    for word in (*PRINTED.fields["surname"].split(), "XUT", "XPA", "ABC123", "0042"):
        assert word not in found.detail


def test_without_a_zone_there_is_nothing_to_compare() -> None:
    found = boarding_check(PASS, BoardingSection(), None, TODAY)
    assert found.status is Status.UNDETERMINED


def test_what_was_shown_goes_with_the_evidence() -> None:
    evidence = Evidence(codes={"seal": SEAL}, shown={"seal.structure": successful()})
    evidence.forget()
    assert (evidence.codes, evidence.shown) == ({}, None)
    assert "seal" not in repr(Evidence(codes={"seal": SEAL}))
