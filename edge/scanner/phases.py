"""The words of an inspection: its phases, what may happen, and what must be done about it.

The table that joins them is in ``inspection.py``.
"""

from __future__ import annotations

from enum import StrEnum, auto


class Phase(StrEnum):
    """Where the inspection stands."""

    CLOSED = auto()
    PREPARING = auto()
    EMPTYING = auto()
    DARKENING = auto()
    WARMING = auto()
    AIRING = auto()
    TESTING = auto()  # waits for the phantom
    TEST_ARMING = auto()
    TEST_RAISING = auto()
    TEST_SCANNING = auto()
    TEST_JUDGING = auto()
    TEST_CLEARING = auto()
    IDLE = auto()
    IDENTIFYING = auto()
    ARMING = auto()
    RAISING = auto()  # the beam comes up
    SCANNING = auto()
    ANALYSING = auto()
    DECIDING = auto()
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
    LINK_SILENT = auto()  # the beam is wanted, and a device that guards it has not been heard
    BEAM_ASTRAY = auto()  # on, though it was turned off
    DISK_FULL = auto()  # nothing can be recorded, so nothing may be scanned
    CLOSE_LANE = auto()
    CALIBRATION_STALE = auto()
    SELF_TEST_DUE = auto()
    BEAM_LOST = auto()  # no longer at its set-points
    SAFE = auto()  # beam proved off, interlock closed, nobody near, devices well
    PROVED = (
        auto()
    )  # interlock proved closed, air fresh, references accepted: beam may be asked for
    BEAM_IS_ON = auto()  # read back, at its set-points
    ITEM_GONE = auto()  # the tail of the item that leaves has passed the belt's end
    ITEM_ARRIVED = auto()  # something has broken the entry barrier that has not been scanned
    ITEM_TOO_LONG = auto()  # its front is at the diverter and its tail not through the beam
    ITEM_SCANNED = auto()  # the item's tail has passed the beam, and the one before has left
    OPEN_LANE = auto()
    DARK_TAKEN = auto()
    AIR_TAKEN = auto()
    CALIBRATION_FAILED = auto()
    IDENTIFIED = auto()  # as far as can be
    LINES_BEGIN = auto()
    SCAN_FAILED = auto()
    ANALYSED = auto()
    ANALYSIS_FAILED = auto()
    FOUND_CLEAR = auto()  # every check, and it is on record
    FOUND_SUSPECT = auto()
    TEST_PASSED = auto()  # and it is on record
    TEST_FAILED = auto()
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
    BEGIN_TEST = auto()
    IDENTIFY = auto()
    TAKE_LINES = auto()
    ANALYSE = auto()
    DECIDE = auto()
    JUDGE_TEST = auto()
    REFER = auto()
    ALARM = auto()
    END_LEFT = auto()  # the item that leaves has left
    END_HELD = auto()  # whatever is on the belt stays, and is held
