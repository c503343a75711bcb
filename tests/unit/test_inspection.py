import pytest

from edge.runtime.machine import Machine
from edge.scanner.inspection import INSPECTION, LEVELS, LIMITS, THREATS, Do, Event, Phase

STEPS = INSPECTION.steps


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("phase", Phase)
def test_every_pair_is_a_step_or_named_as_ignored(phase: Phase, event: Event) -> None:
    machine = Machine(INSPECTION)
    machine.phase = phase
    effects = machine.on(event)
    assert not machine.unforeseen, "neither listed nor ignored"
    if step := STEPS.get((phase, event)):
        assert (machine.phase, effects) == (step.phase, step.do)
    else:
        assert (machine.phase, effects) == (phase, ())


def test_no_pair_is_both_a_step_and_ignored() -> None:
    assert not STEPS.keys() & INSPECTION.ignored


def test_the_beam_is_asked_for_in_two_rows_only() -> None:
    asks = {key for key, step in STEPS.items() if Do.BEAM_ON in step.do}
    assert asks == {(Phase.DARKENING, Event.DARK_TAKEN), (Phase.IDLE, Event.ITEM_ARRIVED)}


def test_every_threat_turns_the_beam_off_and_stops_the_belt_from_every_phase() -> None:
    assert LEVELS[: len(THREATS)] == THREATS
    for phase in set(Phase) - {Phase.CLOSED, Phase.FAULT}:
        acknowledged = {Event.JAMMED, Event.LANE_FAULT} if phase is Phase.PREPARING else set()
        for threat in set(THREATS) - acknowledged:
            step = STEPS[phase, threat]
            assert step.do[:2] == (Do.BEAM_OFF, Do.BELT_STOP)
            assert step.phase is Phase.FAULT


def test_the_beam_is_never_left_on() -> None:
    """Follow every path with the beam's commanded state: off wherever an item rests or leaves."""
    may_be_on = {Phase.WARMING, Phase.AIRING, Phase.ARMING, Phase.SCANNING}
    seen: set[tuple[Phase, bool]] = set()
    stack = [(INSPECTION.start, False)]
    while stack:
        phase, beam = stack.pop()
        if (phase, beam) in seen:
            continue
        seen.add((phase, beam))
        assert not beam or phase in may_be_on, phase
        for (at, _), to in STEPS.items():
            if at is phase:
                after = beam
                for effect in to.do:
                    after = {Do.BEAM_ON: True, Do.BEAM_OFF: False}.get(effect, after)
                stack.append((to.phase, after))
    assert {phase for phase, _ in seen} == set(Phase), "every phase is reached"


def test_nothing_passes_unseen_behind_an_item_that_leaves() -> None:
    for phase in (Phase.RELEASING, Phase.DIVERTING):
        assert STEPS[phase, Event.ITEM_ARRIVED].phase is Phase.FAULT


def test_only_a_clear_finding_or_an_operator_releases() -> None:
    releases = {key for key, step in STEPS.items() if step.phase is Phase.RELEASING}
    assert releases == {(Phase.ANALYSING, Event.FOUND_CLEAR), (Phase.HELD, Event.RELEASE)}


def test_a_failed_or_late_analysis_is_a_hold() -> None:
    for event in (Event.ANALYSIS_FAILED, Event.TIMED_OUT, Event.FOUND_SUSPECT):
        assert STEPS[Phase.ANALYSING, event].phase is Phase.HELD


def test_every_phase_that_waits_for_a_machine_has_a_limit() -> None:
    for phase in Phase:
        assert ((phase, Event.TIMED_OUT) in STEPS) == (phase in LIMITS)
