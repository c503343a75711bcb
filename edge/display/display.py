"""What is on the traveller's screen now, and what the traveller asked for.

1. A screen follows from the phase and the hint; its language from the issuing state, or from the
   traveller, who is asked first.
2. What was asked for is forgotten when the passage ends, and, where no passage began, after
   ``WISH_LASTS`` seconds in front of the gate.
3. Nothing a traveller could be known by is ever shown or sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from edge.display.requests import SILENT, Asked, Kind, Presses, Wishes, parse
from edge.display.screens import TEXTS, Language, Word, language, language_of
from edge.display.storyboard import Hint, Screen, screen_of, tone_of
from edge.egate.passage import Phase

WISH_LASTS = 60.0  # s that a wish waits for a document
MOST_SHOWN = 4  # languages beside each other; the rest are behind the button
_BETWEEN = frozenset(
    {Phase.CLOSED, Phase.RECOVERING, Phase.IDLE, Phase.PAUSED, Phase.FAULT, Phase.EVACUATING}
)
"""Phases in which no passage is under way."""


class Families(StrEnum):
    """What travellers with children are told in front of the gate."""

    SILENT = "silent"
    STAFFED = "staffed"
    WELCOME = "welcome"


_TO_FAMILIES = {
    Families.STAFFED: Word.FAMILIES_STAFFED,
    Families.WELCOME: Word.FAMILIES_WELCOME,
}
_WISHES = {
    Kind.MORE_TIME: "more_time",
    Kind.LOWER_CAMERA: "lower_camera",
    Kind.HELP: "help",
}


class Display:
    """The screen of one gate. It lives in the agent's loop."""

    def __init__(
        self,
        languages: Sequence[str],
        *,
        folder: Path = TEXTS,
        families: Families = Families.STAFFED,
        sound: bool = True,
        camera_moves: bool = False,
        silent: Sequence[Kind] = SILENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``languages`` is what is offered, the gate's own first; each has a file in ``folder``.

        ``camera_moves``: whether a lower camera can be asked for. Raises ValueError for a language
        without a whole file.
        """
        self._languages = {code: language(code, folder) for code in languages}
        self._order = list(languages)
        self._families, self._sound = families, sound
        self._kinds = [kind for kind in Kind if camera_moves or kind is not Kind.LOWER_CAMERA]
        self._clock = clock
        self._presses = Presses(clock, silent)
        self._phase, self._state = Phase.CLOSED, ""
        self._hint: Hint | None = None
        self._wishes, self._chosen, self._asked_at = Wishes(), "", 0.0
        self._hear: Callable[[Asked], None] = lambda _: None
        self.changed = asyncio.Event()

    # What the lane says

    def show(self, phase: Phase, issuing_state: str = "", hint: Hint | None = None) -> None:
        """Show ``phase``, in the language of ``issuing_state`` while its document is in use."""
        if phase in _BETWEEN and self._phase not in _BETWEEN:
            self._forget()
        self._phase, self._state, self._hint = phase, issuing_state, hint
        self._tell()

    def advise(self, hint: Hint | None) -> None:
        """Show what is to be done now in the present phase; None takes it back."""
        if hint is not self._hint:
            self._hint = hint
            self._tell()

    def on_request(self, hear: Callable[[Asked], None]) -> None:
        """Call ``hear`` with every request from now on that is for the lane."""
        self._hear = hear

    @property
    def wishes(self) -> Wishes:
        """What the traveller of this passage, or the one in front of the gate, asked for."""
        self._expire()
        return self._wishes

    # What the page says

    def ask(self, body: bytes) -> Asked | None:
        """Take in one request as the page sent it; return what the lane must hear of it.

        Raises RequestError if it is not heard. The lane hears of it (``hear``) when the page has
        its answer: nothing that the lane does can be seen in that.
        """
        self._presses.admit()
        request = parse(body, self._order)
        self._expire()
        self._asked_at = self._clock()
        asked = None
        if request.kind is Kind.LANGUAGE:
            self._chosen = request.value
        elif request.kind in self._kinds:
            asked = self._wish(request.kind)
        self._tell()
        return asked

    def _wish(self, kind: Kind) -> Asked | None:
        asked = Asked(kind, self._presses.asks_in_silence(kind))
        news = not getattr(self._wishes, _WISHES[kind])
        self._wishes = replace(self._wishes, **{_WISHES[kind]: True})
        return asked if news or asked.safeguarding else None

    def hear(self, asked: Asked) -> None:
        """Tell the lane."""
        self._hear(asked)

    # What the page is told

    def now(self) -> dict[str, object]:
        """Return the screen as the page draws it: first the language spoken, then the others."""
        self._expire()
        return self._drawn(screen_of(self._phase, self._hint), self._spoken())

    def alone(self) -> dict[str, object]:
        """Return the screen for a page that hears nothing from here any more."""
        return {**self._drawn(Screen.WAIT_FOR_OFFICER, self._order[0]), "controls": False}

    def _drawn(self, screen: Screen, spoken: str) -> dict[str, object]:
        codes = [spoken, *(code for code in self._order if code != spoken)]
        mine = self._languages[spoken]
        asked = [kind.value for kind, wish in _WISHES.items() if getattr(self._wishes, wish)]
        return {
            "screen": screen.value,
            "tone": tone_of(screen).value,
            "texts": [_said(self._languages[code], screen) for code in codes[:MOST_SHOWN]],
            "notice": self._notice(screen, mine),
            "words": {word.value: mine.words[word] for word in Word},
            "languages": [{"code": c, "name": self._languages[c].name} for c in self._order],
            "kinds": [kind.value for kind in self._kinds],
            "asked": asked,
            "controls": screen is not Screen.LEAVE_NOW,
            "sound": self._sound,
        }

    def _notice(self, screen: Screen, spoken: Language) -> str:
        word = _TO_FAMILIES.get(self._families)
        shown = word is not None and screen is Screen.PLACE_DOCUMENT
        return spoken.words[word] if shown and word is not None else ""

    def _spoken(self) -> str:
        return self._chosen or language_of(self._state, self._order)

    # Forgetting

    def _expire(self) -> None:
        if self._phase in _BETWEEN and self._clock() - self._asked_at >= WISH_LASTS:
            self._forget()

    def _forget(self) -> None:
        self._wishes, self._chosen = Wishes(), ""
        self._presses.forget()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


def _said(spoken: Language, screen: Screen) -> dict[str, str]:
    return {"code": spoken.code, "direction": spoken.direction, "text": spoken.texts[screen]}
