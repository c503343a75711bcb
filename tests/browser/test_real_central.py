"""The console against the real service, without lanes: what each says, the other understands."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import imagecodecs
import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Page, expect

from central.accounts import users
from central.accounts.roles import Role
from contract.blob import Blob, Picture
from contract.command import Execution
from contract.inspection import Disposition, Finding, Region, Scanned
from tests.browser import fake_pictures
from tests.browser.pixels import shown
from tests.browser.steps import decide, open_first_item, sign_in
from tests.system.central_world import SCANNER, World, world

MARGIN = 25  # s; nothing here takes so long


class RealCentral:
    """A world of central's own tests, on a port, in a thread."""

    def __init__(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(listening),))
        self._thread.start()
        assert self._ready.wait(MARGIN)

    async def _serve(self, listening: socket.socket) -> None:
        async with world() as self.world:
            self._loop = asyncio.get_running_loop()
            config = uvicorn.Config(
                self.world.app, lifespan="off", log_level="warning", timeout_graceful_shutdown=1
            )
            self._server = uvicorn.Server(config)
            self._ready.set()
            await self._server.serve([listening])

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run ``what`` in the service's loop."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(MARGIN)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(MARGIN)
        assert not self._thread.is_alive()


@pytest.fixture
def real() -> Iterator[RealCentral]:
    real = RealCentral()
    yield real
    real.stop()


async def sign_in_link(here: World, name: str, *roles: Role) -> str:
    async with here.core.database.writing() as session:
        await users.add(session, name, roles, here.time())
        return f"/enter/{await users.make_link(session, name, here.time())}"


async def hold(here: World, name: str) -> None:
    """Let the scanner hold an item, its picture sent first as a lane would send it."""
    file = fake_pictures.halves(30_000, 50_000)
    rows = np.frombuffer(file.body, "<u2").reshape(file.height, file.width)
    content = bytes(imagecodecs.jpegxl_encode(rows, lossless=True))
    await here.come_online(SCANNER)
    digest = await here.upload(SCANNER, content, media_type="image/jxl")
    blob = Blob(sha256=digest, size=len(content), media_type="image/jxl")
    picture = Picture(
        kind="high", blob=blob, width=file.width, height=file.height, bits=16, personal=False
    )
    scanned = Scanned(
        inspection=name, item="CSQU3054383", finding=Finding.SUSPECT, disposition=Disposition.HOLD,
        score=0.9, threshold=0.5, regions=[Region(x=300, y=150, w=90, h=60, score=0.9)],
        pictures=[picture], stages_ms={"scan": 900.0},
    )  # fmt: skip
    await here.tell(SCANNER, "inspection.scanned", scanned)


def test_an_item_is_opened_looked_at_and_decided(real: RealCentral, page: Page) -> None:
    sign_in(page, real.base_url, real.do(sign_in_link(real.world, "ann", Role.ANALYST)))
    expect(page.get_by_test_id(f"lane-{SCANNER.unit}")).to_be_visible()
    real.do(hold(real.world, "i-1"))
    expect(page.get_by_test_id("count-review")).to_have_text("1")
    assert open_first_item(page) == "CSQU3054383"
    pixels = shown(page)[200:300]
    assert np.median(pixels[:, 200:380]) < np.median(pixels[:, 450:600]) - 50
    page.keyboard.press("i")
    decide(page, "divert", "open and look")
    [command] = real.world.link.sent
    assert command.args["disposition"] == "divert"
    assert command.args["reason"] == "open and look"
    mine = page.get_by_test_id("decided-item")
    expect(mine).to_have_attribute("data-state", "sent")
    real.do(real.world.answer(command, Execution.DONE))
    expect(mine).to_have_attribute("data-state", "done")


def test_every_screen_understands_the_service(real: RealCentral, page: Page) -> None:
    sign_in(page, real.base_url, real.do(sign_in_link(real.world, "ada", Role.ADMIN)))
    for screen, content in (("gates", "waiting-count"), ("passages", "message-empty"),
                            ("audit", "audit"), ("users", "users")):  # fmt: skip
        page.get_by_test_id(f"nav-{screen}").click()
        expect(page.get_by_test_id(content).first).to_be_visible()
    expect(page.get_by_test_id("users")).to_contain_text("ada")
    page.get_by_test_id("new-name").fill("nils")
    page.get_by_test_id("role-officer").check()
    page.get_by_test_id("add-user").click()
    link = page.get_by_test_id("sign-in-link").inner_text()
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("username")).to_be_visible()
    sign_in(page, real.base_url, link)
    expect(page.get_by_test_id("who")).to_have_text("nils")
