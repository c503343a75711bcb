"""Second looks at the console, against the real service: alike, answered, and then told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from central.accounts.roles import Role
from central.config import Review
from contract.blob import Blob, Picture
from contract.inspection import Disposition, Ended, Finding, Scanned
from contract.projection import Made, Sealed
from edge.scanner.pictures import MEDIA_TYPE, Rendered, render
from edge.scanner.tip.insertion import Optics
from edge.scanner.tip.projector import Projection, Projector, Subject
from models.xray.tip import library, record
from models.xray.tip.record import Record
from simulators.world.goods import OPEN, scene
from tests.browser.steps import decide, go_to, open_first_item, sign_in
from tests.browser.test_real_central import RealCentral, real, sign_in_link
from tests.system.central_world import SCANNER, World
from tests.system.looks_world import answers, offered

__all__ = ["real"]  # the fixture


def bag(seed: int) -> Any:
    """Return the 16-bit transmission (2, lines, pixels) of a harmless bag, as it travels."""
    things = scene(seed, lines=320, pixels=512)
    full = np.stack([things.low, things.high]).astype(np.float32) * 65_535 / OPEN
    return np.clip(np.rint(full), 0, 65_535).astype(np.uint16)


async def upload(here: World, files: list[Rendered]) -> list[Picture]:
    found = []
    for file in files:
        digest = await here.upload(SCANNER, file.content, media_type=MEDIA_TYPE)
        blob = Blob(sha256=digest, size=len(file.content), media_type=MEDIA_TYPE)
        found.append(
            Picture(
                kind=file.kind, blob=blob, width=file.width, height=file.height, bits=16,
                personal=False,
            )
        )  # fmt: skip
    return found


async def leaves(here: World, name: str, planes: Any, share: float) -> None:
    """Let the scanner clear an item and let it go; central samples it, or does not."""
    here.core.config = here.core.config.model_copy(update={"review": Review(sample_share=share)})
    scanned = Scanned(
        inspection=name, item=name, finding=Finding.CLEAR, disposition=Disposition.RELEASE,
        score=0.1, threshold=0.5, pictures=await upload(here, render(planes, 0)), stages_ms={},
    )  # fmt: skip
    await here.tell(SCANNER, "inspection.scanned", scanned)
    ended = Ended(
        inspection=name, disposition=Disposition.RELEASE, seconds=40, beam_on_s=1, stages_ms={}
    )
    await here.tell(SCANNER, "inspection.ended", ended)


async def project(here: World, name: str, planes: Any) -> Record:
    """Project a threat as a lane does, and tell of it."""
    made = projection_of(name, planes, here.time())
    shown = await upload(here, render(made.planes, 0))
    sealed = Sealed(
        projection=made.name, record=record.dump(made.record).decode(), nonce=made.nonce.hex()
    )
    await here.tell(SCANNER, "projection.sealed", sealed)
    until = datetime.fromtimestamp(made.reveal_by, UTC)
    told = Made(projection=made.name, pictures=shown, seal=made.sealed, reveal_by=until)
    await here.tell(SCANNER, "projection.made", told)
    await offered(here)
    return made.record


def projection_of(item: str, planes: Any, now: datetime) -> Projection:
    projector = Projector(library.load(), Optics(), 1.0)
    subject = Subject(item, Finding.CLEAR, Disposition.RELEASE, in_lane=False)
    return projector.project(planes, subject, f"of-{item}", 11, bytes(24), now.timestamp())


def test_a_projected_threat_is_answered_and_then_outlined(
    real: RealCentral, page: Page, shots: Path
) -> None:
    sign_in(page, real.base_url, real.do(sign_in_link(real.world, "ann", Role.ANALYST)))
    planes = bag(4)
    real.do(leaves(real.world, "i-1", planes, 0.0))
    truth = real.do(project(real.world, "i-1", planes))
    open_first_item(page)
    expect(page.get_by_test_id("second-look-told")).to_be_visible()
    expect(page.get_by_test_id("outline")).to_have_count(0)
    page.screenshot(path=shots / "second-look.png")
    assert truth.kind not in page.content()
    decide(page, "release", "nothing of concern")
    told = page.get_by_test_id("revealed")
    expect(told).to_contain_text(f"Projected: {truth.kind}")
    expect(told).to_contain_text("You did not find it")
    box = page.locator("[data-testid=outline] .line").bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(truth.width / truth.height, rel=0.2)
    page.screenshot(path=shots / "revealed.png")
    print(f"screenshots in {shots}")
    page.keyboard.press(" ")
    expect(told).to_have_count(0)
    expect(page.get_by_test_id("decided-item")).to_contain_text("said clear")
    assert real.world.link.sent == []


def test_a_cleared_item_is_answered_and_the_next_one_opens(real: RealCentral, page: Page) -> None:
    sign_in(page, real.base_url, real.do(sign_in_link(real.world, "ann", Role.ANALYST)))
    for number in (5, 6):
        real.do(leaves(real.world, f"i-{number}", bag(number), 1.0))
    real.do(offered(real.world))
    first = open_first_item(page)
    expect(page.get_by_test_id("second-look-told")).to_be_visible()
    decide(page, "divert", "looks like a blade")
    expect(page.get_by_test_id("item-name")).not_to_have_text(first)
    expect(page.get_by_test_id("revealed")).to_have_count(0)
    assert real.world.link.sent == []


def test_a_supervisor_sees_figures_of_those_with_answers_enough(
    real: RealCentral, page: Page, shots: Path
) -> None:
    real.do(answers(real.world, "ann", True, 36, 40))
    real.do(answers(real.world, "ann", False, 4, 40))
    real.do(answers(real.world, "bob", True, 3, 3))
    sign_in(page, real.base_url, real.do(sign_in_link(real.world, "sue", Role.SUPERVISOR)))
    go_to(page, "detection")
    ann, bob = (page.get_by_test_id("detector").nth(row) for row in (0, 1))
    expect(ann).to_contain_text("90 % (77–96)")
    expect(bob).to_contain_text("Not enough answers")
    page.screenshot(path=shots / "detection.png")
