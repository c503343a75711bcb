"""Getting in and out, and what is said when it does not work."""

import re

from playwright.sync_api import Page, expect

from tests.browser.fake_central import LINK, PASSWORD, FakeCentral
from tests.browser.steps import go_to, sign_in, sign_in_with_password


def test_a_wrong_password_says_what_to_do_and_keeps_the_name(
    page: Page, central: FakeCentral
) -> None:
    page.goto(central.base_url)
    page.get_by_test_id("username").fill("mara")
    page.get_by_test_id("password").fill("guess")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sign-in-message")).to_contain_text("wrong")
    expect(page.get_by_test_id("username")).to_have_value("mara")
    expect(page.get_by_test_id("password")).to_have_value("")
    expect(page.get_by_test_id("password")).to_be_focused()


def test_a_one_time_link_opens_and_leaves_no_token_behind(page: Page, central: FakeCentral) -> None:
    sign_in(page, central.base_url, f"/enter/{LINK}")
    expect(page.get_by_test_id("who")).to_have_text("mara")
    assert LINK not in page.url


def test_a_spent_link_says_whom_to_ask(page: Page, central: FakeCentral) -> None:
    page.goto(f"{central.base_url}/enter/spent")
    expect(page.get_by_test_id("sign-in-message")).to_contain_text("Ask an administrator")


def test_screens_follow_the_role(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    links = page.get_by_role("navigation").get_by_role("link")
    titles = ("Lanes", "Scanner review", "Passages")
    expect(links).to_have_text([re.compile(title) for title in titles])
    page.goto(f"{central.base_url}/#/users")
    expect(page.get_by_test_id("message-error")).to_contain_text("not for your role")


def test_signing_out_and_being_signed_out(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("username")).to_be_visible()
    assert central.who is None
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    go_to(page, "review")
    expect(page.get_by_test_id("queue")).to_be_visible()
    central.who = None
    page.get_by_test_id("open-next").click()
    expect(page.get_by_test_id("sign-in-message")).to_contain_text("You were signed out")


def test_a_session_that_central_ends_ends_here_without_a_touch(
    page: Page, central: FakeCentral
) -> None:
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    central.who = None
    central.cut()
    central.mend()
    expect(page.get_by_test_id("sign-in-message")).to_contain_text("You were signed out")
