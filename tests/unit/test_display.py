"""Which screen when, and what it says in which language."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest

from drivers.gate.registers import Lamp
from edge.display.page import STATIC
from edge.display.screens import TEXTS, Language, available, language, language_of, states
from edge.display.storyboard import (
    HINTS,
    OF_PROBLEM,
    SCREENS,
    Hint,
    Screen,
    Tone,
    screen_of,
    tone_of,
)
from edge.documents.countries import _COUNTRIES
from edge.egate.lamps import LAMPS
from edge.egate.passage import Phase
from edge.egate.placement import Problem

MOVING = {  # screens that send somebody through a leaf, or invite to the gate
    *(Screen.PLACE_DOCUMENT, Screen.WALK_IN, Screen.WALK_ON, Screen.WALK_BACK, Screen.LEAVE_NOW)
}
OURS = ["en", "fr", "es", "ar"]
_ACCUSING = re.compile(
    r"error|invalid|refus|suspect|fail|alarm|reject|wrong|denied|illegal|must\b|why|reason"
    r"|erreur|échec|faux|mauvais|interdit|incorrect|error|inválid|rechaz|sospech|fall[oó]|alarma"
    r"|خطأ|خاطئ|مرفوض|رفض|مشتبه|فشل|إنذار|ممنوع",
    re.IGNORECASE,
)


def said_by(spoken: Language) -> list[str]:
    return [*spoken.texts.values(), *spoken.words.values()]


# Which screen when


def test_no_phase_is_blank_with_any_hint_or_none() -> None:
    assert SCREENS.keys() == set(Phase)
    for phase, hint in product(Phase, [None, *Hint]):
        assert screen_of(phase, hint) in Screen


@pytest.mark.parametrize(("phase", "hint"), list(product(Phase, Hint)))
def test_a_hint_counts_only_where_it_can_be_followed(phase: Phase, hint: Hint) -> None:
    screen, phases = HINTS[hint]
    assert screen_of(phase, hint) is (screen if phase in phases else SCREENS[phase])


@pytest.mark.parametrize("hint", Hint)
def test_no_hint_hides_help_or_the_way_out(hint: Hint) -> None:
    for phase in (Phase.EVACUATING, Phase.REFERRED_AT_ENTRY, Phase.REFERRED_INSIDE, Phase.EXITING):
        assert screen_of(phase, hint) is SCREENS[phase]


def test_every_problem_of_placing_has_a_hint_while_a_document_is_read() -> None:
    for problem in set(Problem) - {Problem.GOOD}:
        hint = OF_PROBLEM[problem]
        assert hint is not None
        assert screen_of(Phase.READING, hint) is not Screen.READING
    assert OF_PROBLEM[Problem.GOOD] is None


def test_each_problem_has_a_fix_of_its_own() -> None:
    fixes = [screen_of(Phase.READING, OF_PROBLEM[p]) for p in Problem if p is not Problem.GOOD]
    assert len(set(fixes)) == len(fixes)


def test_every_screen_is_shown_somewhere() -> None:
    shown = {screen_of(phase, hint) for phase, hint in product(Phase, [None, *Hint])}
    assert shown == set(Screen)


def test_only_a_screen_that_lets_one_go_has_the_colour_of_going() -> None:
    assert {screen for screen in Screen if tone_of(screen) is Tone.GO} == {
        Screen.PLACE_DOCUMENT,
        Screen.WALK_IN,
        Screen.WALK_ON,
    }
    assert tone_of(Screen.LEAVE_NOW) is Tone.LEAVE


def test_every_phase_has_its_lamps() -> None:
    assert LAMPS.keys() == set(Phase)


def test_lamps_and_screen_never_contradict_each_other() -> None:
    for phase, lamps in LAMPS.items():
        assert (Lamp.GREEN in (lamps.entry, lamps.exit)) is (SCREENS[phase] in MOVING), phase


def test_nobody_waits_in_the_dark() -> None:
    empty = {Phase.CLOSED, Phase.IDLE, Phase.PAUSED}
    assert {phase for phase, lamps in LAMPS.items() if lamps.inside is Lamp.OFF} == empty


# What it looks like


def test_every_screen_has_a_pictogram() -> None:
    tree = ElementTree.parse(STATIC / "pictograms.svg")
    symbols = {element.get("id") for element in tree.iter("{http://www.w3.org/2000/svg}symbol")}
    assert symbols == {screen.value for screen in Screen} | {"globe", "hand"}


def test_every_part_of_a_pictogram_is_there() -> None:
    tree = ElementTree.parse(STATIC / "pictograms.svg")
    ids = {element.get("id") for element in tree.iter()}
    used = {str(one.get("href"))[1:] for one in tree.iter("{http://www.w3.org/2000/svg}use")}
    assert used <= ids


def test_nothing_comes_from_another_machine() -> None:
    for path in STATIC.iterdir():
        addresses = set(re.findall(r"https?://[^\s\"'<)]*", path.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name


# What it says


def test_the_four_languages_are_there() -> None:
    assert {"ar", "en", "es", "fr"} <= set(available())
    assert language("ar").direction == "rtl"


@pytest.mark.parametrize("code", available())
def test_every_language_says_everything_and_accuses_nobody(code: str) -> None:
    spoken = language(code)
    for text in said_by(spoken):
        assert not _ACCUSING.search(text), text


@pytest.mark.parametrize("code", available())
def test_every_sentence_is_short_and_no_two_screens_say_the_same(code: str) -> None:
    texts = language(code).texts
    assert len(set(texts.values())) == len(texts)
    assert all(len(text.split()) <= 16 and len(text) <= 90 for text in texts.values())


@pytest.mark.parametrize("code", available())
def test_every_language_is_in_its_own_script(code: str) -> None:
    arabic = re.compile(r"[\u0600-\u06ff]")
    spoken = language(code)
    if spoken.direction == "rtl":
        assert all(arabic.search(text) for text in said_by(spoken))
    else:
        assert not any(arabic.search(text) for text in said_by(spoken))


def test_a_new_file_is_a_new_language(tmp_path: Path) -> None:
    path = new_language(tmp_path, "de")
    assert available(tmp_path) == ["de"]
    assert language("de", tmp_path).name == "Deutsch"
    assert language_of("D<<", ["en", "de"]) == "de"
    assert language_of("AUT", ["en", path.stem]) == "de"


@pytest.mark.parametrize(
    ("part", "key"),
    [*(("screens", screen.value) for screen in Screen), ("words", "help"), ("words", "more_time")],
)
def test_a_new_language_that_lacks_something_is_refused_by_name(
    tmp_path: Path, part: str, key: str
) -> None:
    path = new_language(tmp_path, "de")
    content = json.loads(path.read_text(encoding="utf-8"))
    content[part][key] = "  "
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"de\.json has no text for {part}\.{key}"):
        language("de", tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"direction": "up"}, "direction is 'up'; it must be 'ltr' or 'rtl'"),
        ({"language": None}, "has no text for language"),
        ({"screens": {}}, "has no text for screens.place_document"),
        ({"screens": "none"}, "has no text for screens.place_document"),
    ],
)
def test_a_new_language_that_is_malformed_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = new_language(tmp_path, "de")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | change), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(said)):
        language("de", tmp_path)


def test_a_slip_of_the_pen_is_named(tmp_path: Path) -> None:
    path = new_language(tmp_path, "de")
    content = json.loads(path.read_text(encoding="utf-8"))
    content["words"]["mor_time"] = "Mehr Zeit"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match=r"nothing shows words\.mor_time; is it misspelt"):
        language("de", tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "\udc00"])
def test_a_torn_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "de.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match=r"de\.json (cannot be read|has no text)"):
        language("de", tmp_path)


@pytest.mark.parametrize("code", ["xx", "../texts/en", ""])
def test_a_missing_language_is_named(code: str) -> None:
    with pytest.raises(ValueError, match=r"no texts in .*; there are: ar, "):
        language(code)


def new_language(folder: Path, code: str) -> Path:
    content = json.loads((TEXTS / "en.json").read_text(encoding="utf-8"))
    path = folder / f"{code}.json"
    path.write_text(json.dumps(content | {"language": "Deutsch"}), encoding="utf-8")
    return path


# To whom


def test_every_state_that_can_issue_a_document_is_in_the_table() -> None:
    assert _COUNTRIES.keys() <= states().keys()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        *(("QAT", "ar"), ("MAR", "ar"), ("MEX", "es"), ("GNQ", "es"), ("FRA", "fr"), ("CHE", "fr")),
        *(("BEL", "fr"), ("AND", "es"), ("TCD", "fr"), ("CAN", "en"), ("CMR", "fr"), ("ISR", "ar")),
        *(("USA", "en"), ("UTO", "en"), ("XXA", "en"), ("", "en"), ("???", "en"), ("JPN", "en")),
    ],
)
def test_the_issuing_state_chooses_the_language(state: str, expected: str) -> None:
    assert language_of(state, OURS) == expected


def test_a_language_that_is_not_offered_is_not_chosen() -> None:
    assert language_of("QAT", ["en", "fr"]) == "en"
    assert language_of("MAR", ["en", "fr"]) == "fr"  # the next likeliest
