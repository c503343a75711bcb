"""An officer who watches eight gates: everything on one screen, everything by key."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import fake_data
from tests.browser.fake_central import PASSWORD, FakeCentral
from tests.browser.fake_data import ago
from tests.browser.steps import go_to, sign_in_with_password

_COUNT_TONES = """window.tones = 0;
  const Real = OscillatorNode;
  window.OscillatorNode = class extends Real {
    start(at) { window.tones += 1; super.start(at); }
  };"""


@pytest.fixture
def officer(page: Page, central: FakeCentral) -> Page:
    page.add_init_script(_COUNT_TONES)
    sign_in_with_password(page, central.base_url, "omar", PASSWORD)
    go_to(page, "gates")
    expect(page.get_by_test_id("waiting-count")).to_have_text("▲ 2 wait")
    expect(page.get_by_test_id("gate-gate-1")).to_be_visible()  # before it, keys open no gate
    return page


def test_ten_gates_are_seen_at_once(officer: Page, central: FakeCentral) -> None:
    for number in range(7, 11):
        central.tell("fleet", fake_data.unit(f"gate-{number}", "egate", phase="exiting"))
    expect(officer.get_by_test_id("gate-gate-10")).to_be_visible()
    assert officer.evaluate("""() => [...document.querySelectorAll('[data-testid^=gate-gate]')]
      .every((one) => one.getBoundingClientRect().bottom <= innerHeight - 30)""")
    officer.keyboard.press("Space")
    expect(officer.get_by_test_id("checks")).to_be_visible()
    last = officer.get_by_test_id("gate-gate-10").bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 900 - 30


def test_a_gate_says_its_phase_the_step_the_reason_and_what_is_wrong(officer: Page) -> None:
    reading = officer.get_by_test_id("gate-gate-1")
    expect(reading.get_by_test_id("gate-phase")).to_contain_text("Reading a document")
    expect(reading.locator("[aria-current=step]")).to_have_text("Document")
    expect(reading.get_by_test_id("gate-why")).to_contain_text("The document has expired")
    inside = officer.get_by_test_id("gate-gate-4")
    expect(inside.locator("[aria-current=step]")).to_have_text("Check")
    expect(inside.get_by_test_id("gate-why")).to_contain_text("The live face does not match")
    idle = officer.get_by_test_id("gate-gate-2")
    expect(idle.get_by_test_id("gate-phase")).to_contain_text("Ready")
    expect(idle.get_by_test_id("steps")).to_have_count(0)
    broken = officer.get_by_test_id("gate-gate-3")
    expect(broken.get_by_test_id("gate-fault")).to_contain_text("document-reader")
    expect(officer.get_by_test_id("gate-scan-1")).to_have_count(0)


def test_keys_lead_everywhere(officer: Page) -> None:
    referral = officer.get_by_test_id("referral")
    officer.keyboard.press("Space")
    expect(referral).to_contain_text("gate-4")  # the longest waiting
    officer.keyboard.press("Space")
    expect(referral).to_contain_text("gate-1")
    officer.keyboard.press("2")
    expect(officer.get_by_test_id("nobody-waits")).to_be_visible()
    officer.keyboard.press("ArrowUp")
    expect(referral).to_contain_text("gate-1")
    officer.keyboard.press("Escape")
    expect(referral).to_have_count(0)
    expect(officer.get_by_test_id("open-first")).to_be_visible()


def test_the_longest_waiting_is_first_whatever_the_lane_s_clock_says(
    officer: Page, central: FakeCentral
) -> None:
    late = fake_data.referral("c3", 300, "gate-2", [])
    central.tell("referral", {**late, "decided_at": ago(-900)})
    expect(officer.get_by_test_id("referral-item").first).to_contain_text("gate-2")


def test_one_key_tells_the_traveller_that_somebody_comes(
    officer: Page, central: FakeCentral
) -> None:
    officer.keyboard.press("Space")
    officer.keyboard.press("s")
    expect(officer.get_by_test_id("assisted").first).to_contain_text("omar comes")
    assert central.posted == [("POST /api/referrals/pass-a1/assist", {})]
    officer.keyboard.press("s")  # said is said
    expect(officer.get_by_test_id("assist")).to_be_disabled()
    central.tell("referral", {**central.referrals[0], "assist_state": "done"})
    expect(officer.get_by_test_id("assisted").first).to_contain_text("the traveller is told")
    central.tell("referral", {**central.referrals[0], "assist_state": "refused"})
    expect(officer.get_by_test_id("notice-bad")).to_contain_text("gate-4")
    expect(officer.get_by_test_id("assist")).to_be_enabled()
    assert len(central.posted) == 1


def test_a_referral_is_handed_over_and_goes_on_waiting(officer: Page, central: FakeCentral) -> None:
    officer.keyboard.press("Space")
    officer.keyboard.press("h")
    officer.get_by_test_id("handover-to").select_option("sven")
    officer.get_by_test_id("confirm").click()
    expect(officer.get_by_test_id("complaint")).to_be_visible()
    officer.get_by_test_id("reason-2").click()
    officer.get_by_test_id("confirm").click()
    body = {"to": "sven", "reason": "Speaks another language"}
    expect(officer.get_by_test_id("handed-over").first).to_contain_text(
        "Handed over by omar to sven"
    )
    assert central.posted == [("POST /api/referrals/pass-a1/handover", body)]
    expect(officer.get_by_test_id("referral-item")).to_have_count(2)


def test_a_lane_is_closed_by_key_with_a_reason(officer: Page, central: FakeCentral) -> None:
    officer.keyboard.press("2")
    officer.keyboard.press("l")
    officer.keyboard.type("cleaning")
    officer.keyboard.press("Enter")
    expect(officer.get_by_test_id("notice-good")).to_contain_text("gate-2")
    body = {"verb": "close-lane", "reason": "cleaning"}
    assert central.posted == [("POST /api/fleet/gate-2/commands", body)]


def test_whoever_begins_to_wait_is_heard_once_and_not_when_sound_is_off(
    officer: Page, central: FakeCentral
) -> None:
    assert officer.evaluate("window.tones") == 0  # those who waited before
    central.tell("referral", fake_data.referral("c3", 0, "gate-2", []))
    expect(officer.get_by_test_id("referral-item")).to_have_count(3)
    assert officer.evaluate("window.tones") == 2
    central.tell("referral", fake_data.referral("c3", 0, "gate-2", [], assisted_by="sven"))
    expect(officer.get_by_test_id("gate-gate-2")).to_contain_text("sven comes")
    assert officer.evaluate("window.tones") == 2
    officer.keyboard.press("m")
    expect(officer.get_by_test_id("sound")).to_have_text("Sound off M")
    central.tell("referral", fake_data.referral("d4", 0, "gate-5", []))
    expect(officer.get_by_test_id("referral-item")).to_have_count(4)
    assert officer.evaluate("window.tones") == 2
    expect(officer).to_have_title("(4) Gates · Border console")


def test_a_referral_shows_before_its_pictures_which_then_appear(
    officer: Page, central: FakeCentral
) -> None:
    away = fake_data.picture("face", central.files["face"], available=False)
    central.tell("referral", fake_data.referral("c3", 0, "gate-2", [away]))
    officer.keyboard.press("2")
    expect(officer.get_by_test_id("picture-face")).to_contain_text("On its way")
    here = {**away, "available": True}
    central.tell("referral", fake_data.referral("c3", 0, "gate-2", [here]))
    expect(officer.get_by_test_id("picture-face").locator("img")).to_be_visible()


def test_what_was_asked_in_confidence_is_on_the_open_referral_alone(
    officer: Page, central: FakeCentral
) -> None:
    asked = fake_data.referral("c3", 0, "gate-2", [], reasons=["safeguarding"], checks=[])
    central.tell("referral", asked)
    card = officer.get_by_test_id("gate-gate-2")
    expect(card).to_contain_text("The traveller asked for help")
    expect(officer.get_by_test_id("confided")).to_have_count(0)
    officer.keyboard.press("2")
    expect(officer.get_by_test_id("confided")).to_contain_text("Speak with the traveller alone")
    assert "safeguarding" not in officer.locator("body").inner_text()
