"""A whole central service without a port: its doors, its tables, a clock to turn, a fake link."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import json
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from central.accounts import users
from central.accounts.passwords import Passwords
from central.accounts.roles import Role
from central.app import create_app, running
from central.config import Config
from central.core import Core, build
from central.fleet.enrol import enrol
from central.listener import Ears
from central.projection import Tables
from central.store import migrate
from contract import signing
from contract.command import Challenge, Command, Execution, Result
from contract.envelope import Clock, Event, canonical
from contract.names import Address, Message
from contract.presence import Kind, Presence
from contract.schema import dataschema
from contract.signing import Purpose

GATE = Address(site="doh", unit="egate-07")
SCANNER = Address(site="doh", unit="scanner-01")
PASSWORD = "correct horse battery staple"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Time:
    """The world's clock."""

    value: datetime = START

    def __call__(self) -> datetime:
        return self.value

    def pass_(self, **span: float) -> None:
        self.value += timedelta(**span)


@dataclass
class FakeLink:
    """Keeps what was sent; refuses while ``down``."""

    sent: list[Command] = field(default_factory=list)
    down: bool = False

    async def send_command(self, command: Command) -> None:
        if self.down:
            raise ConnectionError("the broker is away")
        self.sent.append(command)

    async def run(self) -> None:
        await asyncio.Event().wait()


class Browser:
    """One person's cookie jar, and the X-CSRF header that goes with it."""

    def __init__(self, app: FastAPI, address: str = "127.0.0.1") -> None:
        transport = httpx.ASGITransport(app, client=(address, 40000), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://central")
        self.csrf = ""

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self._signed_in(
            await self.post("/api/session", {"username": name, "password": password})
        )

    async def sign_in_by(self, token: str) -> httpx.Response:
        return self._signed_in(await self.post("/api/session/link", {"token": token}))

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post(path, json=body, headers={"X-CSRF": self.csrf})

    async def delete(self, path: str) -> httpx.Response:
        return await self.http.delete(path, headers={"X-CSRF": self.csrf})

    def _signed_in(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer


class World:
    """Central, and everybody around it."""

    def __init__(self, core: Core, time: Time, link: FakeLink) -> None:
        self.core = core
        self.time = time
        self.link = link
        self.app = create_app(core, None)
        self.keys = {name.unit: Ed25519PrivateKey.generate() for name in (GATE, SCANNER)}
        self.ears = Ears(core)
        self._tables = Tables(time)
        self._browsers: list[Browser] = []
        self._seq = 0
        self.lane_clock_error = timedelta()

    # People

    def browser(self, address: str = "127.0.0.1") -> Browser:
        browser = Browser(self.app, address)
        self._browsers.append(browser)
        return browser

    async def user(self, name: str, *roles: Role) -> None:
        hashed = await self.core.passwords.hash(PASSWORD)
        async with self.core.database.writing() as session:
            await users.add(session, name, roles, self.time(), hashed)

    async def signed_in(self, name: str, *roles: Role) -> Browser:
        await self.user(name, *roles)
        browser = self.browser()
        assert (await browser.sign_in(name)).status_code == 200
        return browser

    # Lanes

    async def enrol_all(self) -> None:
        async with self.core.database.writing() as session:
            for address, kind in ((GATE, Kind.EGATE), (SCANNER, Kind.SCANNER)):
                public = signing.public_text(self.keys[address.unit].public_key())
                await enrol(session, address, kind, public, "test", self.time())

    async def come_online(self, address: Address, *, session: str = "s1") -> None:
        await self.present(address, session=session)
        await self.challenge(address)

    async def present(self, address: Address, *, session: str = "s1", online: bool = True) -> None:
        kind = Kind.EGATE if address == GATE else Kind.SCANNER
        since = self.time()
        presence = Presence(
            address=address, kind=kind, session=session, online=online, since=since, software="0.1"
        )
        await self.ears.on_presence(address, presence)

    async def challenge(self, address: Address, state_version: int = 7) -> Challenge:
        challenge = Challenge(
            unit=address.unit,
            nonce=secrets.token_hex(16),
            boot_id="b1",
            state_version=state_version,
        )
        await self.ears.on_challenge(address.unit, challenge)
        return challenge

    async def tell(self, address: Address, kind: str, data: Message) -> None:
        """Commit one event as the ingestor does, then tell the hooks."""
        event = self.event(address, kind, data)
        async with self.core.database.writing() as session:
            await self._tables.apply(session, address, event)
        await self.ears.changed([(address, event)])
        await self.core.erasures.settled()

    def event(self, address: Address, kind: str, data: Message) -> Event:
        self._seq += 1
        return Event(
            id=f"e{self._seq}",
            source=f"/{address}",
            type=kind,
            time=self.time() + self.lane_clock_error,
            dataschema=dataschema(kind),
            epoch="ep1",
            seq=self._seq,
            boot_id="b1",
            mono_ns=self._seq,
            clock=Clock(source="ntp", error_ms=1.0, synced=True),
            prev_hash="0" * 64,
            data=json.loads(data.model_dump_json()),
        )

    async def answer(self, command: Command, how: Execution, detail: str = "") -> None:
        """Let the lane answer ``command``."""
        address = GATE if command.unit == GATE.unit else SCANNER
        result = Result(command=command.id, verb=command.verb, execution=how, detail=detail)
        await self.tell(address, "command.result", result)

    # Pictures

    def seal(self, address: Address, content: bytes, **other: Any) -> dict[str, str]:
        """Return the header of an offer of ``content``; ``other`` replaces what it says."""
        body = {
            "unit": address.unit,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "media_type": "image/jpeg",
            "personal": False,
        } | other
        sealed = signing.seal(Purpose.BLOB, canonical(body), self.keys[address.unit])
        return {"Authorization": f"Seal {base64.b64encode(sealed).decode()}"}

    async def upload(self, address: Address, content: bytes, **other: Any) -> str:
        """Put ``content`` whole; return its address."""
        digest = hashlib.sha256(content).hexdigest()
        answer = await self.browser().http.put(
            f"/blobs/sha256/{digest}", content=content, headers=self.seal(address, content, **other)
        )
        assert answer.status_code == 201, answer.text
        return digest

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.http.aclose()


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder whose fsync costs nothing: the tests are about rules, not about disks."""
    root = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def world(database: str | None = None, **settings: Any) -> AsyncIterator[World]:
    """A running world in a folder of its own, units enrolled and nobody signed in.

    What the service does by itself now and then is left to the tests to call.
    """
    with memory_folder() as folder:
        known: dict[str, Any] = {
            "data": folder,
            "signing_key": folder / "key.pem",
            "database": database,
            "review": {"sample_share": 0.0},  # no test is of something else once in fifty times
        }
        config = Config.model_validate(known | settings)
        time, link = Time(), FakeLink()
        core = build(config, Ed25519PrivateKey.generate(), Passwords(CHEAP), time)
        if database is None:
            (folder / "central.db").write_bytes(empty_database())
        async with running(core, lambda _: link, own=()):
            here = World(core, time, link)
            await here.enrol_all()
            try:
                yield here
            finally:
                await here.close()


@functools.cache
def empty_database() -> bytes:
    """The bytes of a migrated SQLite database: made once, as Alembic takes a moment."""
    with memory_folder() as folder:
        path = folder / "empty.db"

        def make() -> None:
            asyncio.run(migrate.upgrade(f"sqlite+aiosqlite:///{path}"))

        _in_a_thread(make)
        return path.read_bytes()


def _in_a_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def in_world(
    test: Callable[..., Awaitable[None]] | None = None, **settings: Any
) -> Callable[..., Any]:
    """Run an asynchronous test with a World as its first argument."""

    def decorate(body: Callable[..., Awaitable[None]]) -> Callable[[], None]:
        def run() -> None:
            async def inside() -> None:
                async with asyncio.timeout(60), world(**settings) as here:
                    await body(here)

            asyncio.run(inside())

        run.__name__, run.__doc__ = body.__name__, body.__doc__
        return run

    return decorate if test is None else decorate(test)


async def until(true: Callable[[], bool]) -> None:
    """Wait for ``true``, with a deadline."""

    async def ask() -> bool:
        return true()

    await asked_until(ask, bool)


async def asked_until(ask: Callable[[], Awaitable[Any]], good: Callable[[Any], bool]) -> Any:
    """Ask until the answer is ``good`` and return it, with a deadline."""
    async with asyncio.timeout(60):
        while True:
            if good(answer := await ask()):
                return answer
            await asyncio.sleep(0.02)
