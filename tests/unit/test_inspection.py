import pytest

from edge.runtime.machine import Machine
from edge.scanner.inspection import BEAM, INSPECTION, LEVELS, LIMITS, THREATS, Do, Event, Phase

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


def test_the_beam_is_asked_for_in_three_rows_only() -> None:
    asks = {key for key, step in STEPS.items() if Do.BEAM_ON in step.do}
    assert asks == {
        (Phase.DARKENING, Event.DARK_TAKEN),
        (Phase.ARMING, Event.PROVED),
        (Phase.TEST_ARMING, Event.PROVED),
    }


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
    seen: set[tuple[Phase, bool]] = set()
    stack = [(INSPECTION.start, False)]
    while stack:
        phase, beam = stack.pop()
        if (phase, beam) in seen:
            continue
        seen.add((phase, beam))
        assert not beam or phase in BEAM, phase
        for (at, _), to in STEPS.items():
            if at is phase:
                after = beam
                for effect in to.do:
                    after = {Do.BEAM_ON: True, Do.BEAM_OFF: False}.get(effect, after)
                stack.append((to.phase, after))
    assert {phase for phase, _ in seen} == set(Phase), "every phase is reached"


def test_the_next_item_is_begun_while_the_one_before_leaves() -> None:
    for phase in (Phase.RELEASING, Phase.DIVERTING, Phase.TEST_CLEARING):
        step = STEPS[phase, Event.ITEM_ARRIVED]
        assert step.phase is Phase.IDENTIFYING
        assert step.do[0] is Do.BELT_STOP


def test_only_a_clear_finding_or_an_operator_releases() -> None:
    releases = {key for key, step in STEPS.items() if step.phase is Phase.RELEASING}
    assert releases == {(Phase.DECIDING, Event.FOUND_CLEAR), (Phase.HELD, Event.RELEASE)}


def test_a_failed_or_late_analysis_is_a_hold() -> None:
    for phase in (Phase.ANALYSING, Phase.DECIDING):
        for event in (Event.ANALYSIS_FAILED, Event.TIMED_OUT):
            assert STEPS[phase, event].phase is Phase.HELD
    assert STEPS[Phase.DECIDING, Event.FOUND_SUSPECT].phase is Phase.HELD


def test_the_phantom_never_goes_ahead() -> None:
    tests = {phase for phase in Phase if phase.startswith("test_")}
    for (phase, _), step in STEPS.items():
        if phase in tests:
            assert Do.POINT_AHEAD not in step.do


def test_every_phase_that_waits_for_a_machine_has_a_limit() -> None:
    for phase in Phase:
        assert ((phase, Event.TIMED_OUT) in STEPS) == (phase in LIMITS)
