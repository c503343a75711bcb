"""The process: what it makes, what it refuses, how it starts and ends; and its command line."""

import asyncio
import json
import re
import socket
import stat
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central import service as module
from central.__main__ import main
from central.accounts import users
from central.accounts.roles import Role
from central.config import Config
from central.errors import ConfigError, InUse
from central.service import Service, load_or_create_key
from central.store.migrate import head
from contract import signing
from tests.system.central_world import PASSWORD, empty_database, memory_folder

KEY = signing.public_text(Ed25519PrivateKey.generate().public_key())


def config(folder: Path, **other: Any) -> Config:
    known = {"listen": "127.0.0.1:0", "data": folder, "signing_key": folder / "key.pem"}
    return Config.model_validate(known | other)


def service(folder: Path, **other: Any) -> Service:
    return Service(config(folder, **other), link_to=None)


def test_it_starts_from_nothing_answers_and_ends() -> None:
    async def run(folder: Path) -> None:
        async with service(folder) as running:
            async with httpx.AsyncClient(base_url=running.url) as client:
                assert (await client.get("/healthz")).json() == {"status": "ok"}
            assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
        async with service(folder) as again, httpx.AsyncClient(base_url=again.url) as client:
            assert (await client.get("/healthz")).status_code == 200

    with memory_folder() as folder:
        asyncio.run(run(folder / "new"))


def test_an_open_stream_does_not_hold_the_end_up() -> None:
    async def run(folder: Path) -> None:
        (folder / "central.db").write_bytes(empty_database())
        async with service(folder) as running, httpx.AsyncClient(base_url=running.url) as client:
            await sign_in(running, client)
            async with client.stream("GET", "/api/stream") as stream, asyncio.timeout(30):
                lines = stream.aiter_lines()
                assert await anext(lines) == ": welcome"
                running.stop()
                await running.wait()

    settings = module._settings

    def patient(*how: Any) -> uvicorn.Config:
        found = settings(*how)
        found.timeout_graceful_shutdown = 300  # s; a stream that is waited for is found out
        return found

    with memory_folder() as folder, patch.object(module, "_settings", patient):
        asyncio.run(run(folder))


async def sign_in(running: Service, client: httpx.AsyncClient) -> None:
    core = running.core
    assert core is not None
    async with core.database.writing() as session:
        await users.add(session, "vic", [Role.VIEWER], core.now())
        token = await users.make_link(session, "vic", core.now())
    answer = await client.post("/api/session/link", json={"token": token})
    assert answer.status_code == 200


def test_a_port_in_use_is_named() -> None:
    async def run(folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(InUse, match=rf"listen: 127\.0\.0\.1:{port} cannot be had"):
                await service(folder, listen=f"127.0.0.1:{port}").__aenter__()

    with memory_folder() as folder:
        asyncio.run(run(folder))


def test_a_data_folder_in_use_is_named() -> None:
    async def run(folder: Path) -> None:
        (folder / "central.db").write_bytes(empty_database())
        async with service(folder):
            with pytest.raises(InUse, match=r"is in use by another border-central \(process \d+\)"):
                await service(folder).__aenter__()
        async with service(folder):
            pass  # it was let go

    with memory_folder() as folder:
        asyncio.run(run(folder))


@pytest.mark.parametrize("content", ["", "not a key"])
def test_a_signing_key_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "key.pem").write_text(content)
    with pytest.raises(ConfigError, match=r"signing_key: .*key\.pem cannot be used"):
        load_or_create_key(tmp_path / "key.pem")


def test_a_signing_key_is_made_once(tmp_path: Path) -> None:
    first = load_or_create_key(tmp_path / "new/key.pem")
    again = load_or_create_key(tmp_path / "new/key.pem")
    assert first.private_bytes_raw() == again.private_bytes_raw()


# The command line


class Machine:
    """A folder with a configuration, and what the commands said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file = folder / "central.toml"
        self.file.write_text(
            'listen = "127.0.0.1:0"\ndata = "data"\nsigning_key = "data/key.pem"\n'
        )
        (folder / "data").mkdir()
        (folder / "data/central.db").write_bytes(empty_database())
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([word.replace("CONFIG", str(self.file)) for word in words])
        out, err = self._capsys.readouterr()
        return int(end.value.code or 0), out, err


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    return Machine(tmp_path, capsys)


def test_migrate_says_which_key_the_lanes_must_trust(machine: Machine) -> None:
    code, out, _ = machine.run("migrate", "CONFIG")
    assert code == 0
    assert re.search(rf"database at {head()}; .* public key: [A-Za-z0-9+/]{{43}}=", out)


def test_users_are_added_with_a_password_or_a_link(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    added = machine.run(
        *("users", "add", "CONFIG", "ada", "--role", "admin"),
        *("--password-file", str(tmp_path / "password")),
    )
    assert added[:2] == (0, "ada is added\n")
    linked = machine.run(
        *("users", "add", "ben", "--role", "analyst", "--role", "officer", "--link"),
        *("--config", "CONFIG"),
    )
    assert re.search(r"http://127\.0\.0\.1:0/enter/[\w-]{43}\n", linked[1])
    assert machine.run("users", "list", "CONFIG")[1] == "ada\tadmin\nben\tanalyst,officer\n"


def test_there_is_no_user_before_one_is_added(machine: Machine) -> None:
    assert machine.run("users", "list", "CONFIG")[1] == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("serve", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("users", "add", "CONFIG", "ada", "--role", "admin", "--password-file", "none"), "none"),
        (
            ("enrol", "CONFIG", "doh", "egate-07", "egate", "--key", "short"),
            "--key: not an Ed25519",
        ),
        (("enrol", "CONFIG", "Doh!", "egate-07", "egate", "--key", KEY), "SITE and UNIT are lower"),
        (("export", "CONFIG", "users"), "users cannot be exported; choose of passages"),
    ],
)
def test_mistakes_are_named_and_end_with_2(
    machine: Machine, words: tuple[str, ...], says: str
) -> None:
    code, _, err = machine.run(*words)
    assert code == 2
    assert err.startswith("border-central: ")
    assert says in err


def test_a_short_password_is_not_taken(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("short\n")
    words = ("users", "add", "CONFIG", "ada", "--role", "admin", "--password-file")
    code, _, err = machine.run(*words, str(tmp_path / "password"))
    assert (code, "12 to 256 characters" in err) == (2, True)


def test_enrol_and_what_the_trail_says_of_it(machine: Machine) -> None:
    words = ("enrol", "CONFIG", "doh", "egate-07", "egate", "--key", KEY)
    assert machine.run(*words)[:2] == (0, "doh/egate-07 is enrolled as egate\n")
    other = ("enrol", "CONFIG", "doh", "egate-08", "egate", "--key", KEY)
    assert "speaks for egate-07 already" in machine.run(*other)[2]
    [line] = machine.run("export", "CONFIG", "audit")[1].splitlines()
    entry = json.loads(line)
    assert (entry["action"], entry["object"]) == ("unit.enrol", "doh/egate-07")


def test_a_port_in_use_ends_serve_with_2(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        text = machine.file.read_text().replace("127.0.0.1:0", address)
        machine.file.write_text(text)
        code, _, err = machine.run("serve", "CONFIG")
    assert (code, f"listen: {address} cannot be had" in err) == (2, True)
