"""What the traveller sees in each phase. Every phase has a screen: it is never blank.

A screen is a pictogram, a colour that only repeats what the words say, and one sentence about what
to do next. No sentence accuses, and none says why an officer comes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path

from edge.egate.passage import Phase

_FOLDER = Path(__file__).parent
TEXTS = _FOLDER / "texts"


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

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})

_BY_STATE = {
    "ar": "ARE BHR DZA EGY IRQ JOR KWT LBN LBY MAR MRT OMN PSE QAT SAU SDN SYR TUN YEM",
    "es": "ARG BOL CHL COL CRI CUB DOM ECU ESP GTM HND MEX NIC PAN PER PRY SLV URY VEN",
    "fr": "BEN BFA CIV CMR COD COG FRA GAB GIN HTI MCO MDG MLI NER SEN TCD TGO",
}
"""Issuing states (ICAO Doc 9303-3, section 5) whose first official language we have."""


def language_of(issuing_state: str, offered: list[str]) -> str:
    """Return the language to speak to a holder of a document of ``issuing_state``."""
    for language, states in _BY_STATE.items():
        if language in offered and issuing_state in states.split():
            return language
    return offered[0]


@dataclass(frozen=True)
class Language:
    """One language of the screen."""

    code: str
    direction: str
    name: str
    texts: dict[Screen, str]


def language(code: str) -> Language:
    """Read ``texts/<code>.json``; raise ValueError if it is missing or lacks a screen's text."""
    path = TEXTS / f"{code}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        texts = {screen: str(content[screen.value]) for screen in Screen}
    except OSError as error:
        known = ", ".join(sorted(p.stem for p in TEXTS.glob("*.json")))
        raise ValueError(f"no texts in {code!r}; there are: {known}") from error
    except KeyError as error:
        raise ValueError(f"{path.name} has no text for {error}") from error
    direction = "rtl" if code in RIGHT_TO_LEFT else "ltr"
    return Language(code, direction, str(content["language"]), texts)
