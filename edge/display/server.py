"""The traveller's screen, served: one page, a stream of what to show, and what is asked for.

1. The page asks nothing of any other machine: texts, pictures and styles come from here.
2. ``/`` shows the present screen before any script runs; ``/plain`` needs none.
3. ``/state`` is a stream of server-sent events, each the whole screen; a page that connects late
   gets the present one at once, a page that loses the agent shows that help is coming.
4. ``/request`` takes what a traveller asks for, and answers every request that it hears alike.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.display.display import Display
from edge.display.page import AGAIN, EDITION, STATIC, render
from edge.display.requests import LONGEST, RequestError, check_sender

__all__ = ["Display", "DisplayError", "DisplayServer"]

HEARTBEAT = 5.0  # s between comments on a stream where nothing changes
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class DisplayError(Exception):
    """The screen cannot be served; the text says why and what to do."""


async def stream(display: Display) -> AsyncIterator[str]:
    """Yield every screen from now on, as server-sent events."""
    told: str | None = None
    while True:
        changed = display.changed
        now = json.dumps({**display.now(), "edition": EDITION}, ensure_ascii=False)
        yield "event: here\ndata:\n\n" if now == told else f"data: {now}\n\n"
        told = now
        try:
            async with asyncio.timeout(HEARTBEAT):
                await changed.wait()
        except TimeoutError:
            pass  # look again: a wish may have been forgotten


def app_of(display: Display) -> ASGIApp:
    """Return the web application that serves ``display``."""

    async def page(_: Request) -> Response:
        return HTMLResponse(render(display.now(), display.alone()))

    async def plain(_: Request) -> Response:
        still = {**display.now(), "controls": False}
        content = render(still, display.alone(), plain=True)
        return HTMLResponse(content, headers={"Refresh": str(AGAIN)})

    async def state(_: Request) -> Response:
        return StreamingResponse(stream(display), media_type="text/event-stream")

    async def request(asked: Request) -> Response:
        try:
            check_sender(*(asked.headers.get(k, "") for k in ("host", "origin", "content-type")))
            heard = display.ask(await _body(asked))
        except RequestError as error:
            return PlainTextResponse(f"{error}\n", error.status)

        async def tell() -> None:
            if heard is not None:
                display.hear(heard)

        return Response(status_code=204, background=BackgroundTask(tell))

    routes = [
        *(Route("/", page), Route("/plain", plain), Route("/state", state)),
        Route("/request", request, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return _with_headers(Starlette(routes=routes))


async def _body(asked: Request) -> bytes:
    """Return the body, or as much of it as shows that it is too long."""
    body = b""
    async for part in asked.stream():
        body += part
        if len(body) > LONGEST:
            break
    return body


def _with_headers(app: ASGIApp) -> ASGIApp:
    """Return ``app`` with our headers on every answer, files and errors too."""
    ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_ours(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *ours]}
            await send(message)

        await app(scope, receive, with_ours)

    return guarded


class DisplayServer:
    """Serves a Display on ``host:port`` inside the agent's loop."""

    def __init__(self, display: Display, host: str, port: int) -> None:
        config = uvicorn.Config(
            app_of(display),
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
