"""Faults planted in the inspection table: each must be caught, by the invariant it offends."""

from __future__ import annotations

import pytest

from edge.runtime.machine import To
from edge.scanner.inspection import INSPECTION, Do, Event, Phase
from tests.simulation.inspection_walk import explore
from tests.simulation.scanner_model import Rows, Violated
from tests.simulation.test_inspection_invariants import (
    test_every_held_item_can_be_resolved as every_held_item_can_be_resolved,
)
from tests.simulation.test_inspection_invariants import (
    test_from_every_state_the_lane_can_get_to as from_every_state_the_lane_can_get_to,
)

P, E = Phase, Event

FAULTED = To(P.FAULT, (Do.BELT_STOP, Do.ALARM, Do.END_HELD))
RELEASED = To(P.RELEASING, (Do.POINT_AHEAD, Do.BELT_RUN))
RAISED = To(P.RAISING, (Do.BEAM_ON,))
MUTANTS: dict[str, tuple[Rows, tuple[tuple[Phase, Event], ...]]] = {
    "J3 a person is no threat while scanning": (
        {},
        ((P.SCANNING, E.PERSON_IN_ZONE), (P.SCANNING, E.INTERLOCK_OPEN)),
    ),
    "J3 an open interlock leaves the beam on": ({(P.SCANNING, E.INTERLOCK_OPEN): FAULTED}, ()),
    "J3 a jam leaves the beam on": ({(P.SCANNING, E.JAMMED): FAULTED}, ()),
    "J3 a silent link is no threat": ({}, ((P.RAISING, E.LINK_SILENT),)),
    "J3 a device that is away is no threat": ({}, ((P.TEST_SCANNING, E.DEVICE_FAILED),)),
    "J3 a full disk lets the belt run": ({}, ((P.RELEASING, E.DISK_FULL),)),
    "J1 the beam is asked for as soon as it is seen to be off": (
        {(P.ARMING, E.BEAM_LOST): RAISED},
        ((P.ARMING, E.PERSON_IN_ZONE), (P.ARMING, E.INTERLOCK_OPEN)),
    ),
    "J2 a stale air reference is good enough": (
        {(P.ARMING, E.SAFE): RAISED},
        ((P.ARMING, E.CALIBRATION_STALE),),
    ),
    "J2 an overdue self-test is put off": (
        {},
        ((P.ARMING, E.SELF_TEST_DUE), (P.IDLE, E.SELF_TEST_DUE)),
    ),
    "J4 the beam stays on while the item is judged": (
        {(P.SCANNING, E.ITEM_SCANNED): To(P.ANALYSING, (Do.BELT_STOP, Do.ANALYSE))},
        (),
    ),
    "J4 the beam stays on behind the air reference": (
        {(P.AIRING, E.AIR_TAKEN): To(P.IDLE, (Do.BELT_RUN,))},
        (),
    ),
    "J4 the beam comes on before the proof": (
        {(P.IDENTIFYING, E.IDENTIFIED): To(P.ARMING, (Do.BEAM_ON,))},
        (),
    ),
    "J5 the belt runs before lines come": (
        {(P.RAISING, E.BEAM_IS_ON): To(P.SCANNING, (Do.TAKE_LINES, Do.BELT_RUN))},
        (),
    ),
    "J5 the belt runs on when an item arrives": (
        {(P.IDLE, E.ITEM_ARRIVED): To(P.IDENTIFYING, (Do.BEGIN, Do.IDENTIFY))},
        (),
    ),
    "J5 the next one slips in behind an item that leaves": ({}, ((P.RELEASING, E.ITEM_ARRIVED),)),
    "J6 a flag releases": ({(P.DECIDING, E.FOUND_SUSPECT): RELEASED}, ()),
    "J6 an analysis without a decision releases": ({(P.ANALYSING, E.ANALYSED): RELEASED}, ()),
    "J6 an operator's hold releases": ({(P.HELD, E.HOLD): RELEASED}, ()),
    "J6 the tunnel is emptied ahead": (
        {(P.PREPARING, E.SAFE): To(P.EMPTYING, (Do.POINT_AHEAD, Do.EMPTY, Do.BELT_RUN))},
        (),
    ),
    "J6 the phantom, and what lies beside it, goes ahead": (
        {(P.TEST_JUDGING, E.TEST_PASSED): To(P.TEST_CLEARING, (Do.POINT_AHEAD, Do.BELT_RUN))},
        (),
    ),
    "J6 the diverter stays open behind an item": (
        {(P.SCANNING, E.ITEM_GONE): To(P.SCANNING, (Do.END_LEFT,))},
        (),
    ),
    "J7 a failed analysis releases": ({(P.ANALYSING, E.ANALYSIS_FAILED): RELEASED}, ()),
    "J7 a late decision releases": ({(P.DECIDING, E.TIMED_OUT): RELEASED}, ()),
    "J8 a lane is closed with its belt running": (
        {(P.IDLE, E.CLOSE_LANE): To(P.CLOSED, (Do.BEAM_OFF,))},
        (),
    ),
    "J9 a held item cannot be diverted": ({}, ((P.HELD, E.DIVERT),)),
    "J10 a test that fails cannot be tried again": (
        {(P.TEST_JUDGING, E.TEST_FAILED): To(P.TEST_JUDGING)},
        ((P.TEST_JUDGING, E.TEST_PASSED), (P.TEST_JUDGING, E.TIMED_OUT)),
    ),
    "J10 a lane at fault stays so": ({}, ((P.FAULT, E.OPEN_LANE), (P.FAULT, E.CLOSE_LANE))),
    "J11 the tunnel is not emptied when the lane opens": (
        {(P.PREPARING, E.SAFE): To(P.DARKENING, (Do.TAKE_DARK,))},
        (),
    ),
    "J11 the dark reference is taken in the beam": (
        {
            (P.IDLE, E.CALIBRATION_STALE): To(P.WARMING, (Do.BELT_STOP, Do.BEAM_ON)),
            (P.WARMING, E.BEAM_IS_ON): To(P.DARKENING, (Do.TAKE_DARK,)),
        },
        (),
    ),
    "J12 a fault forgets the item": (
        {(P.SCANNING, E.BEAM_LOST): To(P.FAULT, (Do.BEAM_OFF, Do.BELT_STOP, Do.ALARM))},
        (),
    ),
    "J12 an item that left is not ended": (
        {(P.RELEASING, E.ITEM_GONE): To(P.IDLE, (Do.POINT_HOLD, Do.EMPTIED))},
        (),
    ),
    "J13 a fault that passes opens the lane": (
        {(P.FAULT, E.SAFE): To(P.PREPARING)},
        (),
    ),
}


def examined(rows: Rows) -> None:
    """Hold a table against every invariant."""
    mutant = explore(rows)
    every_held_item_can_be_resolved(mutant)
    for phase in (P.CLOSED, P.IDLE):
        from_every_state_the_lane_can_get_to(mutant, phase)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_fault_is_caught(name: str) -> None:
    changed, dropped = MUTANTS[name]
    rows = {key: to for key, to in INSPECTION.steps.items() if key not in dropped} | changed
    with pytest.raises((Violated, AssertionError)) as caught:
        examined(rows)
    assert not str(caught.value).startswith("J") or str(caught.value)[:3] == name[:3]
