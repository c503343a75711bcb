"""Which screen the traveller sees in each phase, and which one a hint puts in its place.

1. Every phase has a screen: it is never blank.
2. A hint names the one thing to do now. It counts only in the phases in which it can be done; in
   any other the phase's own screen stands.
3. A screen's tone only repeats what its sentence says: go, wait, do this, leave.
"""

from __future__ import annotations

from enum import StrEnum, auto

from edge.egate.passage import Phase
from edge.egate.placement import Problem
from models.face.quality import Instruction


class Tone(StrEnum):
    """What a screen asks for, in a colour and a sound."""

    GO = auto()
    WAIT = auto()
    CHANGE = auto()
    LEAVE = auto()


class Screen(StrEnum):
    """One picture with one sentence."""

    PLACE_DOCUMENT = auto()
    READING = auto()
    WALK_IN = auto()
    STAND_STILL = auto()
    WALK_ON = auto()
    WAIT_FOR_OFFICER = auto()
    WALK_BACK = auto()
    ONE_MOMENT = auto()
    OTHER_GATE = auto()
    LEAVE_NOW = auto()
    PLACE_STRAIGHT = auto()
    TURN_ROUND = auto()
    PHOTO_PAGE = auto()
    LEAVE_IT = auto()
    NO_COVER = auto()
    PRESS_FLAT = auto()
    TAKE_DOCUMENT = auto()
    BIT_LONGER = auto()
    LOOK_STRAIGHT = auto()
    GLASSES_OFF = auto()
    SHOW_FACE = auto()
    COME_CLOSER = auto()
    STEP_BACK = auto()
    ONE_AT_A_TIME = auto()
    INTO_VIEW = auto()
    FACE_ALONE = auto()
    MORE_LIGHT = auto()
    LESS_LIGHT = auto()
    HOLD_STILL = auto()
    SHOW_PASS = auto()


class Hint(StrEnum):
    """What is known beyond the phase, by whoever looks: at the page, at the face, at the gate."""

    ABSENT = auto()
    SKEWED = auto()
    UPSIDE_DOWN = auto()
    WRONG_PAGE = auto()
    MOVED = auto()
    GLARE = auto()
    NOT_FLAT = auto()
    PASS_WANTED = auto()  # nobody enters without a boarding pass, and none was shown
    SLOW = auto()  # the chip takes its time
    FORGOTTEN = auto()  # the document still lies on the reader
    LOOK_STRAIGHT = auto()
    GLASSES = auto()
    FACE_COVERED = auto()
    TOO_FAR = auto()
    TOO_NEAR = auto()
    OUT_OF_VIEW = auto()
    SEVERAL_FACES = auto()
    DARK = auto()
    DAZZLED = auto()
    RESTLESS = auto()
    CROWDED = auto()
    NOBODY_INSIDE = auto()  # out of service, and nobody is in need of help


SCREENS: dict[Phase, Screen] = {
    Phase.CLOSED: Screen.OTHER_GATE,
    Phase.RECOVERING: Screen.ONE_MOMENT,
    Phase.IDLE: Screen.PLACE_DOCUMENT,
    Phase.PAUSED: Screen.OTHER_GATE,
    Phase.READING: Screen.READING,
    Phase.REFERRED_AT_ENTRY: Screen.WAIT_FOR_OFFICER,
    Phase.ENTERING: Screen.WALK_IN,
    Phase.SECURING: Screen.STAND_STILL,
    Phase.DECIDING: Screen.STAND_STILL,
    Phase.REFERRED_INSIDE: Screen.WAIT_FOR_OFFICER,
    Phase.EXITING: Screen.WALK_ON,
    Phase.CLEARING: Screen.ONE_MOMENT,
    Phase.RETURNING: Screen.WALK_BACK,
    Phase.FAULT: Screen.WAIT_FOR_OFFICER,
    Phase.EVACUATING: Screen.LEAVE_NOW,
}

_AT_THE_READER = frozenset({Phase.IDLE, Phase.READING})
_ALONE_INSIDE = frozenset({Phase.SECURING, Phase.DECIDING})

HINTS: dict[Hint, tuple[Screen, frozenset[Phase]]] = {
    Hint.ABSENT: (Screen.PLACE_DOCUMENT, _AT_THE_READER),
    Hint.SKEWED: (Screen.PLACE_STRAIGHT, _AT_THE_READER),
    Hint.UPSIDE_DOWN: (Screen.TURN_ROUND, _AT_THE_READER),
    Hint.WRONG_PAGE: (Screen.PHOTO_PAGE, _AT_THE_READER),
    Hint.MOVED: (Screen.LEAVE_IT, _AT_THE_READER),
    Hint.GLARE: (Screen.NO_COVER, _AT_THE_READER),
    Hint.NOT_FLAT: (Screen.PRESS_FLAT, _AT_THE_READER),
    Hint.PASS_WANTED: (Screen.SHOW_PASS, frozenset({Phase.READING})),
    Hint.SLOW: (Screen.BIT_LONGER, frozenset({Phase.READING})),
    Hint.FORGOTTEN: (Screen.TAKE_DOCUMENT, frozenset({Phase.IDLE, Phase.ENTERING})),
    Hint.LOOK_STRAIGHT: (Screen.LOOK_STRAIGHT, _ALONE_INSIDE),
    Hint.GLASSES: (Screen.GLASSES_OFF, _ALONE_INSIDE),
    Hint.FACE_COVERED: (Screen.SHOW_FACE, _ALONE_INSIDE),
    Hint.TOO_FAR: (Screen.COME_CLOSER, _ALONE_INSIDE),
    Hint.TOO_NEAR: (Screen.STEP_BACK, _ALONE_INSIDE),
    Hint.OUT_OF_VIEW: (Screen.INTO_VIEW, _ALONE_INSIDE),
    Hint.SEVERAL_FACES: (Screen.FACE_ALONE, _ALONE_INSIDE),
    Hint.DARK: (Screen.MORE_LIGHT, _ALONE_INSIDE),
    Hint.DAZZLED: (Screen.LESS_LIGHT, _ALONE_INSIDE),
    Hint.RESTLESS: (Screen.HOLD_STILL, _ALONE_INSIDE),
    Hint.CROWDED: (Screen.ONE_AT_A_TIME, frozenset({Phase.RETURNING})),
    Hint.NOBODY_INSIDE: (Screen.OTHER_GATE, frozenset({Phase.FAULT})),
}
"""Which screen a hint shows, and in which phases."""

OF_PROBLEM: dict[Problem, Hint | None] = {
    problem: None if problem is Problem.GOOD else Hint(problem.value) for problem in Problem
}
"""The hint for what is wrong with how a document lies."""

OF_INSTRUCTION: dict[Instruction, Hint] = {
    Instruction.STEP_INTO_VIEW: Hint.OUT_OF_VIEW,
    Instruction.ONE_PERSON: Hint.SEVERAL_FACES,
    Instruction.COME_CLOSER: Hint.TOO_FAR,
    Instruction.STEP_BACK: Hint.TOO_NEAR,
    Instruction.LOOK_AT_CAMERA: Hint.LOOK_STRAIGHT,
    Instruction.REMOVE_GLASSES: Hint.GLASSES,
    Instruction.UNCOVER_FACE: Hint.FACE_COVERED,
    Instruction.MORE_LIGHT: Hint.DARK,
    Instruction.LESS_LIGHT: Hint.DAZZLED,
    Instruction.STAND_STILL: Hint.RESTLESS,
}
"""The hint for what the face camera would like to be otherwise."""

_GO = {Screen.PLACE_DOCUMENT, Screen.WALK_IN, Screen.WALK_ON}
_WAIT = {
    *(Screen.READING, Screen.BIT_LONGER, Screen.STAND_STILL),
    *(Screen.WAIT_FOR_OFFICER, Screen.ONE_MOMENT),
}


def screen_of(phase: Phase, hint: Hint | None = None) -> Screen:
    """Return the screen of ``phase``, or the one that ``hint`` puts in its place there."""
    if hint is not None:
        screen, phases = HINTS[hint]
        if phase in phases:
            return screen
    return SCREENS[phase]


def tone_of(screen: Screen) -> Tone:
    """Return what ``screen`` asks for."""
    if screen is Screen.LEAVE_NOW:
        return Tone.LEAVE
    if screen in _GO:
        return Tone.GO
    return Tone.WAIT if screen in _WAIT else Tone.CHANGE
