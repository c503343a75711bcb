"""The picture: drawn at once, changed by keys, true to 16 bits."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser import fake_data, fake_pictures
from tests.browser.conftest import CHROMIUM, FLAGS, VIEW, opened, serving
from tests.browser.fake_central import LINK, FakeCentral
from tests.browser.pixels import change, shown
from tests.browser.steps import go_to, open_first_item, sign_in, viewer, wait_for_picture

LOOKS = ["i", "g", "Shift+g", *"123lqmocspuvdtb"]


@pytest.fixture(scope="module")
def suitcase(browser: Browser) -> Iterator[Page]:
    """The suitcase, opened once; opening takes longer than all that is done with it."""
    with serving() as central, opened(browser) as page:
        sign_in(page, central.base_url, f"/enter/{LINK}")
        assert open_first_item(page) == "CSQU3054383"
        yield page


@pytest.fixture
def picture(suitcase: Page) -> Page:
    """The suitcase at its first look."""
    suitcase.mouse.move(0, 0)
    suitcase.keyboard.press("0")
    return suitcase


def open_item(page: Page, name: str) -> None:
    go_to(page, "review")
    page.get_by_test_id("queue-item").filter(has_text=name).click()
    wait_for_picture(page)


def test_draws_the_picture_with_a_window_that_shows_it(picture: Page) -> None:
    pixels = shown(picture)
    assert pixels.std() > 40
    assert pixels.max() > 240
    assert (pixels < 20).mean() < 0.6


def test_every_look_changes_the_pixels_and_goes_back(picture: Page) -> None:
    plain = shown(picture)
    for key in LOOKS:
        picture.keyboard.press(key)
        assert change(plain, shown(picture)) > 0.02, key
        picture.keyboard.press("a" if key in "dt" else key)
    assert change(plain, shown(picture)) < 0.02


def test_window_and_level_change_the_pixels(picture: Page) -> None:
    plain = shown(picture)
    for _ in range(4):
        picture.keyboard.press(".")
    darker = shown(picture)
    assert darker.mean() < plain.mean() - 5
    picture.keyboard.press("a")
    box = viewer(picture).bounding_box()
    assert box is not None
    picture.mouse.move(box["x"] + 200, box["y"] + 200)
    picture.mouse.down(button="right")
    picture.mouse.move(box["x"] + 200, box["y"] + 320, steps=3)
    picture.mouse.up(button="right")
    assert shown(picture).mean() < plain.mean() - 5


def test_two_values_that_differ_by_one_are_told_apart(desk: Page) -> None:
    """30000 and 30001 of 65535 look alike until the window is narrow; only the low byte differs."""
    open_item(desk, "halves")
    left, right = _two_halves(shown(desk))
    assert abs(left - right) <= 1
    width = _narrow_the_window_around(desk, 30_000.5)
    left, right = _two_halves(shown(desk))
    assert right - left == pytest.approx(255 / width, abs=20)


def _two_halves(pixels: NDArray[np.int16]) -> tuple[float, float]:
    height, width, _ = pixels.shape
    rows = slice(height * 2 // 5, height * 3 // 5)
    left, right = slice(width // 2 - 80, width // 2 - 20), slice(width // 2 + 20, width // 2 + 80)
    return float(np.median(pixels[rows, left])), float(np.median(pixels[rows, right]))


def _narrow_the_window_around(page: Page, value: float, widest: int = 8) -> int:
    """Set the window by keys, as an operator would, to ``widest``; return its width."""
    for _ in range(200):
        text = page.get_by_test_id("window").inner_text()
        low, high = (int(number) for number in re.findall(r"\d+", text))
        off = (low + high) / 2 - value
        if abs(off) > 0.15 * (high - low):
            page.keyboard.press("," if off > 0 else ".")
        elif high - low > widest:
            page.keyboard.press("k")
        else:
            return high - low
    pytest.fail(f"the window cannot be set by keys: {text}")


def test_a_picture_wider_than_a_texture_has_no_seam(desk: Page, central: FakeCentral) -> None:
    picture = {**fake_data.picture("ramp", central.files["ramp"]), "kind": "high"}
    wide = fake_data.item("wide", 900, [picture], regions=[fake_pictures.SEAM])
    central.items.append(wide)
    central.tell("review", wide)
    open_item(desk, "wide")
    desk.keyboard.press("n")
    desk.keyboard.press("b")
    expect(desk.get_by_test_id("zoom")).to_have_text("800 %")
    _narrow_the_window_around(desk, 42_540, 700)
    row = shown(desk)[300, :, 0]
    assert row[0] < row[-1] - 100
    assert set(np.diff(row)) <= {0, 1, 2, 3}


def test_zoom_keeps_the_pixel_under_the_pointer(picture: Page) -> None:
    box = viewer(picture).bounding_box()
    assert box is not None
    picture.mouse.move(box["x"] + 500, box["y"] + 300)
    before = picture.get_by_test_id("reading").inner_text()
    zoom = picture.get_by_test_id("zoom").inner_text()
    picture.mouse.wheel(0, -120)
    expect(picture.get_by_test_id("zoom")).not_to_have_text(zoom)
    assert picture.get_by_test_id("reading").inner_text() == before
    picture.keyboard.press("f")
    expect(picture.get_by_test_id("zoom")).to_have_text(zoom)


def test_boxes_are_numbered_walked_and_hidden(picture: Page) -> None:
    boxes = picture.get_by_test_id("regions")
    expect(boxes.locator("text")).to_have_text(["1", "2"])
    picture.keyboard.press("n")
    expect(picture.get_by_test_id("region-1")).to_have_attribute("aria-pressed", "true")
    picture.keyboard.press("n")
    expect(picture.get_by_test_id("region-2")).to_have_attribute("aria-pressed", "true")
    picture.keyboard.press("b")
    expect(boxes).to_have_count(0)
    picture.keyboard.press("b")


def test_without_webgl_there_is_still_a_picture(
    central: FakeCentral, plain_browser: Browser
) -> None:
    """The same keys on a plain canvas; what needs the graphics card says so."""
    page = plain_browser.new_page(viewport=VIEW)
    sign_in(page, central.base_url, f"/enter/{LINK}")
    open_first_item(page)
    before = shown(page)
    assert before.std() > 40
    page.keyboard.press("i")
    assert change(before, shown(page)) > 20
    expect(page.get_by_test_id("mode-clahe")).to_be_disabled()
    expect(page.get_by_test_id("readout")).to_contain_text("No WebGL 2 here")


@pytest.fixture
def plain_browser(playwright: Playwright) -> Iterator[Browser]:
    """A chromium whose pages get no WebGL."""
    browser = playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*FLAGS[:1], "--disable-3d-apis"]
    )
    yield browser
    browser.close()
