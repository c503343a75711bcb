"""One item's inspection on a conveyor X-ray scanner, as a table.

    CLOSED ─open-lane─▶ PREPARING ─safe─▶ EMPTYING ─▶ DARKENING ─▶ WARMING ─beam─▶ AIRING ─▶ IDLE
      IDLE ─arrived─▶ ARMING ─beam─▶ SCANNING ─scanned─▶ ANALYSING ─clear─▶ RELEASING ─gone─▶ IDLE
                                                             └─suspect─▶ HELD ─divert─▶ DIVERTING ─┘

Rules
1. The programme starts CLOSED, and only an officer's ``open-lane`` leaves CLOSED or FAULT.
2. The beam is asked for in two rows only: to take the air reference and to scan an item. The source
   itself and the hard-wired interlock may still say no; this software never takes their place.
3. Whatever threatens (interlock, person, jam, a device gone, no disk) turns the beam off and stops
   the belt, from every phase, before anything else.
4. An analysis that fails or is late is a hold. Only a clear finding or an operator releases.
5. Whatever lies in the tunnel when the lane opens has not been judged: it goes to the search table.
6. The air reference is taken again when it is stale, never with an item in the tunnel.
7. The belt carries an item into the beam only once lines are coming.

Events under LEVELS are conditions: they are looked at again in every new phase, in that order.
"""

from __future__ import annotations

from enum import StrEnum, auto

from edge.runtime.machine import Table, To


class Phase(StrEnum):
    """Where the inspection stands."""

    CLOSED = auto()
    PREPARING = auto()
    EMPTYING = auto()
    DARKENING = auto()
    WARMING = auto()
    AIRING = auto()
    IDLE = auto()
    ARMING = auto()
    SCANNING = auto()
    ANALYSING = auto()
    HELD = auto()
    RELEASING = auto()
    DIVERTING = auto()
    FAULT = auto()


class Event(StrEnum):
    """What the world did, or how the lane is."""

    EMERGENCY = auto()  # emergency stop
    PERSON_IN_ZONE = auto()
    INTERLOCK_OPEN = auto()
    JAMMED = auto()
    LANE_FAULT = auto()  # a device reports a fault, or refused a command
    DEVICE_FAILED = auto()  # a device is away
    DISK_FULL = auto()  # nothing can be recorded, so nothing may be scanned
    CLOSE_LANE = auto()
    CALIBRATION_STALE = auto()  # and nothing has arrived yet
    BEAM_LOST = auto()  # no longer at its set-points
    SAFE = auto()  # beam proved off, interlock closed, nobody near, devices well
    BEAM_IS_ON = auto()  # read back, at its set-points
    ITEM_ARRIVED = auto()  # something has broken the entry barrier that has not been scanned
    ITEM_TOO_LONG = auto()  # its front is at the diverter and its tail not through the beam
    ITEM_SCANNED = auto()  # the item's tail has passed the beam
    ITEM_GONE = auto()  # the item's tail has passed the belt's end
    OPEN_LANE = auto()
    DARK_TAKEN = auto()
    AIR_TAKEN = auto()
    CALIBRATION_FAILED = auto()
    LINES_BEGIN = auto()
    SCAN_FAILED = auto()
    FOUND_CLEAR = auto()
    FOUND_SUSPECT = auto()
    ANALYSIS_FAILED = auto()
    RELEASE = auto()
    HOLD = auto()
    DIVERT = auto()
    TIMED_OUT = auto()


LEVELS = tuple(Event)[: tuple(Event).index(Event.OPEN_LANE)]
"""The conditions, most urgent first."""

THREATS = LEVELS[: LEVELS.index(Event.CLOSE_LANE)]
"""The conditions under which no beam may be and nothing may move."""


class Do(StrEnum):
    """What the lane must do about it."""

    BEAM_ON = auto()
    BEAM_OFF = auto()
    BELT_RUN = auto()
    BELT_STOP = auto()
    POINT_AHEAD = auto()  # the diverter lets items go straight on
    POINT_ASIDE = auto()  # the diverter leads items to the search table
    POINT_HOLD = auto()  # the diverter lets nothing on
    ACKNOWLEDGE = auto()
    EMPTY = auto()  # what is behind the entry barrier now has to leave the belt
    EMPTIED = auto()  # nothing is on it any more
    TAKE_DARK = auto()
    TAKE_AIR = auto()
    BEGIN = auto()
    TAKE_LINES = auto()
    ANALYSE = auto()
    REFER = auto()
    ALARM = auto()
    END_RELEASED = auto()
    END_DIVERTED = auto()
    END_FAULT = auto()


P, E = Phase, Event
_Step = To[Phase, Do]

_FAIL = To(P.FAULT, (Do.BEAM_OFF, Do.BELT_STOP, Do.ALARM, Do.END_FAULT))
_CLOSE = To(P.CLOSED, (Do.BEAM_OFF, Do.BELT_STOP))
_PREPARE = To(P.PREPARING, (Do.BEAM_OFF, Do.BELT_STOP, Do.ACKNOWLEDGE, Do.POINT_HOLD))
_RELEASE = To(P.RELEASING, (Do.POINT_AHEAD, Do.BELT_RUN))
_REFER = To(P.HELD, (Do.REFER,))

_OWN: dict[Phase, dict[Event, _Step]] = {
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
    P.WARMING: {E.BEAM_IS_ON: To(P.AIRING, (Do.TAKE_AIR,)), E.TIMED_OUT: _FAIL},
    P.AIRING: {
        E.BEAM_LOST: _FAIL,
        E.AIR_TAKEN: To(P.IDLE, (Do.BEAM_OFF, Do.BELT_RUN)),
        E.CALIBRATION_FAILED: _FAIL,
        E.TIMED_OUT: _FAIL,
    },
    P.IDLE: {
        E.CLOSE_LANE: _CLOSE,
        E.ITEM_ARRIVED: To(P.ARMING, (Do.BELT_STOP, Do.BEGIN, Do.BEAM_ON)),
        E.CALIBRATION_STALE: To(P.DARKENING, (Do.BEAM_OFF, Do.BELT_STOP, Do.TAKE_DARK)),
    },
    P.ARMING: {
        E.BEAM_IS_ON: To(P.SCANNING, (Do.TAKE_LINES,)),
        E.TIMED_OUT: _FAIL,
    },
    P.SCANNING: {
        E.LINES_BEGIN: To(P.SCANNING, (Do.BELT_RUN,)),
        E.SCAN_FAILED: _FAIL,
        E.BEAM_LOST: _FAIL,
        E.ITEM_TOO_LONG: _FAIL,
        E.ITEM_SCANNED: To(P.ANALYSING, (Do.BEAM_OFF, Do.BELT_STOP, Do.ANALYSE)),
        E.TIMED_OUT: _FAIL,
    },
    P.ANALYSING: {
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
        E.ITEM_GONE: To(P.IDLE, (Do.POINT_HOLD, Do.EMPTIED, Do.END_RELEASED)),
        E.ITEM_ARRIVED: _FAIL,  # the next one would pass unseen
        E.TIMED_OUT: _FAIL,
    },
    P.DIVERTING: {
        E.ITEM_GONE: To(P.IDLE, (Do.POINT_HOLD, Do.EMPTIED, Do.END_DIVERTED)),
        E.ITEM_ARRIVED: _FAIL,
        E.TIMED_OUT: _FAIL,
    },
    P.FAULT: {E.OPEN_LANE: _PREPARE, E.CLOSE_LANE: _CLOSE},
}

_UNTROUBLED = {P.CLOSED, P.FAULT}
"""Phases in which the beam is off and nothing moves."""


def _steps() -> dict[tuple[Phase, Event], _Step]:
    steps = {(phase, event): to for phase, own in _OWN.items() for event, to in own.items()}
    for phase in set(Phase) - _UNTROUBLED:
        steps.update({(phase, threat): _FAIL for threat in THREATS})
    for reported in (E.JAMMED, E.LANE_FAULT):  # while preparing these are being acknowledged
        del steps[P.PREPARING, reported]
    return steps


_IGNORED_EVERYWHERE = {
    *LEVELS,  # a condition nobody waits for
    E.OPEN_LANE,  # already open
    E.DARK_TAKEN,  # a reference that was given up
    E.AIR_TAKEN,
    E.CALIBRATION_FAILED,
    E.LINES_BEGIN,  # of a scan that was given up
    E.SCAN_FAILED,
    E.FOUND_CLEAR,  # an analysis that came too late: the item is held already
    E.FOUND_SUSPECT,
    E.ANALYSIS_FAILED,
    E.RELEASE,  # an operator answers what is no longer asked
    E.HOLD,
    E.DIVERT,
}


def _ignored(steps: dict[tuple[Phase, Event], _Step]) -> frozenset[tuple[Phase, Event]]:
    pairs = {(phase, event) for phase in Phase for event in _IGNORED_EVERYWHERE}
    still = {(phase, E.TIMED_OUT) for phase in (*_UNTROUBLED, P.IDLE, P.HELD)}  # without a limit
    return frozenset((pairs | still) - steps.keys())


_STEPS = _steps()
INSPECTION = Table(start=Phase.CLOSED, steps=_STEPS, ignored=_ignored(_STEPS))

LIMITS: dict[Phase, float] = {
    P.PREPARING: 20.0,
    P.EMPTYING: 20.0,
    P.DARKENING: 5.0,
    P.WARMING: 30.0,
    P.AIRING: 5.0,
    P.ARMING: 10.0,
    P.SCANNING: 60.0,
    P.ANALYSING: 10.0,
    P.RELEASING: 20.0,
    P.DIVERTING: 20.0,
}
"""Seconds a phase may last before TIMED_OUT; configuration may change each."""
