"""The console's files, built or not."""

from pathlib import Path

import pytest

from central.api import console
from tests.system.central_world import World, in_world


def at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "DIST", folder)


def test_a_console_that_is_not_built_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(tmp_path / "none", monkeypatch)

    @in_world
    async def run(world: World) -> None:
        for path in ("/", "/enter/token"):
            page = await world.browser().get(path)
            assert page.status_code == 200
            assert "The console is not built" in page.text
            assert "npm run build" in page.text

    run()


def test_a_built_console_is_served_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<title>console</title>")
    (dist / "assets/app.js").write_text("let x")
    (tmp_path / "secret").write_text("secret")
    at(dist, monkeypatch)

    @in_world
    async def run(world: World) -> None:
        browser = world.browser()
        for path in ("/", "/enter/token"):
            page = await browser.get(path)
            assert "<title>console</title>" in page.text
            assert page.headers["cache-control"] == "no-cache"
        script = await browser.get("/assets/app.js")
        assert (script.status_code, script.text) == (200, "let x")
        for path in ("/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret", "/assets"):
            assert (await browser.get(path)).status_code == 404, path

    run()
