"""What the screens say, in every language that has a file.

1. A language is one file, ``<code>.json`` (BCP 47), whole or refused: its name, its direction, a
   sentence for every screen, and the words on the buttons. No sentence accuses, and none says why
   an officer comes.
2. The language follows the state that issued the document (states.json: every code of ICAO Doc
   9303-3 §5 with the languages its holders most likely read, likeliest first), until another one
   is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from edge.display.storyboard import Screen

_FOLDER = Path(__file__).parent
TEXTS = _FOLDER / "texts"
DIRECTIONS = ("ltr", "rtl")


class Word(StrEnum):
    """What is said beside the sentence: on buttons, and in answer to them."""

    TITLE = "title"
    LANGUAGE = "language"
    HELP = "help"
    MORE_TIME = "more_time"
    MORE_TIME_GIVEN = "more_time_given"
    LOWER_CAMERA = "lower_camera"
    CAMERA_LOWERED = "camera_lowered"
    COLLEAGUE = "colleague"
    COLLEAGUE_CALLED = "colleague_called"
    FAMILIES_STAFFED = "families_staffed"
    FAMILIES_WELCOME = "families_welcome"


@dataclass(frozen=True)
class Language:
    """One language of the screen."""

    code: str
    direction: str
    name: str
    texts: dict[Screen, str]
    words: dict[Word, str]


def available(folder: Path = TEXTS) -> list[str]:
    """Return the codes of all languages that have a file."""
    return sorted(path.stem for path in folder.glob("*.json"))


def language(code: str, folder: Path = TEXTS) -> Language:
    """Read ``<code>.json`` in ``folder``; raise ValueError saying what is missing or wrong."""
    path = folder / f"{code}.json"
    if code not in available(folder):
        raise ValueError(f"no texts in {code!r}; there are: {', '.join(available(folder))}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    said = _Said(path.name, content)
    direction = said.text("direction")
    if direction not in DIRECTIONS:
        raise ValueError(f"{path.name}: direction is {direction!r}; it must be 'ltr' or 'rtl'")
    texts = {screen: said.text("screens", screen) for screen in Screen}
    words = {word: said.text("words", word) for word in Word}
    said.nothing_else()
    return Language(code, direction, said.text("language"), texts, words)


class _Said:
    """One file's content, asked for piece by piece."""

    def __init__(self, name: str, content: Any) -> None:  # noqa: ANN401 whatever the file holds
        self._name, self._content = name, content

    def text(self, *keys: str) -> str:
        found = self._content
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, str) or not found.strip():
            raise ValueError(f"{self._name} has no text for {'.'.join(keys)}")
        return found

    def nothing_else(self) -> None:
        """Refuse a key that no screen and no button has: it is a slip of the pen."""
        known = {"screens": {*Screen}, "words": {*Word}}
        for part, keys in known.items():
            if unknown := sorted(set(self._content[part]) - keys):
                raise ValueError(
                    f"{self._name}: nothing shows {part}.{unknown[0]}; is it misspelt?"
                )


@cache
def states() -> dict[str, list[str]]:
    """Return the languages of every issuing state, likeliest first."""
    content = json.loads((_FOLDER / "states.json").read_text(encoding="utf-8"))
    return {state: str(codes).split() for state, codes in content.items()}


def language_of(issuing_state: str, offered: Sequence[str]) -> str:
    """Return the language to speak to a holder of a document of ``issuing_state``."""
    likely = states().get(issuing_state.rstrip("<"), [])
    return next((code for code in likely if code in offered), offered[0])
