"""Cargo declared alike: small pictures after the large one, and one of them beside it."""

import io
import re
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from central.accounts.roles import Role
from central.duties import remember
from contract.blob import Blob, Picture
from tests.browser.fake_central import FakeCentral
from tests.browser.steps import open_first_item, sign_in, viewer, wait_for_picture
from tests.browser.test_accessibility import AXE, looked_at
from tests.browser.test_real_central import RealCentral, sign_in_link
from tests.system.central_world import SCANNER, World
from tests.system.test_central_review import ended
from tests.system.test_central_similar import CRATES, cargo, load


def strip(page: Page) -> Locator:
    return page.get_by_test_id("similar-item")


def seen(page: Page) -> None:
    """Bring the strip into sight and wait until what can be drawn is."""
    page.get_by_test_id("similar").scroll_into_view_if_needed()
    strip(page).last.scroll_into_view_if_needed()
    drawn = page.locator("[data-testid=thumbnail][data-drawn=true]")
    expect(drawn).to_have_count(2)


def test_the_most_alike_come_first_in_words_and_with_their_dates(desk: Page) -> None:
    open_first_item(desk)
    items = strip(desk)
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("Nearly the same")
    expect(items.nth(0)).to_contain_text("TCLU4265473")
    expect(items.nth(1)).to_contain_text("Very alike")
    expect(items.nth(2)).to_contain_text("Hardly alike")
    seen(desk)
    expect(items.nth(2)).to_contain_text("No picture here")
    expect(desk.get_by_test_id("similar")).to_contain_text("HS chapter 84")


def test_small_pictures_show_the_load_and_come_after_the_large_one(
    desk: Page, central: FakeCentral
) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    open_first_item(desk)
    seen(desk)
    mine, alike, *small = (index(asked, end) for end in wanted(central))
    assert mine < alike < min(small)
    first = desk.get_by_test_id("thumbnail").first.locator("canvas")
    grey = np.array(
        first.evaluate("""(canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.width, canvas.height, ...data.filter((_, i) => i % 4 === 0)];
        }""")
    )
    width, height, values = int(grey[0]), int(grey[1]), grey[2:]
    assert (width, height) == (228, 136)  # 2048 × 1224, every 9 × 9 pixels one
    shown = values.reshape(height, width)
    assert shown[2:10].mean() > 200  # air
    assert shown[92:110, 170:190].mean() < 30  # the steel block


def index(asked: list[str], end: str) -> int:
    return next(i for i, url in enumerate(asked) if url.endswith(end))


def wanted(central: FakeCentral) -> list[str]:
    """What must be asked for: the open picture, what is like it, then that in small."""
    files = central.files
    return [files["high"].sha256, "/similar?top=5", files["earlier"].sha256, files["ramp"].sha256]


def test_one_is_opened_beside_the_present_one_and_looked_at_alike(
    desk: Page, central: FakeCentral, shots: Path
) -> None:
    open_first_item(desk)
    seen(desk)
    strip(desk).first.click()
    beside = desk.get_by_test_id("viewer-beside")
    expect(beside).to_have_attribute("data-draws", re.compile("[2-9]"))
    expect(desk.get_by_test_id("beside")).to_contain_text("TCLU4265473")
    boxes = [one.bounding_box() for one in (viewer(desk), beside)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert boxes[1]["width"] > 300
    desk.screenshot(path=shots / "similar.png")
    before, draws = mean(beside), int(beside.get_attribute("data-draws") or 0)
    desk.keyboard.press("i")
    expect(beside).to_have_attribute("data-draws", str(draws + 1))
    assert abs(mean(beside) - before) > 20
    desk.get_by_test_id("beside-close").click()
    expect(desk.get_by_test_id("beside")).to_have_count(0)
    desk.keyboard.press("h")
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.get_by_test_id("notice-good")).to_be_visible()
    [body] = [body for path, body in central.posted if path.endswith("/decision")]
    assert body["tools"] == ["similar-cargo", "invert"]


def mean(picture: Locator) -> float:
    """The mean grey of what is on the screen."""
    return float(np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("L")).mean())


def test_a_key_walks_through_them_and_ends(desk: Page) -> None:
    open_first_item(desk)
    expect(strip(desk)).to_have_count(3)
    for name in ("TCLU4265473", "HLXU2008419", "GESU5119380"):
        desk.keyboard.press("w")
        expect(desk.get_by_test_id("beside")).to_contain_text(name)
    expect(desk.get_by_test_id("beside")).to_contain_text("No picture to compare with")
    desk.keyboard.press("w")
    expect(desk.get_by_test_id("beside")).to_have_count(0)


def test_the_next_item_starts_without_it(desk: Page) -> None:
    open_first_item(desk)
    expect(strip(desk)).to_have_count(3)
    desk.keyboard.press("w")
    expect(desk.get_by_test_id("beside")).to_be_visible()
    for key in ("r", "r"):
        desk.keyboard.press(key)
    expect(desk.get_by_test_id("item-name")).to_have_text("halves")
    wait_for_picture(desk)
    expect(desk.get_by_test_id("beside")).to_have_count(0)
    expect(desk.get_by_test_id("similar")).to_have_count(0)  # nothing is declared for it


def test_where_there_is_none_it_says_why(desk: Page, central: FakeCentral) -> None:
    reason = "no earlier item of chapter 84 has been released here"
    central.similar.items, central.similar.reason = [], reason
    open_first_item(desk)
    expect(desk.get_by_test_id("similar-none")).to_have_text(f"N{reason[1:]}.")
    desk.keyboard.press("w")
    expect(desk.get_by_test_id("beside")).to_have_count(0)


def test_an_index_that_fails_costs_no_decision(desk: Page, central: FakeCentral) -> None:
    central.similar.fails = True
    open_first_item(desk)
    expect(desk.get_by_test_id("similar-none")).to_contain_text("the index cannot be read")
    desk.keyboard.press("r")
    desk.keyboard.press("r")
    expect(desk.get_by_test_id("notice-good")).to_be_visible()


def test_it_is_open_to_everyone(desk: Page, central: FakeCentral) -> None:
    open_first_item(desk)
    seen(desk)
    desk.keyboard.press("w")
    expect(desk.get_by_test_id("viewer-beside")).to_be_visible()
    # The page's own rules let no foreign script in; the driver's evaluate is not under them.
    desk.evaluate(AXE.read_text())
    assert looked_at(desk, "similar") == []


def test_what_the_service_remembers_the_console_shows(page: Page) -> None:
    real = RealCentral()
    try:
        sign_in(page, real.base_url, real.do(sign_in_link(real.world, "ann", Role.ANALYST)))
        real.do(released_and_held(real.world))
        open_first_item(page)
        expect(strip(page)).to_have_count(1)
        expect(strip(page)).to_contain_text("Nearly the same")
        page.keyboard.press("w")
        expect(page.get_by_test_id("viewer-beside")).to_be_visible()
    finally:
        real.stop()


async def released_and_held(world: World) -> None:
    """Let one item be released, and one like it be held; of both the picture is here."""
    content = bytes(imagecodecs.jpegxl_encode(np.full((60, 90), 30_000, np.uint16), lossless=True))
    digest = await world.upload(SCANNER, content, media_type="image/jxl")
    blob = Blob(sha256=digest, size=len(content), media_type="image/jxl")
    shown = [Picture(kind="high", blob=blob, width=90, height=60, bits=16, personal=False)]
    for seed, name in enumerate(("earlier", "now")):
        scanned = cargo(name, load(CRATES, seed)).model_copy(update={"pictures": shown})
        await world.tell(SCANNER, "inspection.scanned", scanned)
        if name == "earlier":
            await world.tell(SCANNER, "inspection.ended", ended(name))
    await remember(world.core)
