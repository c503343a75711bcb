"""Around every request: a limit on its body, headers that shut the browser in, and a stopwatch."""

import time
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.api.metrics import Metrics

BODY: Final = 64 * 1024  # bytes; pictures have a limit of their own
_PICTURES: Final = "/blobs/"

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a sign-in link is an address
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Surroundings:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics, https: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = dict(_HEADERS)
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, limited, shut in and timed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limited = receive if scope["path"].startswith(_PICTURES) else _limited(receive)
        await self._timed(scope, limited, send)

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), "500"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
                self._shut_in(message, scope["path"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            if route != "/api/stream":  # it lasts as long as somebody looks on
                elapsed = time.perf_counter() - begun
                self._metrics.http.labels(scope["method"], route, status).observe(elapsed)

    def _shut_in(self, message: Message, path: str) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self._headers.items():
            headers[name] = value
        if path.startswith("/api/") and "cache-control" not in headers:
            headers["Cache-Control"] = "no-store"


def _limited(receive: Receive) -> Receive:
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY:
            raise HTTPException(413, f"a request has at most {BODY} bytes")
        return message

    return limited
