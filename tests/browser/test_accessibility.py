"""Every screen of the console looked at by axe: WCAG 2.2 AA."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import VIEW
from tests.browser.fake_central import PASSWORD, FakeCentral
from tests.browser.steps import go_to, open_first_item, sign_in_with_password

AXE = Path(__file__).parents[2] / "central/console/node_modules/axe-core/axe.min.js"
_LOOK = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const options = { runOnly: tags, resultTypes: ['violations'], preload: false };
  const { violations } = await axe.run(options);
  const told = ({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`);
  return violations.flatMap(told);
}"""


def looked_at(page: Page, screen: str) -> list[str]:
    """Return what axe finds on the page as it is now."""
    return [f"{screen}: {found}" for found in page.evaluate(_LOOK)]


def test_every_screen_of_the_console_is_open_to_everyone(
    browser: Browser, central: FakeCentral
) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core: npm ci in central/console")
    context = browser.new_context(viewport=VIEW, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.goto(central.base_url)
    expect(page.get_by_test_id("username")).to_be_focused()
    page.add_script_tag(path=AXE)
    found = looked_at(page, "sign-in")
    sign_in_with_password(page, central.base_url, "ada", PASSWORD)
    page.add_script_tag(path=AXE)
    for screen in ("fleet", "passages", "detection", "audit", "users"):
        go_to(page, screen)
        expect(page.get_by_test_id(screen)).to_be_visible()
        found += looked_at(page, screen)
    go_to(page, "referrals")
    page.get_by_test_id("open-first").click()
    expect(page.get_by_test_id("checks")).to_be_visible()
    found += looked_at(page, "referral")
    open_first_item(page)
    found += looked_at(page, "review")
    page.keyboard.press("h")
    page.get_by_role("button", name="Light colours").click()
    found += looked_at(page, "review, light")
    context.close()
    assert found == []
