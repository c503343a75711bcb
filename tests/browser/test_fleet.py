"""The lanes at a glance, live, and what remains when central is silent."""

import re

from playwright.sync_api import Page, expect

from tests.browser.fake_central import PASSWORD, FakeCentral
from tests.browser.steps import sign_in_with_password


def test_every_lane_says_how_it_is_in_words_and_shape(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    expect(page.get_by_test_id("fleet-summary")).to_have_text(
        "8 in all: 4 in service · 1 degraded · 2 out of service · 1 not connected"
    )
    broken = page.get_by_test_id("lane-gate-3")
    expect(broken).to_contain_text("Degraded")
    expect(broken.get_by_test_id("faults")).to_contain_text(
        re.compile(r"document-reader since \d+ min")
    )
    expect(broken.locator("[data-tone] svg path")).to_have_count(1)
    expect(page.get_by_test_id("lane-gate-6")).to_contain_text("Last heard:")
    expect(page.get_by_test_id("lane-command")).to_have_count(0)  # an analyst closes no lane


def test_a_card_changes_with_an_event(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    card = page.get_by_test_id("lane-gate-1")
    expect(card.get_by_test_id("phase")).to_contain_text("Reading a document")
    central.tell("fleet", {**central.units[0], "phase": "evacuating", "service": "out-of-service"})
    expect(card.get_by_test_id("phase")).to_contain_text("Evacuation")
    expect(card).to_contain_text("Out of service")


def test_a_supervisor_closes_a_lane_with_a_reason(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "sven", PASSWORD)
    card = page.get_by_test_id("lane-gate-2")
    card.get_by_test_id("lane-command").click()
    expect(card.get_by_test_id("lane-send")).to_be_disabled()
    card.get_by_test_id("lane-reason").fill("cleaning")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("notice-good")).to_contain_text("gate-2")
    body = {"verb": "close-lane", "reason": "cleaning"}
    assert central.posted == [("POST /api/fleet/gate-2/commands", body)]


def test_a_lost_link_says_how_old_the_data_are_and_heals(page: Page, central: FakeCentral) -> None:
    sign_in_with_password(page, central.base_url, "mara", PASSWORD)
    central.cut()
    banner = page.get_by_test_id("lost-banner")
    expect(banner).to_contain_text("Data as of ")
    expect(page.get_by_test_id("lane-gate-1")).to_be_visible()
    central.units[0]["phase"] = "exiting"  # meanwhile
    central.mend()
    expect(banner).to_have_count(0)
    expect(page.get_by_test_id("lane-gate-1")).to_contain_text("Traveller is leaving")
