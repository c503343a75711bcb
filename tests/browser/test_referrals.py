"""An officer and the travellers who wait."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fake_central import PASSWORD, FakeCentral
from tests.browser.steps import go_to, sign_in_with_password


@pytest.fixture
def officer(page: Page, central: FakeCentral) -> Page:
    sign_in_with_password(page, central.base_url, "omar", PASSWORD)
    go_to(page, "referrals")
    page.get_by_test_id("open-first").click()
    expect(page.get_by_test_id("referral")).to_be_visible()  # before it, keys decide nothing
    return page


def test_a_referral_says_why_in_plain_words_and_shows_the_pictures(officer: Page) -> None:
    reasons = officer.get_by_test_id("reasons")
    expect(reasons).to_contain_text("The live face does not match the picture in the document")
    expect(reasons).to_contain_text("face-comparison.failed")
    for kind in ("page", "portrait", "face"):
        image = officer.get_by_test_id(f"picture-{kind}").locator("img")
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("one => one.naturalWidth") > 0
    rows = officer.get_by_test_id("checks").locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("Face comparison")
    expect(rows.nth(0)).to_contain_text("Failed")
    expect(rows).to_have_count(9)


def test_refusing_needs_a_reason_and_goes_to_the_next(officer: Page, central: FakeCentral) -> None:
    officer.keyboard.press("x")
    officer.keyboard.press("x")
    expect(officer.get_by_test_id("complaint")).to_be_visible()
    officer.keyboard.press("1")
    officer.keyboard.press("x")
    expect(officer.get_by_test_id("judged-item")).to_contain_text("has not obeyed yet")
    body = {"decision": "refuse", "reason": "Not the same person"}
    assert central.posted == [("POST /api/referrals/pass-a1/decision", body)]
    expect(officer.get_by_test_id("referral")).to_contain_text("gate-1")
    expect(officer.get_by_test_id("referral-item")).to_have_count(1)


def test_an_ended_referral_goes_with_its_pictures(officer: Page, central: FakeCentral) -> None:
    expect(officer.get_by_test_id("picture-face")).to_be_visible()
    central.tell("referral", {**central.referrals[0], "state": "ended"})
    expect(officer.locator("img")).to_have_count(0)
    expect(officer.get_by_test_id("nobody-waits")).to_be_visible()


def test_an_erased_picture_says_so(officer: Page, central: FakeCentral) -> None:
    del central.files["page"]
    officer.get_by_test_id("referral-item").nth(1).click()
    expect(officer.get_by_test_id("picture-page")).to_contain_text("has been erased")
