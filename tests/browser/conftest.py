"""A chromium, and a fake central, for the console's tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, expect, sync_playwright

from tests.browser.fake_central import DIST, LINK, FakeCentral
from tests.browser.steps import PATIENCE_MS, sign_in

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
VIEW: ViewportSize = {"width": 1440, "height": 900}

expect.set_options(timeout=PATIENCE_MS)  # a busy machine is no fault of a screen


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers, per module: its event loop must not outlive the browser tests."""
    if not CHROMIUM.is_file():
        pytest.skip(f"no chromium at {CHROMIUM}")
    if not (DIST / "index.html").is_file():
        pytest.skip("the console is not built: npm ci && npm run build in central/console")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One chromium for a module."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@contextmanager
def serving() -> Iterator[FakeCentral]:
    """A fresh fake central."""
    central = FakeCentral()
    central.start()
    try:
        yield central
    finally:
        central.stop()


@contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """A page of a fresh profile. It must not complain: no error, no breach of the CSP."""
    context = browser.new_context(viewport=VIEW, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    expected = "Failed to load resource"  # a 401, 404, 409 or 503 that a test asked for
    assert [said for said in complaints if expected not in said] == []


@pytest.fixture
def central(browser: Browser) -> Iterator[FakeCentral]:
    """A fake central of the test's own."""
    with serving() as central:
        yield central


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the test's own."""
    with opened(browser) as page:
        yield page


@pytest.fixture
def desk(page: Page, central: FakeCentral) -> Page:
    """A page with the analyst signed in."""
    sign_in(page, central.base_url, f"/enter/{LINK}")
    return page


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go."""
    return tmp_path_factory.mktemp("console")
