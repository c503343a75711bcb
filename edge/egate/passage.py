"""One traveller's passage through a two-leaf gate, as a table.

The document is read in front of the closed entry, so that nobody is let in who cannot be let out;
the decision falls inside, alone, with the entry proved closed.

    CLOSED ─open-lane─▶ RECOVERING ─settled─▶ IDLE ─document─▶ READING ─accepted─▶ ENTERING
      IDLE ◀─settled─ CLEARING ◀─empty─ EXITING ◀─cleared─ DECIDING ◀─secured─ SECURING ◀─occupied─┘

Rules
1. The programme starts CLOSED, and only an officer's ``open-lane`` leaves CLOSED or FAULT.
2. The exit is opened by two rows only: CLEARED while DECIDING, APPROVED while REFERRED_INSIDE. Both
   are left at once if the gate stops being secured: one inside, both leaves proved closed.
3. The entry is opened only from phases in which the exit is proved closed.
4. An emergency opens nothing here: the gate's own hardware opens the exit. Software withdraws
   its commands, so that no command outlives the fire.
5. Whoever is inside when the disk takes no more is in the hands of an officer; if nobody is, the
   gate pauses until it does again, as for a reader that is away.
6. Whoever must not pass is let out through the entry; nobody waits inside without a time limit.

Events named under LEVELS are conditions of the gate: they are looked at again in every new phase,
in that order, so none is missed because it came early.
"""

from __future__ import annotations

from enum import StrEnum, auto

from edge.runtime.machine import Table, To


class Phase(StrEnum):
    """Where the passage stands."""

    CLOSED = auto()
    RECOVERING = auto()
    IDLE = auto()
    PAUSED = auto()
    READING = auto()
    REFERRED_AT_ENTRY = auto()
    ENTERING = auto()
    SECURING = auto()
    DECIDING = auto()
    REFERRED_INSIDE = auto()
    EXITING = auto()
    CLEARING = auto()
    RETURNING = auto()
    FAULT = auto()
    EVACUATING = auto()


class Event(StrEnum):
    """What the world did, or how the gate is."""

    EMERGENCY = auto()  # fire input, emergency stop or loss of power
    ALL_CLEAR = auto()  # none of them any more
    DEVICE_FAILED = auto()  # the gate's controller is away
    GATE_FAULT = auto()  # it reports a fault, or refused a command
    DISK_FULL = auto()  # nothing can be recorded, so nothing may pass
    READER_FAILED = auto()  # a reader or camera is away: no new traveller, no officer needed
    READERS_WELL = auto()  # and the disk takes records
    ENTRY_ASTRAY = auto()  # the entry is not proved closed
    EXIT_ASTRAY = auto()  # the exit is not proved closed
    CROWDED = auto()  # two or more inside
    CONFINED = auto()  # somebody inside, both leaves proved closed
    SECURED = auto()  # exactly one inside, both leaves proved closed
    OCCUPIED = auto()  # exactly one inside
    SETTLED = auto()  # nobody inside, both leaves proved closed
    EMPTY = auto()  # nobody inside
    CLOSE_LANE = auto()
    DOCUMENT_PLACED = auto()  # a document lies on the reader that no passage has used
    OPEN_LANE = auto()
    DOCUMENT_REMOVED = auto()
    DOCUMENT_ACCEPTED = auto()
    DOCUMENT_FLAGGED = auto()
    CLEARED = auto()
    FLAGGED = auto()
    APPROVED = auto()
    REFUSED = auto()
    TIMED_OUT = auto()


LEVELS = tuple(Event)[: tuple(Event).index(Event.OPEN_LANE)]
"""The conditions, most urgent first."""


class Do(StrEnum):
    """What the gate must do about it."""

    BEGIN = auto()
    READ_DOCUMENT = auto()
    STOP_READING = auto()
    OPEN_ENTRY = auto()
    OPEN_EXIT = auto()
    CLOSE_LEAVES = auto()
    ACKNOWLEDGE = auto()
    WITHDRAW = auto()
    DECIDE = auto()
    REFER = auto()
    ALARM = auto()
    END_CROSSED = auto()
    END_REFUSED = auto()
    END_ABANDONED = auto()
    END_EVACUATED = auto()
    END_FAULT = auto()


P, E = Phase, Event
_Step = To[Phase, Do]

_FAIL = To(P.FAULT, (Do.STOP_READING, Do.CLOSE_LEAVES, Do.ALARM, Do.END_FAULT))
_EVACUATE = To(P.EVACUATING, (Do.STOP_READING, Do.WITHDRAW, Do.ALARM, Do.END_EVACUATED))
_LET_BACK = To(P.RETURNING, (Do.STOP_READING, Do.ALARM, Do.OPEN_ENTRY))
_CLOSE = To(P.CLOSED, (Do.CLOSE_LEAVES,))
_RECOVER = To(P.RECOVERING, (Do.ACKNOWLEDGE, Do.CLOSE_LEAVES))
_REFER_INSIDE = To(P.REFERRED_INSIDE, (Do.STOP_READING, Do.REFER))
_REFER_AT_ENTRY = To(P.REFERRED_AT_ENTRY, (Do.STOP_READING, Do.REFER))

_OWN: dict[Phase, dict[Event, _Step]] = {
    P.CLOSED: {E.OPEN_LANE: _RECOVER},
    P.RECOVERING: {
        E.SETTLED: To(P.IDLE),
        E.CONFINED: To(P.RETURNING, (Do.OPEN_ENTRY,)),
        E.CLOSE_LANE: _CLOSE,
        E.TIMED_OUT: _FAIL,
    },
    P.IDLE: {
        E.DOCUMENT_PLACED: To(P.READING, (Do.BEGIN, Do.READ_DOCUMENT)),
        E.READER_FAILED: To(P.PAUSED),
        E.DISK_FULL: To(P.PAUSED),
        E.CLOSE_LANE: _CLOSE,
        E.CONFINED: _LET_BACK,
        E.ENTRY_ASTRAY: _FAIL,
    },
    P.PAUSED: {
        E.READERS_WELL: To(P.IDLE),
        E.CLOSE_LANE: _CLOSE,
        E.CONFINED: _LET_BACK,
        E.ENTRY_ASTRAY: _FAIL,
    },
    P.READING: {
        E.DOCUMENT_ACCEPTED: To(P.ENTERING, (Do.OPEN_ENTRY,)),
        E.DOCUMENT_FLAGGED: _REFER_AT_ENTRY,
        E.DOCUMENT_REMOVED: To(P.IDLE, (Do.STOP_READING, Do.END_ABANDONED)),
        E.TIMED_OUT: _REFER_AT_ENTRY,
        E.CONFINED: _LET_BACK,
        E.ENTRY_ASTRAY: _FAIL,
    },
    P.REFERRED_AT_ENTRY: {
        E.APPROVED: To(P.ENTERING, (Do.OPEN_ENTRY,)),
        E.REFUSED: To(P.IDLE, (Do.END_REFUSED,)),
        E.TIMED_OUT: To(P.IDLE, (Do.END_REFUSED,)),
        E.CONFINED: _LET_BACK,
        E.ENTRY_ASTRAY: _FAIL,
    },
    P.ENTERING: {
        E.CROWDED: To(P.RETURNING, (Do.ALARM,)),
        E.OCCUPIED: To(P.SECURING, (Do.CLOSE_LEAVES,)),
        E.TIMED_OUT: To(P.CLEARING, (Do.CLOSE_LEAVES, Do.END_ABANDONED)),
    },
    P.SECURING: {
        E.CROWDED: _LET_BACK,
        E.SECURED: To(P.DECIDING, (Do.DECIDE,)),
        E.SETTLED: To(P.IDLE, (Do.END_ABANDONED,)),
        E.TIMED_OUT: _FAIL,
    },
    P.DECIDING: {
        E.CLEARED: To(P.EXITING, (Do.OPEN_EXIT,)),
        E.FLAGGED: _REFER_INSIDE,
        E.TIMED_OUT: _REFER_INSIDE,
        E.ENTRY_ASTRAY: _FAIL,
        E.CROWDED: _LET_BACK,
        E.EMPTY: _FAIL,  # nobody can vanish between closed leaves: a sensor lies
    },
    P.REFERRED_INSIDE: {
        E.APPROVED: To(P.EXITING, (Do.OPEN_EXIT,)),
        E.REFUSED: To(P.RETURNING, (Do.OPEN_ENTRY,)),
        E.TIMED_OUT: To(P.RETURNING, (Do.ALARM, Do.OPEN_ENTRY)),
        E.ENTRY_ASTRAY: _FAIL,
        E.CROWDED: _LET_BACK,
        E.EMPTY: _FAIL,
    },
    P.EXITING: {
        E.ENTRY_ASTRAY: _FAIL,
        E.CROWDED: _FAIL,  # somebody came in through the exit
        E.EMPTY: To(P.CLEARING, (Do.CLOSE_LEAVES, Do.END_CROSSED)),
        E.TIMED_OUT: To(P.CLEARING, (Do.CLOSE_LEAVES, Do.ALARM)),
    },
    P.CLEARING: {
        E.SETTLED: To(P.IDLE, (Do.END_ABANDONED,)),
        E.CONFINED: _LET_BACK,
        E.TIMED_OUT: _FAIL,
    },
    P.RETURNING: {
        E.EMPTY: To(P.CLEARING, (Do.CLOSE_LEAVES, Do.END_REFUSED)),
        E.TIMED_OUT: To(P.RETURNING, (Do.ALARM,)),
    },
    P.FAULT: {E.OPEN_LANE: _RECOVER, E.CLOSE_LANE: _CLOSE},
    P.EVACUATING: {E.ALL_CLEAR: _FAIL},
}

_UNTROUBLED = {P.CLOSED, P.FAULT, P.EVACUATING}
"""Phases in which nothing moves, so that a failing device or disk changes nothing."""

_EXIT_CLOSED = {
    *(P.IDLE, P.PAUSED, P.READING, P.REFERRED_AT_ENTRY, P.ENTERING, P.SECURING),
    *(P.DECIDING, P.REFERRED_INSIDE, P.RETURNING),
}
"""Phases that begin with the exit proved closed and do not open it."""


def _steps() -> dict[tuple[Phase, Event], _Step]:
    steps = {(phase, event): to for phase, own in _OWN.items() for event, to in own.items()}
    for phase in Phase:
        if phase is not P.EVACUATING:
            steps[phase, E.EMERGENCY] = _EVACUATE
        if phase not in _UNTROUBLED:
            steps[phase, E.DEVICE_FAILED] = _FAIL
            if phase is not P.RECOVERING:  # there the fault is being acknowledged
                steps[phase, E.GATE_FAULT] = _FAIL
            if phase not in (P.IDLE, P.PAUSED):  # nobody is inside, nothing has begun
                steps[phase, E.DISK_FULL] = _FAIL
        if phase in _EXIT_CLOSED:
            steps[phase, E.EXIT_ASTRAY] = _FAIL
    return steps


_IGNORED_EVERYWHERE = {
    *LEVELS,  # a condition nobody waits for
    E.OPEN_LANE,  # already open
    E.DOCUMENT_REMOVED,  # the reading is over
    E.DOCUMENT_ACCEPTED,  # a reading that was stopped
    E.DOCUMENT_FLAGGED,
    E.CLEARED,  # a decision that comes too late is none
    E.FLAGGED,
    E.APPROVED,  # an officer answers what is no longer asked
    E.REFUSED,
}


def _ignored(steps: dict[tuple[Phase, Event], _Step]) -> frozenset[tuple[Phase, Event]]:
    pairs = {(phase, event) for phase in Phase for event in _IGNORED_EVERYWHERE}
    still = {
        (phase, E.TIMED_OUT) for phase in (*_UNTROUBLED, P.IDLE, P.PAUSED)
    }  # these have no limit
    return frozenset((pairs | still) - steps.keys())


_STEPS = _steps()
PASSAGE = Table(start=Phase.CLOSED, steps=_STEPS, ignored=_ignored(_STEPS))

LIMITS: dict[Phase, float] = {
    P.RECOVERING: 15.0,
    P.READING: 15.0,  # s; TR-03135-1: MRZ < 5 s and chip ≤ 7 s
    P.REFERRED_AT_ENTRY: 300.0,
    P.ENTERING: 20.0,
    P.SECURING: 10.0,
    P.DECIDING: 12.0,  # s; TR-03121-3-1 §3.5: face capture ≤ 10 s
    P.REFERRED_INSIDE: 180.0,
    P.EXITING: 20.0,
    P.CLEARING: 10.0,
    P.RETURNING: 30.0,
}
"""Seconds a phase may last before TIMED_OUT; configuration may change each."""
