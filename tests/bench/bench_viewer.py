"""The operator's viewer: from a key press to the finished picture, in software rendering.

2.5 Mpx, 16 bits, two energies, 1440 × 900. A graphics card is only faster. Needs chromium and the
built console.
"""

import statistics

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, opened, serving
from tests.browser.fake_central import DIST, LINK
from tests.browser.pixels import timed
from tests.browser.steps import open_first_item, sign_in

Row = tuple[str, str, str]
KEYS = [key for key in "igcspqmolu123" for _ in range(2)]
ROUNDS = 4


def run() -> list[Row]:
    if not CHROMIUM.is_file() or not (DIST / "index.html").is_file():
        return [("viewer, key to pixels", "not run: no chromium, or no console", "< 16 ms")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            with serving() as central, opened(browser) as page:
                sign_in(page, central.base_url, f"/enter/{LINK}")
                open_first_item(page)
                times = _fastest(page)
        finally:
            browser.close()
    middle, worst = statistics.median(times), max(times)
    return [
        ("viewer, key to pixels, median / worst key", f"{middle:.1f} / {worst:.1f} ms", "< 16 ms")
    ]


def _fastest(page: Page) -> list[float]:
    """Return each key's fastest time; the first round, which compiles, does not count."""
    rounds = [timed(page, KEYS) for _ in range(ROUNDS)]
    return [min(one[key] for one in rounds[1:]) for key in rounds[0]]
