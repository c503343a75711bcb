"""Every screen once, with a picture of it, at two widths and from right to left."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import fake_data
from tests.browser.fake_central import PASSWORD, FakeCentral
from tests.browser.steps import go_to, open_first_item, sign_in_with_password

# Names of controls that a screen reader would announce with nothing to say.
_UNNAMED = """() => [...document.querySelectorAll('button, a, input, select, textarea')]
  .filter((one) => one.checkVisibility() && !(one.innerText || one.ariaLabel || one.labels?.length))
  .map((one) => one.outerHTML.slice(0, 120))"""
_SMALL = """() => [...document.querySelectorAll('button, select, nav a, input')]
  .map((one) => [one.getBoundingClientRect(), one])
  .filter(([box]) => box.width && (box.height < 22 || box.width < 22))
  .map(([, one]) => one.outerHTML.slice(0, 120))"""


def check(page: Page, shots: Path, name: str) -> None:
    """Take a picture; no control without a name, none too small to hit."""
    page.screenshot(path=shots / f"{name}.png")
    assert page.evaluate(_UNNAMED) == []
    assert page.evaluate(_SMALL) == []


def test_every_screen(page: Page, central: FakeCentral, shots: Path) -> None:
    page.goto(central.base_url)
    expect(page.get_by_test_id("username")).to_be_focused()
    check(page, shots, "sign-in")
    sign_in_with_password(page, central.base_url, "ada", PASSWORD)
    for screen in ("fleet", "passages", "detection", "audit", "users"):
        go_to(page, screen)
        expect(page.get_by_test_id(screen)).to_be_visible()
        check(page, shots, screen)
    go_to(page, "referrals")
    page.get_by_test_id("open-first").click()
    expect(page.get_by_test_id("checks")).to_be_visible()
    check(page, shots, "gate-with-referral")
    page.keyboard.press("h")
    check(page, shots, "gate-handover")
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    check(page, shots, "gate-without-referral")
    page.keyboard.press("Escape")
    check(page, shots, "gates")
    open_first_item(page)
    page.keyboard.press("h")
    check(page, shots, "review")
    page.get_by_role("button", name="Light colours").click()
    check(page, shots, "review-light")


def test_from_right_to_left_and_narrow(page: Page, central: FakeCentral, shots: Path) -> None:
    sign_in_with_password(page, central.base_url, "ada", PASSWORD)
    page.evaluate("document.documentElement.dir = 'rtl'")
    open_first_item(page)
    check(page, shots, "review-rtl")
    page.set_viewport_size({"width": 800, "height": 1000})
    check(page, shots, "review-narrow")
    go_to(page, "gates")
    expect(
        page.get_by_test_id("open-first")
    ).to_be_visible()  # before it, keys have nothing to open
    page.keyboard.press("Space")
    expect(page.get_by_test_id("checks")).to_be_visible()
    check(page, shots, "gate-narrow")
    go_to(page, "fleet")
    check(page, shots, "fleet-narrow")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_newest_entries_of_the_audit_trail_come_first(page: Page, central: FakeCentral) -> None:
    central.trail = fake_data.audit(450)
    sign_in_with_password(page, central.base_url, "sven", PASSWORD)
    go_to(page, "audit")
    first = page.get_by_test_id("audit").locator("tbody tr").first
    expect(first).to_contain_text("450")
    page.get_by_role("button", name="Older").click()
    expect(first).to_contain_text("250")
    page.get_by_role("button", name="Older").click()
    expect(first).to_contain_text("50")
    expect(page.get_by_role("button", name="Older")).to_be_disabled()
    page.get_by_role("button", name="Newer").click()
    page.get_by_role("button", name="Newer").click()
    expect(first).to_contain_text("450")


def test_users_are_added_with_a_link_that_is_shown_once(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "ada", PASSWORD)
    go_to(page, "users")
    page.get_by_test_id("new-name").fill("nils")
    page.get_by_test_id("role-analyst").check()
    page.get_by_test_id("add-user").click()
    expect(page.get_by_test_id("sign-in-link")).to_have_text(
        f"{central.base_url}/enter/a-new-token"
    )
    assert central.posted == [("POST /api/users", {"name": "nils", "roles": ["analyst"]})]
    page.get_by_role("button", name="Remove… nils").click()
    page.get_by_test_id("remove-confirm").click()
    expect(page.get_by_test_id("users")).not_to_contain_text("nils")
    assert central.posted[-1] == ("DELETE /api/users/nils", {})
