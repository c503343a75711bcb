"""The traveller's screen in a real browser: seen, asked, and open to everyone (WCAG 2.2 AA).

Every screen in every language is looked at by axe at one of six sizes, and with BORDER_TEST_ALL set
at each of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect

from edge.display.display import Display
from edge.display.requests import Asked, Kind, Wishes
from edge.display.storyboard import Hint, Screen
from edge.egate.passage import Phase
from tests.browser.traveller_gate import LANGUAGES, Gate

AXE = Path(__file__).parents[2] / "central/console/node_modules/axe-core/axe.min.js"
SIZES: dict[str, ViewportSize] = {
    "portrait": {"width": 1080, "height": 1920},
    "landscape": {"width": 1280, "height": 800},
    "small": {"width": 800, "height": 480},
}
ZOOMED: dict[str, ViewportSize] = {  # at 200 % a page has half the pixels each way
    f"{name} at 200 %": {"width": size["width"] // 2, "height": size["height"] // 2}
    for name, size in SIZES.items()
}

# Every state in turn through the page's own drawing, each looked at by axe; and nothing cut off.
_LOOK_AT_ALL = """async ({ states, open }) => {
  const { draw } = await import('/static/screen.js');
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const rules = { 'color-contrast-enhanced': { enabled: true }, 'target-size': { enabled: true } };
  const options = {
    runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'], preload: false,
  };
  const found = [];
  for (const state of states) {
    draw(state);
    if (open) document.getElementById(open).click();
    const { violations } = await axe.run(options);
    const where = `${state.screen} ${state.texts[0].code} ${open}`;
    const told = ({ id, nodes }) => `${where}: ${id} ${nodes[0].html.slice(0, 90)}`;
    found.push(...violations.map(told));
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`${where}: wider than the screen`);
    if (open) document.getElementById(open).click();
  }
  return found;
}"""
_CUT_OFF = """async (states) => {
  const { draw } = await import('/static/screen.js');
  const whole = (state) => (draw(state), document.documentElement.scrollHeight <= innerHeight);
  const cut = states.filter((state) => !whole(state));
  return cut.map(({ screen, texts }) => [screen, texts[0].code]);
}"""
_SMALLEST = """() => Math.min(...[...document.querySelectorAll('button')]
  .filter((one) => one.checkVisibility())
  .map((one) => one.getBoundingClientRect())
  .flatMap(({ width, height }) => [width, height]))"""


@pytest.fixture(scope="module")
def served() -> Iterator[Gate]:
    gate = Gate()
    gate.start()
    yield gate
    gate.stop()


@pytest.fixture
def gate(served: Gate) -> Gate:
    served.show(Phase.DECIDING)
    served.show(Phase.IDLE)  # what was asked for is forgotten
    served.asked.clear()
    return served


@pytest.fixture
def look(browser: Browser, gate: Gate) -> Iterator[Callable[..., Page]]:
    """Open the screen; at the end no page may have complained."""
    contexts, complaints = [], []

    def opened(size: str = "landscape", path: str = "/", **options: Any) -> Page:
        context = browser.new_context(
            viewport=(SIZES | ZOOMED)[size], **{"reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(gate.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def states_of(display: Display, part: int = 0, parts: int = 1) -> list[dict[str, object]]:
    """Return every screen in every language, or of each language another ``part`` of them."""
    return [
        display._drawn(screen, code)
        for shift, code in enumerate(LANGUAGES)
        for number, screen in enumerate(Screen)
        if (number + shift) % parts == part
    ]


@pytest.mark.parametrize("size", [*SIZES, *ZOOMED])
def test_every_screen_in_every_language_is_open_to_everyone(
    look: Callable[..., Page], gate: Gate, size: str
) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core: npm ci in central/console")
    page = look(size, bypass_csp=True)
    page.add_script_tag(path=AXE)
    number = [*SIZES, *ZOOMED].index(size)
    part = (0, 1) if os.environ.get("BORDER_TEST_ALL") else (number, 6)
    found = page.evaluate(_LOOK_AT_ALL, {"states": states_of(gate.display, *part), "open": ""})
    idle = [gate.display._drawn(Screen.PLACE_DOCUMENT, LANGUAGES[number % 4])]
    for button in ("language", "help"):
        found += page.evaluate(_LOOK_AT_ALL, {"states": idle, "open": button})
    assert found == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_and_keys_are_wider_than_a_thumb(
    look: Callable[..., Page], gate: Gate, size: str
) -> None:
    page = look(size)
    page.locator("#help").click()
    expect(page.locator("#choices")).to_be_visible()
    assert page.evaluate(_CUT_OFF, states_of(gate.display)) == []  # with the choices open, too
    # 9 mm: 29 px on 27 inches upright, 53 px on a 10-inch panel, 47 px on a 7-inch one
    assert page.evaluate(_SMALLEST) >= (75 if size == "portrait" else 53)
    lower = page.locator("#help").bounding_box()
    assert lower is not None
    assert lower["y"] > 0.8 * SIZES[size]["height"]


def test_each_change_is_drawn_and_spoken_in_the_traveller_s_language(
    look: Callable[..., Page], gate: Gate
) -> None:
    page = look()
    expect(page.locator("#first")).to_have_text(
        "Welcome. Lay your open passport face down on the reader."
    )
    gate.show(Phase.READING, "QAT", Hint.WRONG_PAGE)
    expect(page.locator("body")).to_have_attribute("data-screen", "photo_page")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("#first")).to_have_attribute("lang", "ar")
    expect(page.locator("[aria-live=assertive]")).to_contain_text("صورتك")
    assert page.locator("#others li").count() == 3


def test_a_language_is_chosen_by_key_alone(look: Callable[..., Page], gate: Gate) -> None:
    page = look()
    expect(page.locator("#requests")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#language")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Shift+Tab")  # the choices come before the button, above it
    expect(page.get_by_role("button", name="العربية")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#first")).to_contain_text("Le damos la bienvenida")
    expect(page.get_by_role("button", name="Español")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#choices")).to_be_hidden()
    expect(page.locator("#language")).to_be_focused()
    gate.show(Phase.READING, "FRA")  # who chose is not overruled by the document
    expect(page.locator("#first")).to_contain_text("Leyendo")
    assert gate.asked == []


def test_more_time_is_asked_for_and_answered(look: Callable[..., Page], gate: Gate) -> None:
    page = look("small")
    page.locator("#help").click()
    page.get_by_role("button", name="More time").click()
    expect(page.get_by_role("status")).to_have_text("You have more time. There is no hurry.")
    expect(page.get_by_role("button", name="More time")).to_have_attribute("aria-pressed", "true")
    gate.do(lambda: None)  # the lane hears of it after the page
    assert gate.asked == [Asked(Kind.MORE_TIME)]
    assert gate.display.wishes == Wishes(more_time=True)


def test_help_asked_for_in_silence_looks_like_any_other(
    look: Callable[..., Page], gate: Gate
) -> None:
    def asks(*names: str) -> tuple[str, list[str]]:
        page = look()
        answers: list[str] = []
        page.on(
            "response",
            lambda said: (
                answers.append(f"{said.status} {sorted(said.headers)}")
                if said.url.endswith("/request")
                else None
            ),
        )
        page.locator("#help").click()
        for name in names:
            with page.expect_response("**/request"):
                page.get_by_role("button", name=name).click()
        expect(page.get_by_role("status")).to_contain_text("A colleague has been asked to come.")
        return page.locator("body").inner_html(), answers[-1:]

    openly = asks("More time", "Ask a colleague")
    gate.do(lambda: None)  # the lane hears of it after the page
    assert gate.asked == [Asked(Kind.MORE_TIME), Asked(Kind.HELP)]
    gate.show(Phase.DECIDING)
    gate.show(Phase.IDLE)
    gate.asked.clear()
    silently = asks("More time", "More time", "More time", "Ask a colleague")
    gate.do(lambda: None)
    assert gate.asked == [Asked(Kind.MORE_TIME), Asked(Kind.HELP, safeguarding=True)]
    assert silently == openly


def test_without_scripts_the_screen_follows_all_the_same(
    look: Callable[..., Page], gate: Gate
) -> None:
    page = look(java_script_enabled=False)
    page.wait_for_url("**/plain")
    expect(page.locator("#first")).to_contain_text("Welcome")
    expect(page.locator("#help")).to_be_hidden()
    gate.show(Phase.ENTERING)
    expect(page.locator("#first")).to_have_text("Thank you. Take your passport and walk in.")


def test_on_a_slow_line_the_right_words_are_there_before_any_script(
    look: Callable[..., Page], gate: Gate
) -> None:
    gate.show(Phase.EVACUATING)
    page = look(path="/plain")
    page.route("**/*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    page.goto(gate.url)
    expect(page.locator("#first")).to_have_text("Please leave the building by the nearest exit.")
    expect(page.locator(".alone")).to_be_hidden()
    page.evaluate("document.getAnimations().forEach((one) => one.finish())")  # 12 s later
    expect(page.locator(".alone")).to_be_visible()


def test_an_old_tab_loads_itself_anew(look: Callable[..., Page], gate: Gate) -> None:
    page = look()
    gate.show(Phase.READING)
    another = 'data: {"edition": "another"}\n\n'
    page.route(
        "**/state",
        lambda route: route.fulfill(content_type="text/event-stream", body=another),
        times=1,
    )
    loads: list[str] = []

    def loaded_again(request: Request) -> bool:
        loads.extend([request.url] if request.url == f"{gate.url}/" else [])
        return len(loads) == 2

    with page.expect_request(loaded_again):
        page.reload()
    expect(page.locator("#requests")).to_be_visible()
    expect(page.locator("body")).to_have_attribute("data-screen", "reading")


def test_a_screen_without_its_agent_says_that_help_is_coming(browser: Browser) -> None:
    gate = Gate()
    gate.start()
    page = browser.new_page()
    page.goto(gate.url)
    expect(page.locator("#requests")).to_be_visible()
    gate.stop()
    expect(page.locator("#first")).to_have_text(
        "Please wait a moment. A colleague is coming to help you."
    )
    expect(page.locator("#requests")).to_be_hidden()
    page.close()


def test_who_wants_no_motion_and_more_contrast_gets_it(look: Callable[..., Page]) -> None:
    moving = "getComputedStyle(document.querySelector('.pictogram')).animationName"
    ground = "getComputedStyle(document.body).backgroundColor"
    still = look(contrast="more")
    assert still.evaluate(moving) == "none"
    assert still.evaluate(ground) == "rgb(0, 0, 0)"
    lively = look(reduced_motion="no-preference")
    assert (lively.evaluate(moving), lively.evaluate(ground)) == ("nudge", "rgb(11, 61, 36)")


def test_no_screen_asks_another_machine_for_anything(look: Callable[..., Page], gate: Gate) -> None:
    page = look(path="/plain")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(gate.url)
    expect(page.locator("#requests")).to_be_visible()
    assert len(asked) >= 6
    assert all(url.startswith(f"{gate.url}/") for url in asked)
