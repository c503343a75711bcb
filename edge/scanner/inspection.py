"""One item's inspection on a conveyor X-ray scanner, as a table.

    CLOSED ─open-lane─▶ PREPARING ─safe─▶ EMPTYING ─▶ DARKENING ─▶ WARMING ─beam─▶ AIRING ─▶ IDLE
      IDLE ─arrived─▶ IDENTIFYING ─▶ ARMING ─proved─▶ RAISING ─beam─▶ SCANNING ─scanned─▶ ANALYSING
           ─analysed─▶ DECIDING ─clear─▶ RELEASING ─gone─▶ IDLE
                           └─suspect─▶ HELD ─divert─▶ DIVERTING ─┘
      IDLE ─test due─▶ TESTING ─phantom─▶ TEST_ARMING ─▶ … ─▶ TEST_JUDGING ─passed─▶ IDLE

Rules
1. The programme starts CLOSED, and only an officer's ``open-lane`` leaves CLOSED or FAULT.
2. The beam is asked for in three rows only: to take the air reference, and, once interlock and
   references are proved, for an item or for the phantom. The source itself and the hard-wired
   interlock may still say no; this software never takes their place.
3. Whatever threatens (interlock, person, jam, a device gone or silent, no disk) turns the beam off
   and stops the belt, from every phase, before anything else.
4. An analysis that fails or is late is a hold. Only a clear finding that is on record, or an
   operator, releases.
5. Whatever lies in the tunnel when the lane opens has not been judged: it goes to the search table.
6. References are taken anew when the air reference is stale, the belt standing, nothing in the
   beam.
7. The belt carries an item into the beam only once lines are coming.
8. What cannot be identified is scanned all the same; policy says whether it is then held.
9. The daily self-test is due before the next item. A lane that fails it is out of service; the
   phantom goes to the search table, so that nothing laid beside it slips through.
10. The next item may come while the one before leaves: it is begun, and the belt that scans it
    carries the other out. One that nobody has judged never reaches the diverter.

Events under LEVELS (edge.scanner.phases) are conditions: they are looked at again in every new
phase, in that order.
"""

from __future__ import annotations

from edge.runtime.machine import Table, To
from edge.scanner.phases import LEVELS, THREATS, Do, Event, Phase

P, E = Phase, Event
_Step = To[Phase, Do]
_Rows = dict[Phase, dict[Event, _Step]]

_FAIL = To(P.FAULT, (Do.BEAM_OFF, Do.BELT_STOP, Do.ALARM, Do.END_HELD))
_CLOSE = To(P.CLOSED, (Do.BEAM_OFF, Do.BELT_STOP, Do.END_HELD))
_PREPARE = To(P.PREPARING, (Do.BEAM_OFF, Do.BELT_STOP, Do.ACKNOWLEDGE, Do.POINT_HOLD))
_DARKEN = To(P.DARKENING, (Do.BEAM_OFF, Do.BELT_STOP, Do.TAKE_DARK))
_BEGIN = To(P.IDENTIFYING, (Do.BELT_STOP, Do.BEGIN, Do.IDENTIFY))
_RELEASE = To(P.RELEASING, (Do.POINT_AHEAD, Do.BELT_RUN))
_REFER = To(P.HELD, (Do.REFER,))
_LEFT = (Do.POINT_HOLD, Do.END_LEFT)

_PREPARATION: _Rows = {
    P.CLOSED: {E.OPEN_LANE: _PREPARE},
    P.PREPARING: {
        E.SAFE: To(P.EMPTYING, (Do.POINT_ASIDE, Do.EMPTY, Do.BELT_RUN)),
        E.CLOSE_LANE: _CLOSE,
        E.TIMED_OUT: _FAIL,
    },
    P.EMPTYING: {
        E.ITEM_GONE: To(P.DARKENING, (Do.BELT_STOP, Do.POINT_HOLD, Do.EMPTIED, Do.TAKE_DARK)),
        E.CLOSE_LANE: _CLOSE,
        E.TIMED_OUT: _FAIL,
    },
    P.DARKENING: {
        E.DARK_TAKEN: To(P.WARMING, (Do.BEAM_ON,)),
        E.CALIBRATION_FAILED: _FAIL,
        E.TIMED_OUT: _FAIL,
    },
    P.WARMING: {
        E.CLOSE_LANE: _CLOSE,  # working a rested tube up may take an hour
        E.BEAM_IS_ON: To(P.AIRING, (Do.TAKE_AIR,)),
        E.TIMED_OUT: _FAIL,
    },
    P.AIRING: {
        E.BEAM_LOST: _FAIL,
        E.AIR_TAKEN: To(P.IDLE, (Do.BEAM_OFF, Do.BELT_RUN)),
        E.CALIBRATION_FAILED: _FAIL,
        E.TIMED_OUT: _FAIL,
    },
    P.FAULT: {E.OPEN_LANE: _PREPARE, E.CLOSE_LANE: _CLOSE},
}


def _exposure(arming: Phase, raising: Phase, scanning: Phase, then: _Step) -> _Rows:
    """Return the rows from the proof to the last line, for an item and for the phantom alike."""
    return {
        arming: {E.PROVED: To(raising, (Do.BEAM_ON,)), E.TIMED_OUT: _FAIL},
        raising: {E.BEAM_IS_ON: To(scanning, (Do.TAKE_LINES,)), E.TIMED_OUT: _FAIL},
        scanning: {
            E.LINES_BEGIN: To(scanning, (Do.BELT_RUN,)),
            E.SCAN_FAILED: _FAIL,
            E.BEAM_LOST: _FAIL,
            E.ITEM_TOO_LONG: _FAIL,
            E.ITEM_SCANNED: then,
            E.TIMED_OUT: _FAIL,
        },
    }


_TEST: _Rows = {
    P.TESTING: {
        E.CLOSE_LANE: _CLOSE,
        E.CALIBRATION_STALE: _DARKEN,
        E.ITEM_ARRIVED: To(P.TEST_ARMING, (Do.BELT_STOP, Do.BEGIN_TEST)),
    },
    **_exposure(
        P.TEST_ARMING,
        P.TEST_RAISING,
        P.TEST_SCANNING,
        To(P.TEST_JUDGING, (Do.BEAM_OFF, Do.BELT_STOP, Do.JUDGE_TEST)),
    ),
    P.TEST_JUDGING: {
        E.TEST_PASSED: To(P.TEST_CLEARING, (Do.POINT_ASIDE, Do.BELT_RUN)),
        E.TEST_FAILED: _FAIL,
        E.TIMED_OUT: _FAIL,
    },
    P.TEST_CLEARING: {
        E.ITEM_GONE: To(P.IDLE, _LEFT),
        E.ITEM_ARRIVED: _BEGIN,
        E.TIMED_OUT: _FAIL,
    },
}

_ITEM: _Rows = {
    P.IDLE: {
        E.CLOSE_LANE: _CLOSE,
        E.CALIBRATION_STALE: _DARKEN,
        E.SELF_TEST_DUE: To(P.TESTING),
        E.ITEM_ARRIVED: _BEGIN,
    },
    # What is not known in time is not waited for: a check says that it is missing.
    P.IDENTIFYING: {E.IDENTIFIED: To(P.ARMING), E.TIMED_OUT: To(P.ARMING)},
    **_exposure(
        P.ARMING,
        P.RAISING,
        P.SCANNING,
        To(P.ANALYSING, (Do.BEAM_OFF, Do.BELT_STOP, Do.ANALYSE)),
    ),
    P.ANALYSING: {
        E.ANALYSED: To(P.DECIDING, (Do.DECIDE,)),
        E.ANALYSIS_FAILED: _REFER,
        E.TIMED_OUT: _REFER,
    },
    P.DECIDING: {
        E.FOUND_CLEAR: _RELEASE,
        E.FOUND_SUSPECT: _REFER,
        E.ANALYSIS_FAILED: _REFER,
        E.TIMED_OUT: _REFER,
    },
    P.HELD: {
        E.RELEASE: _RELEASE,
        E.DIVERT: To(P.DIVERTING, (Do.POINT_ASIDE, Do.BELT_RUN)),
        E.HOLD: To(P.HELD),
    },
    P.RELEASING: {
        E.ITEM_GONE: To(P.IDLE, _LEFT),
        E.ITEM_ARRIVED: _BEGIN,
        E.TIMED_OUT: _FAIL,
    },
    P.DIVERTING: {
        E.ITEM_GONE: To(P.IDLE, _LEFT),
        E.ITEM_ARRIVED: _BEGIN,
        E.TIMED_OUT: _FAIL,
    },
}
_ITEM[P.ARMING] |= {
    E.CALIBRATION_STALE: _DARKEN,  # with the item at the barrier; then it is begun again
    E.SELF_TEST_DUE: _FAIL,  # long overdue, and items came without a pause
}
_OWN: _Rows = {**_PREPARATION, **_TEST, **_ITEM}
for _phase in (
    *(P.TEST_ARMING, P.TEST_RAISING, P.TEST_SCANNING),
    *(P.IDENTIFYING, P.ARMING, P.RAISING, P.SCANNING),
):
    _OWN[_phase][E.ITEM_GONE] = To(_phase, _LEFT)  # the one before it

_UNTROUBLED = {P.CLOSED, P.FAULT}
"""Phases in which the beam is off and nothing moves."""


def _steps() -> dict[tuple[Phase, Event], _Step]:
    steps = {(phase, event): to for phase, own in _OWN.items() for event, to in own.items()}
    for phase in set(Phase) - _UNTROUBLED:
        steps.update({(phase, threat): _FAIL for threat in THREATS})
    for reported in (E.JAMMED, E.LANE_FAULT):  # while preparing these are being acknowledged
        del steps[P.PREPARING, reported]
    return steps


_WAITS = {P.IDLE, P.TESTING, P.HELD}
"""Phases that wait for people, without a limit."""

_IGNORED_EVERYWHERE = {
    *LEVELS,  # a condition nobody waits for
    E.OPEN_LANE,  # already open
    E.DARK_TAKEN,  # a reference that was given up
    E.AIR_TAKEN,
    E.CALIBRATION_FAILED,
    E.IDENTIFIED,  # too late: the item is in the beam already
    E.LINES_BEGIN,  # of a scan that was given up
    E.SCAN_FAILED,
    E.ANALYSED,  # an analysis that came too late: the item is held already
    E.ANALYSIS_FAILED,
    E.FOUND_CLEAR,
    E.FOUND_SUSPECT,
    E.TEST_PASSED,
    E.TEST_FAILED,
    E.RELEASE,  # an operator answers what is no longer asked
    E.HOLD,
    E.DIVERT,
}


def _ignored(steps: dict[tuple[Phase, Event], _Step]) -> frozenset[tuple[Phase, Event]]:
    pairs = {(phase, event) for phase in Phase for event in _IGNORED_EVERYWHERE}
    still = {(phase, E.TIMED_OUT) for phase in _UNTROUBLED | _WAITS}
    return frozenset((pairs | still) - steps.keys())


_STEPS = _steps()
INSPECTION = Table(start=Phase.CLOSED, steps=_STEPS, ignored=_ignored(_STEPS))

BEAM = frozenset(
    {
        *(P.WARMING, P.AIRING, P.RAISING, P.SCANNING),
        *(P.TEST_RAISING, P.TEST_SCANNING),
    }
)
"""The phases that want a beam; in every other one it is turned off again."""

SCANS = frozenset({P.SCANNING, P.TEST_SCANNING})
"""The phases in which the belt carries something through the beam."""

LIMITS: dict[Phase, float] = {
    P.PREPARING: 20.0,
    P.EMPTYING: 20.0,
    P.DARKENING: 5.0,
    P.WARMING: 30.0,
    P.AIRING: 5.0,
    P.TEST_ARMING: 10.0,
    P.TEST_RAISING: 10.0,
    P.TEST_SCANNING: 60.0,
    P.TEST_JUDGING: 20.0,
    P.TEST_CLEARING: 20.0,
    P.IDENTIFYING: 10.0,
    P.ARMING: 10.0,
    P.RAISING: 10.0,
    P.SCANNING: 60.0,
    P.ANALYSING: 10.0,
    P.DECIDING: 5.0,
    P.RELEASING: 20.0,
    P.DIVERTING: 20.0,
}
"""Seconds a phase may last before TIMED_OUT; configuration may change each.

WARMING lasts longer by what a tube that rested takes (edge/scanner/working_up.py).
"""

__all__ = ["BEAM", "INSPECTION", "LEVELS", "LIMITS", "SCANS", "THREATS", "Do", "Event", "Phase"]
