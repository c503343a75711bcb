"""A central for the console's tests: the real interface, made-up data, no rules of its own.

It runs in a thread of the test. ``posted`` holds every changing request; ``tell`` sends an event;
``cut`` breaks all live links and refuses new ones until ``mend``.
"""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from tests.browser import fake_data, fake_pictures, fake_similar
from tests.browser.fake_data import Json

DIST: Final = Path(__file__).parents[2] / "central" / "console" / "dist"
PASSWORD: Final = "correct horse"
LINK: Final = "one-time-token"
ROLES: Final = {"mara": ["analyst"], "omar": ["officer"], "sven": ["supervisor"], "ada": ["admin"]}
_DECIDED: Final = {"state": "decided", "command_state": "sent"}
CSRF: Final = "csrf-of-the-test"
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class FakeCentral:
    """Seeded state, and what the console asked for."""

    def __init__(self) -> None:
        self.files = fake_data.files()
        by = {name: fake_data.picture(name, file) for name, file in self.files.items()}
        both = [by["high"], by["low"]]
        regions = [fake_pictures.GUN, fake_pictures.BOTTLE]
        absent = {**by["high"], "available": False, "sha256": "0" * 64}
        flat = {**by["halves"], "kind": "high"}
        person = [by["page"], by["portrait"], by["face"]]
        self.units = fake_data.fleet()
        self.items = [
            fake_data.item(
                "CSQU3054383",
                214,
                both,
                regions=regions,
                notes=[fake_data.NOTE],
                checks=fake_data.CHECKS,
                identity=fake_data.IDENTITY,
            ),
            fake_data.item("halves", 122, [flat], finding="clear", score=0.11, lost_lines=2),
            fake_data.item("MWCU6059784", 75, both, state="claimed", claimed_by="tomas"),
            fake_data.item("CBHU3202732", 20, [absent], finding="unreadable", score=None),
        ]
        self.similar = fake_similar.Similar(by)
        self.referrals = [
            fake_data.referral("a1", 31, "gate-4", person),
            fake_data.referral("b2", 9, "gate-1", person[:2], reasons=["expiry.failed"]),
        ]
        self.trail = fake_data.audit()
        self.users: list[Json] = [{"name": name, "roles": roles} for name, roles in ROLES.items()]
        self.posted: list[tuple[str, Json]] = []
        self.who: str | None = None
        self.is_cut = False
        self.base_url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lines: set[asyncio.Queue[str | None]] = set()
        self._started = threading.Event()

    def tell(self, event: str, thing: Json) -> None:
        """Send ``thing`` to everybody who listens."""
        self._everybody(f"event: {event}\ndata: {json.dumps(thing)}\n\n")

    def cut(self) -> None:
        """Break every live link, and refuse new ones."""
        self.is_cut = True
        self._everybody(None)

    def mend(self) -> None:
        """Let live links be made again."""
        self.is_cut = False

    def start(self) -> None:
        """Serve on a free loopback port until ``stop``."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(build(self), log_level="warning", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        assert self._started.wait(30)

    def stop(self) -> None:
        """End every link and the thread."""
        self.cut()
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _everybody(self, line: str | None) -> None:
        if self._loop is not None:
            for queue in list(self._lines):
                self._loop.call_soon_threadsafe(queue.put_nowait, line)

    async def lines(self) -> AsyncIterator[str]:
        """Yield the text of one live link."""
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._lines.add(queue)
        try:
            yield ": welcome\n\n"
            while (line := await queue.get()) is not None:
                yield line
        finally:
            self._lines.discard(queue)

    def ready(self) -> None:
        """Note the server's loop; called from within it."""
        self._loop = asyncio.get_running_loop()
        self._started.set()

    def session(self) -> Json:
        """Return who is signed in."""
        return {"user": {"name": self.who, "roles": ROLES[self.who or ""]}, "csrf": CSRF}


def _problem(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _find(things: list[Json], name: str) -> Json:
    return next(thing for thing in things if thing["id"] == name)


def build(central: FakeCentral) -> FastAPI:
    """Return the service over ``central``'s state."""
    app = FastAPI(on_startup=[central.ready])
    _guard(app, central)
    _session(app, central)
    _lists(app, central)
    fake_similar.install(app, central.similar)
    _live(app, central)
    _lane_changes(app, central)
    _review_changes(app, central)
    _referral_changes(app, central)
    _pages(app)
    return app


def _guard(app: FastAPI, central: FakeCentral) -> None:
    @app.middleware("http")
    async def guard(request: Request, proceed: Any) -> Response:
        path = request.url.path
        inside = path.startswith("/api/") and not path.startswith("/api/session")
        if inside and not central.who:
            return _problem(401, "signed-out", "sign in first")
        if inside and request.method not in ("GET", "HEAD"):
            if request.headers.get("x-csrf") != CSRF:
                return _problem(403, "csrf", "the X-CSRF header is missing")
            body = await request.body()
            central.posted.append((f"{request.method} {path}", json.loads(body) if body else {}))
        response: Response = await proceed(request)
        response.headers["Content-Security-Policy"] = CSP
        return response


def _session(app: FastAPI, central: FakeCentral) -> None:
    @app.get("/api/session")
    async def current() -> Response:
        if central.who:
            return JSONResponse(central.session())
        return _problem(401, "signed-out", "sign in")

    @app.post("/api/session")
    async def sign_in(body: Json) -> Response:
        if body["username"] not in ROLES or body["password"] != PASSWORD:
            return _problem(401, "wrong", "name or password is wrong")
        central.who = body["username"]
        return JSONResponse(central.session())

    @app.post("/api/session/link")
    async def enter(body: Json) -> Response:
        if body["token"] != LINK:
            return _problem(401, "spent-link", "this link was used or is too old")
        central.who = "mara"
        return JSONResponse(central.session())

    @app.delete("/api/session", status_code=204)
    async def sign_out() -> None:
        central.who = None


def _lists(app: FastAPI, central: FakeCentral) -> None:
    @app.get("/api/fleet")
    async def fleet() -> Json:
        return {"units": central.units}

    @app.get("/api/review")
    async def review(state: str = "open") -> Json:
        wanted = ("open", "claimed") if state == "open" else ("decided", "ended")
        return {"items": [item for item in central.items if item["state"] in wanted]}

    @app.get("/api/referrals")
    async def referrals() -> Json:
        return {"referrals": [one for one in central.referrals if one["state"] == "open"]}

    @app.get("/api/detection")
    async def detection() -> Json:
        return fake_data.detection()

    @app.get("/api/passages")
    async def passages() -> Json:
        return {"passages": fake_data.passages()}

    @app.get("/api/audit")
    async def audit(before: int = 10**9, limit: int = 200) -> Json:
        entries = [e for e in reversed(central.trail) if e["seq"] < before]
        return {"entries": entries[:limit], "chain_valid": True}

    @app.get("/api/users")
    async def users() -> Json:
        return {"users": central.users}


def _live(app: FastAPI, central: FakeCentral) -> None:
    @app.get("/api/images/{sha256}")
    async def image(sha256: str) -> Response:
        file = next((file for file in central.files.values() if file.sha256 == sha256), None)
        if file is None:
            return _problem(404, "no-picture", "the picture is not here or has been erased")
        if file.bits == 8:
            return Response(file.body, media_type=file.media_type)
        size = {"X-Width": str(file.width), "X-Height": str(file.height), "X-Bits": str(file.bits)}
        return Response(file.body, media_type=file.media_type, headers=size)

    @app.get("/api/stream")
    async def stream() -> Response:
        if central.is_cut:
            return _problem(503, "down", "central is going down")
        return StreamingResponse(central.lines(), media_type="text/event-stream")


def _lane_changes(app: FastAPI, central: FakeCentral) -> None:
    @app.post("/api/fleet/{unit}/commands")
    async def command(unit: str, body: Json) -> Json:
        return {"command": f"cmd-{unit}", "state": "sent"}

    @app.post("/api/users", status_code=201)
    async def add(body: Json) -> Json:
        central.users.append(body)
        return {"sign_in_link": f"{central.base_url}/enter/a-new-token"}

    @app.delete("/api/users/{name}", status_code=204)
    async def remove(name: str) -> None:
        central.users = [user for user in central.users if user["name"] != name]


def _review_changes(app: FastAPI, central: FakeCentral) -> None:
    @app.post("/api/review/{name}/claim")
    async def claim(name: str) -> Response:
        item = _find(central.items, name)
        if item["claimed_by"] not in (None, central.who):
            return _problem(409, "taken", f"{item['claimed_by']} has it in hand; take another")
        item.update(state="claimed", claimed_by=central.who)
        return JSONResponse(item)

    @app.delete("/api/review/{name}/claim")
    async def put_back(name: str) -> Json:
        _find(central.items, name).update(state="open", claimed_by=None)
        return _find(central.items, name)

    @app.post("/api/review/{name}/decision")
    async def decide(name: str, body: Json) -> Json:
        change = {"decision": body["disposition"], "decided_by": central.who}
        _find(central.items, name).update(_DECIDED | change, claimed_by=None)
        return _find(central.items, name)


def _referral_changes(app: FastAPI, central: FakeCentral) -> None:
    @app.post("/api/referrals/{name}/decision")
    async def judge(name: str, body: Json) -> Json:
        one = _find(central.referrals, name)
        one.update(_DECIDED, decision=body["decision"], decided_by=central.who)
        return one

    @app.post("/api/referrals/{name}/assist")
    async def assist(name: str) -> Json:
        one = _find(central.referrals, name)
        one.update(assisted_by=central.who, assist_state="sent")
        return one

    @app.post("/api/referrals/{name}/handover")
    async def hand_over(name: str, body: Json) -> Json:
        one = _find(central.referrals, name)
        one.update(handed_over_by=central.who, handed_over_to=body["to"])
        return {**one, "handover_reason": body["reason"]}

    @app.get("/api/officers")
    async def officers() -> Json:
        return {"officers": list(ROLES)}


def _pages(app: FastAPI) -> None:
    @app.get("/")
    @app.get("/enter/{token}")
    async def page() -> Response:
        return FileResponse(DIST / "index.html")

    app.mount("/", StaticFiles(directory=DIST, check_dir=False))
