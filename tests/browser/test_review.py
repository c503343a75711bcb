"""An operator at the scanner's queue, by keyboard alone where it matters."""

from playwright.sync_api import Page, expect

from tests.browser import fake_data
from tests.browser.fake_central import FakeCentral
from tests.browser.steps import decide, go_to, open_first_item, wait_for_picture

FIRST, SECOND = "/api/review/insp-CSQU3054383", "/api/review/insp-halves"


def test_the_queue_shows_who_waits_longest_and_who_has_what(desk: Page) -> None:
    go_to(desk, "review")
    items = desk.get_by_test_id("queue-item")
    expect(items).to_have_count(4)
    expect(items.nth(0)).to_contain_text("CSQU3054383")
    expect(items.nth(0)).to_contain_text("Suspect 0.93")
    expect(items.nth(2)).to_contain_text("With tomas")


def test_an_event_moves_the_queue(desk: Page, central: FakeCentral) -> None:
    go_to(desk, "review")
    expect(desk.get_by_test_id("queue-item")).to_have_count(4)
    central.tell("review", fake_data.item("TEMU0000001", 1, []))
    expect(desk.get_by_test_id("queue-item")).to_have_count(5)
    central.tell("review", {**central.items[0], "state": "ended"})
    expect(desk.get_by_test_id("queue-item")).to_have_count(4)
    expect(desk.get_by_test_id("count-review")).to_contain_text("4")


def test_space_opens_and_claims_the_longest_waiting(desk: Page, central: FakeCentral) -> None:
    go_to(desk, "review")
    expect(desk.get_by_test_id("open-next-large")).to_be_visible()
    desk.keyboard.press("Space")
    assert wait_for_picture(desk) == "CSQU3054383"
    assert central.posted == [(f"POST {FIRST}/claim", {})]
    expect(desk.get_by_test_id("time-on-item")).to_contain_text(" s")


def test_the_examinations_are_told_by_name_what_holds_first(desk: Page) -> None:
    open_first_item(desk)
    checks = desk.get_by_test_id("item-check")
    expect(checks).to_have_count(2)
    expect(checks.nth(0)).to_contain_text("Recogniser")
    expect(checks.nth(0)).to_contain_text("Stands out")
    expect(checks.nth(1)).to_contain_text("gamma +0.4 σ")
    expect(desk.get_by_text("18,240 kg")).to_be_visible()


def test_hold_needs_a_reason_and_tells_which_tools_were_used(
    desk: Page, central: FakeCentral
) -> None:
    open_first_item(desk)
    for key in ("i", "m", "n", "i"):
        desk.keyboard.press(key)
    desk.keyboard.press("h")
    desk.keyboard.press("h")
    expect(desk.get_by_test_id("complaint")).to_be_visible()
    assert not any(path.endswith("/decision") for path, _ in central.posted)
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.get_by_test_id("notice-good")).to_contain_text("CSQU3054383")
    tools = ["material", "next-region", "invert"]
    body = {"disposition": "hold", "reason": "Possible weapon", "tools": tools}
    assert (f"POST {FIRST}/decision", body) in central.posted


def test_release_takes_two_presses_and_the_next_item_opens(
    desk: Page, central: FakeCentral
) -> None:
    open_first_item(desk)
    desk.keyboard.press("r")
    desk.keyboard.press("Escape")
    desk.keyboard.press("r")
    desk.keyboard.press("r")
    expect(desk.get_by_test_id("item-name")).to_have_text("halves")
    body = {"disposition": "release", "reason": "Nothing of concern in the picture", "tools": []}
    assert central.posted[-2:] == [(f"POST {FIRST}/decision", body), (f"POST {SECOND}/claim", {})]


def test_the_lane_must_obey_and_is_watched(desk: Page, central: FakeCentral) -> None:
    open_first_item(desk)
    decide(desk, "divert", "open and look")
    mine = desk.get_by_test_id("decided-item")
    expect(mine).to_contain_text("has not obeyed yet")
    central.tell("review", {**central.items[0], "command_state": "done"})
    expect(mine).to_contain_text("Done by the lane")
    central.tell("review", {**central.items[0], "command_state": "indeterminate"})
    expect(desk.get_by_test_id("notice-bad")).to_contain_text("look at the lane")


def test_an_item_is_put_back_by_key_and_by_leaving(desk: Page, central: FakeCentral) -> None:
    open_first_item(desk)
    desk.keyboard.press("Backspace")
    expect(desk.get_by_test_id("item-name")).to_have_count(0)
    expect(desk.get_by_test_id("queue-item").first).not_to_contain_text("Yours")
    assert central.posted[-1] == (f"DELETE {FIRST}/claim", {})
    desk.keyboard.press("Space")
    wait_for_picture(desk)
    desk.get_by_test_id("sign-out").click()
    expect(desk.get_by_test_id("username")).to_be_visible()
    assert central.posted[-1] == (f"DELETE {FIRST}/claim", {})


def test_someone_elses_item_is_not_opened(desk: Page) -> None:
    go_to(desk, "review")
    desk.get_by_test_id("queue-item").filter(has_text="MWCU6059784").click()
    expect(desk.get_by_test_id("notice-bad")).to_contain_text("tomas has it in hand")
    expect(desk.get_by_test_id("item-name")).to_have_count(0)


def test_an_item_that_ends_meanwhile_is_closed_with_a_word(
    desk: Page, central: FakeCentral
) -> None:
    open_first_item(desk)
    central.tell("review", {**central.items[0], "state": "ended"})
    expect(desk.get_by_test_id("notice-bad")).to_contain_text("was ended without you")
    expect(desk.get_by_test_id("item-name")).to_have_count(0)


def test_a_picture_that_comes_later_opens_by_itself(desk: Page, central: FakeCentral) -> None:
    go_to(desk, "review")
    late = central.items[3]
    desk.get_by_test_id("queue-item").filter(has_text="CBHU3202732").click()
    expect(desk.get_by_test_id("message-error")).to_contain_text("not here yet")
    picture = fake_data.picture("high", central.files["halves"])
    central.tell("review", {**late, "pictures": [picture]})
    assert wait_for_picture(desk) == "CBHU3202732"


def test_the_last_item_leaves_a_word_and_not_a_blank(desk: Page, central: FakeCentral) -> None:
    for item in central.items:
        central.tell("review", {**item, "state": "ended"})
    go_to(desk, "review")
    expect(desk.get_by_test_id("message-empty").first).to_contain_text("No items waiting")


def test_keys_are_listed_and_can_be_turned_off(desk: Page, central: FakeCentral) -> None:
    open_first_item(desk)
    desk.keyboard.press("?")
    expect(desk.get_by_test_id("legend")).to_contain_text("Local contrast")
    desk.get_by_test_id("shortcuts").uncheck()
    desk.keyboard.press("Escape")
    expect(desk.get_by_test_id("legend")).to_have_count(0)
    desk.keyboard.press("i")
    desk.keyboard.press("r")
    expect(desk.get_by_test_id("mode-invert")).to_have_attribute("aria-pressed", "false")
    expect(desk.get_by_test_id("confirm")).to_have_count(0)


def test_looking_first_hides_the_recogniser_until_asked(desk: Page) -> None:
    open_first_item(desk)
    desk.keyboard.press("?")
    desk.get_by_test_id("blind-first").check()
    desk.keyboard.press("Escape")
    expect(desk.get_by_test_id("legend")).to_have_count(0)
    decide(desk, "hold", "second opinion")
    wait_for_picture(desk)
    expect(desk.get_by_test_id("finding")).to_have_count(0)
    expect(desk.get_by_test_id("queue")).not_to_contain_text("0.93")
