"""The traveller's screen: one page, and a stream of what to show, from the agent itself.

1. The page asks nothing of any other machine: texts, pictures and styles come from here.
2. ``/state`` is a stream of server-sent events, each the whole screen; a page that connects late
   gets the present one at once, a page that loses the agent shows that help is coming.
3. Nothing a traveller could be known by is ever shown or sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from edge.display.screens import SCREENS, Language, Screen, language, language_of
from edge.egate.passage import Phase

STATIC = Path(__file__).parent / "static"
HEARTBEAT = 5.0  # s between comments on a stream where nothing changes
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class DisplayError(Exception):
    """The screen cannot be served; the text says why and what to do."""


class Display:
    """What is on the screen now, and who is looking."""

    def __init__(self, languages: list[str]) -> None:
        self._languages = {code: language(code) for code in languages}
        self._order = languages
        self._phase = Phase.CLOSED
        self._speaking = languages[0]
        self._changed = asyncio.Event()

    def show(self, phase: Phase, issuing_state: str = "") -> None:
        """Show ``phase``, in the language of ``issuing_state`` while its document is in use."""
        self._phase = phase
        self._speaking = language_of(issuing_state, self._order)
        self._changed.set()
        self._changed = asyncio.Event()

    def now(self) -> dict[str, object]:
        """Return the screen as the page draws it: first the language spoken, then the others."""
        screen = SCREENS[self._phase]
        codes = [self._speaking, *(code for code in self._order if code != self._speaking)]
        return {
            "screen": screen.value,
            "texts": [_said(self._languages[code], screen) for code in codes],
        }

    async def stream(self) -> AsyncIterator[str]:
        """Yield every screen from now on, as server-sent events."""
        while True:
            changed = self._changed
            yield f"data: {json.dumps(self.now(), ensure_ascii=False)}\n\n"
            while not changed.is_set():
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await changed.wait()
                except TimeoutError:
                    yield "event: here\ndata:\n\n"

    def app(self) -> Starlette:
        """Return the web application."""

        async def page(_: Request) -> Response:
            return FileResponse(STATIC / "index.html", headers=HEADERS)

        async def state(_: Request) -> Response:
            stream = self.stream()
            return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)

        files = StaticFiles(directory=STATIC)
        return Starlette(routes=[Route("/", page), Route("/state", state), Mount("/static", files)])


def _said(spoken: Language, screen: Screen) -> dict[str, str]:
    return {"code": spoken.code, "direction": spoken.direction, "text": spoken.texts[screen]}


class DisplayServer:
    """Serves a Display on ``host:port`` inside the agent's loop."""

    def __init__(self, display: Display, host: str, port: int) -> None:
        config = uvicorn.Config(
            display.app(),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._where = f"{host}:{port}"

    async def run(self) -> None:
        """Serve until ``stop``; raise DisplayError if the port is taken."""
        try:
            await self._server.serve()
        except SystemExit as error:  # uvicorn's way to say that it cannot listen
            raise DisplayError(
                f"display.listen: cannot listen on {self._where}; is another agent running there? "
                f"Stop it, or choose another port"
            ) from error

    def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
