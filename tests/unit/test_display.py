import asyncio
import json
import re
from xml.etree import ElementTree

import pytest

from edge.display.screens import SCREENS, TEXTS, Screen, language, language_of
from edge.display.server import STATIC, Display
from edge.egate.passage import Phase

LANGUAGES = sorted(path.stem for path in TEXTS.glob("*.json"))


def test_no_phase_is_blank() -> None:
    assert SCREENS.keys() == set(Phase)


def test_every_screen_has_a_pictogram() -> None:
    tree = ElementTree.parse(STATIC / "pictograms.svg")
    symbols = {element.get("id") for element in tree.iter("{http://www.w3.org/2000/svg}symbol")}
    assert symbols == {screen.value for screen in Screen}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_says_everything_and_accuses_nobody(code: str) -> None:
    texts = language(code).texts
    assert texts.keys() == set(Screen)
    assert all(text.strip() for text in texts.values())
    said = " ".join(texts.values()).lower()
    assert not re.search(r"\b(error|invalid|refus|suspect|fail|alarm|reject)", said)


def test_the_four_languages_are_there() -> None:
    assert {"ar", "en", "es", "fr"} <= set(LANGUAGES)
    assert language("ar").direction == "rtl"


def test_a_missing_language_is_named() -> None:
    with pytest.raises(ValueError, match=r"no texts in 'xx'; there are: .*ar"):
        language("xx")


@pytest.mark.parametrize(
    ("state", "expected"), [("QAT", "ar"), ("MEX", "es"), ("FRA", "fr"), ("UTO", "en"), ("", "en")]
)
def test_the_issuing_state_chooses_the_language(state: str, expected: str) -> None:
    assert language_of(state, ["en", "fr", "es", "ar"]) == expected


def test_a_language_that_is_not_offered_is_not_chosen() -> None:
    assert language_of("QAT", ["en", "fr"]) == "en"


def test_the_stream_gives_the_present_screen_and_then_each_change() -> None:
    async def watch() -> list[dict[str, object]]:
        display = Display(["en", "ar"])
        stream = display.stream()
        first = await anext(stream)
        display.show(Phase.READING, "QAT")
        second = await anext(stream)
        await stream.aclose()
        return [json.loads(part.removeprefix("data: ")) for part in (first, second)]

    first, second = asyncio.run(watch())
    assert first["screen"] == "other_gate"
    assert second["screen"] == "reading"
    assert [said["code"] for said in second["texts"]] == ["ar", "en"]  # type: ignore[attr-defined]
