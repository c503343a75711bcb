"""The operators' console: built files, served as they are; a plain page while there are none."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles

router = APIRouter(include_in_schema=False)

DIST: Final = Path(__file__).parents[1] / "console" / "dist"

_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Border console</title>
<h1>The console is not built</h1>
<p>The service runs. Its console is missing: run <code>npm ci</code> and <code>npm run build</code>
in <code>central/console</code>, then reload. The interface is described in
<a href="/openapi.json">/openapi.json</a>.</p></html>
"""


@router.get("/")
async def home() -> Response:
    """Return the console."""
    return _page()


@router.get("/enter/{token}")
async def enter(token: str) -> Response:
    """Return the console, which spends the token by itself; looking at the link does not."""
    return _page()


def mount(app: FastAPI) -> None:
    """Serve the built files beside the pages, after every route."""
    if DIST.is_dir():
        app.mount("/", StaticFiles(directory=DIST), name="console")


def _page() -> Response:
    index = DIST / "index.html"
    headers = {"Cache-Control": "no-cache"}
    if index.is_file():
        return FileResponse(index, headers=headers)
    return HTMLResponse(_NOT_BUILT, headers=headers)
