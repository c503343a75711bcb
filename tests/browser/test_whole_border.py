"""Everything at once: a real border, and an operator and an officer at its real console.

Broker, central, both lanes and their devices run as in a demonstration; nothing is faked but the
metal. The item and the traveller do what their operator and officer decide in the browser.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from drivers.conveyor.registers import Diverter
from simulators.demo.border import Border, border
from simulators.lanes.egate import Left
from simulators.world.items import item
from simulators.world.travellers import Story, traveller
from tests.browser.conftest import opened
from tests.browser.pixels import shown
from tests.browser.steps import decide, go_to, open_first_item, sign_in

pytestmark = pytest.mark.realtime

PATIENCE = 60.0  # s; a deadline on a busy machine


@pytest.fixture(scope="module")
def running(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    with border(tmp_path_factory.mktemp("border")) as running:
        yield running


@pytest.fixture(scope="module")
def operator(browser: Browser, running: Border) -> Iterator[Page]:
    """One person, signed in with the link that works once."""
    with opened(browser) as page:
        sign_in(page, running.url, running.sign_in_link)
        yield page


def begun(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    result: list[object] = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True)
    thread.start()
    return thread, result


def test_a_held_item_is_seen_and_diverted(running: Border, operator: Page, tmp_path: Path) -> None:
    goods = item(1, threat=True)
    moving, left = begun(lambda: running.scanner.passes(goods))
    go_to(operator, "review")
    expect(operator.get_by_test_id("queue-item")).to_have_count(1, timeout=PATIENCE * 1000)
    open_first_item(operator)
    assert shown(operator).std() > 20, "the picture is drawn"
    operator.screenshot(path=tmp_path / "review.png")
    decide(operator, "divert", "test: an object to be searched")
    moving.join(PATIENCE)
    assert left == [Diverter.DIVERT]


def test_a_referred_traveller_is_let_through_by_an_officer(
    running: Border, operator: Page, tmp_path: Path
) -> None:
    who = traveller(3, running.issuer, Story.EXPIRED)
    walking, left = begun(lambda: running.egate.passes(who))
    go_to(operator, "referrals")
    operator.get_by_test_id("open-first").click(timeout=PATIENCE * 1000)
    for kind in ("page", "portrait"):
        expect(operator.get_by_test_id(f"picture-{kind}").locator("img")).to_be_visible()
    operator.screenshot(path=tmp_path / "referral.png")
    operator.keyboard.press("a")
    operator.get_by_test_id("reason-text").fill("test: an extension was shown")
    operator.get_by_test_id("reason-text").press("Enter")
    walking.join(PATIENCE)
    assert left == [Left.CROSSED]
    expect(operator.get_by_test_id("referral-item")).to_have_count(0, timeout=10_000)


def test_the_screen_speaks_to_the_traveller(running: Border, browser: Browser) -> None:
    with opened(browser) as page:
        page.goto(running.screen)
        expect(page.locator("#first")).to_contain_text("passport", timeout=10_000)
        assert page.locator("#others li").count() == 3
        assert page.locator("#others li[dir=rtl]").count() == 1
        deadline = time.monotonic() + PATIENCE
        while page.evaluate("document.body.dataset.screen") != "place_document":
            assert time.monotonic() < deadline
            page.wait_for_timeout(100)
