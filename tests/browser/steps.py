"""What a person does at the console, step by step. Works against any central that serves it."""

import re

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS = 30_000  # a deadline, not a wait; every `expect` has it
_SOME = re.compile(r"[1-9]\d*")
_WHERE = {"referrals": "gates"}  # an officer finds the referrals at their gates
KEYS = {"release": "r", "hold": "h", "divert": "x"}


def sign_in(page: Page, base_url: str, link: str) -> None:
    """Enter with a one-time ``link`` (an address, or its path) and wait for the first screen."""
    page.goto(link if "://" in link else base_url.rstrip("/") + link)
    expect(page.get_by_test_id("who")).to_be_visible()
    _wait_until_live(page)


def sign_in_with_password(page: Page, base_url: str, name: str, password: str) -> None:
    """Sign in at the form and wait for the first screen."""
    page.goto(base_url)
    page.get_by_test_id("username").fill(name)
    page.get_by_test_id("password").fill(password)
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("who")).to_have_text(name)
    _wait_until_live(page)


def _wait_until_live(page: Page) -> None:
    state = page.get_by_test_id("link-state")
    expect(state).to_have_attribute("data-state", "up")


def go_to(page: Page, screen: str) -> None:
    """Open a screen: fleet, gates (or referrals), review, passages, audit, users."""
    page.get_by_test_id(f"nav-{_WHERE.get(screen, screen)}").click()


def open_first_item(page: Page) -> str:
    """Open the next waiting item; return its name once its picture is drawn."""
    go_to(page, "review")
    page.get_by_test_id("open-next").click()
    return wait_for_picture(page)


def wait_for_picture(page: Page) -> str:
    """Wait until the viewer has drawn; return the open item's name."""
    expect(viewer(page)).to_have_attribute("data-draws", _SOME)
    return page.get_by_test_id("item-name").inner_text()


def decide(page: Page, disposition: str, reason: str) -> None:
    """Decide the open item by key, with ``reason`` in words; wait until it is sent."""
    name = page.get_by_test_id("item-name").inner_text()
    page.keyboard.press(KEYS[disposition])
    page.get_by_test_id("reason-text").fill(reason)
    page.get_by_test_id("reason-text").press("Enter")
    said = page.get_by_test_id("notice-good").filter(has_text=name)
    expect(said).to_be_visible()


def viewer(page: Page) -> Locator:
    """Return the picture."""
    return page.get_by_test_id("viewer")
