from collections.abc import Iterator

import pytest

from edge.egate.passage import LEVELS, LIMITS, PASSAGE, Do, Event, Phase
from edge.runtime.machine import Machine, To

OPENS_EXIT = {key for key, step in PASSAGE.steps.items() if Do.OPEN_EXIT in step.do}
OPENS_ENTRY = {key for key, step in PASSAGE.steps.items() if Do.OPEN_ENTRY in step.do}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("phase", Phase)
def test_every_pair_is_a_step_or_named_as_ignored(phase: Phase, event: Event) -> None:
    machine = Machine(PASSAGE)
    machine.phase = phase
    effects = machine.on(event)
    assert not machine.unforeseen, "neither listed nor ignored"
    if step := PASSAGE.steps.get((phase, event)):
        assert (machine.phase, effects) == (step.phase, step.do)
    else:
        assert (machine.phase, effects) == (phase, ())


def test_no_pair_is_both_a_step_and_ignored() -> None:
    assert not PASSAGE.steps.keys() & PASSAGE.ignored


def test_only_a_decision_opens_the_exit() -> None:
    assert {
        (Phase.DECIDING, Event.CLEARED),
        (Phase.REFERRED_INSIDE, Event.APPROVED),
    } == OPENS_EXIT


def test_an_emergency_opens_nothing_and_comes_first() -> None:
    assert LEVELS[0] is Event.EMERGENCY
    for phase in Phase:
        step = PASSAGE.steps.get((phase, Event.EMERGENCY))
        assert (phase is Phase.EVACUATING) == (step is None)
        assert step is None or not {Do.OPEN_ENTRY, Do.OPEN_EXIT} & set(step.do)


def test_only_an_officer_leads_out_of_closed_and_fault() -> None:
    for phase in (Phase.CLOSED, Phase.FAULT):
        out = {
            event
            for (at, event), to in PASSAGE.steps.items()
            if at is phase and to.phase is not phase
        }
        assert out - {Event.EMERGENCY, Event.CLOSE_LANE} == {Event.OPEN_LANE}
    assert PASSAGE.start is Phase.CLOSED


def test_the_entry_never_opens_while_the_exit_may_be_open() -> None:
    """Walk every path with the exit's possible state: commanded open, or closed and proved."""
    proves_closed = {Event.SETTLED, Event.CONFINED, Event.SECURED}
    seen: set[tuple[Phase, bool]] = set()
    stack = [(PASSAGE.start, False)]
    while stack:
        phase, exit_open = stack.pop()
        if (phase, exit_open) in seen:
            continue
        seen.add((phase, exit_open))
        for event, to in steps_from(phase):
            closed_now = event in proves_closed
            if Do.OPEN_ENTRY in to.do:
                assert closed_now or not exit_open, (phase, event)
            opens = Do.OPEN_EXIT in to.do or to.phase is Phase.EVACUATING
            stack.append((to.phase, opens or (exit_open and not closed_now)))
    assert {phase for phase, _ in seen} == set(Phase), "every phase is reached"


def test_nobody_is_kept_inside_without_a_limit() -> None:
    for phase in Phase:
        if phase in (Phase.CLOSED, Phase.IDLE, Phase.PAUSED, Phase.FAULT, Phase.EVACUATING):
            assert phase not in LIMITS
        else:
            assert LIMITS[phase] <= 300
            assert (phase, Event.TIMED_OUT) in PASSAGE.steps


def test_one_clearance_is_one_crossing() -> None:
    """Out of EXITING nothing leads to another open exit without a new decision."""
    for event, to in steps_from(Phase.EXITING):
        assert to.phase in (Phase.CLEARING, Phase.FAULT, Phase.EVACUATING), event


def test_every_way_out_of_a_passage_ends_it() -> None:
    ends = {Do.END_CROSSED, Do.END_REFUSED, Do.END_ABANDONED, Do.END_EVACUATED, Do.END_FAULT}
    inside = {
        p
        for p in Phase
        if p not in (Phase.CLOSED, Phase.IDLE, Phase.PAUSED, Phase.FAULT, Phase.EVACUATING)
    }
    for (phase, event), to in PASSAGE.steps.items():
        leaves = phase in inside and to.phase in (Phase.IDLE, Phase.FAULT, Phase.EVACUATING)
        if leaves and phase is not Phase.RECOVERING:
            assert ends & set(to.do), (phase, event)


def steps_from(phase: Phase) -> Iterator[tuple[Event, To[Phase, Do]]]:
    for (at, event), to in PASSAGE.steps.items():
        if at is phase:
            yield event, to
