"""Whatever is sent, the service answers for itself: never a 5xx, never anything but JSON."""

import json
import random
from typing import Any

import pytest

from central.accounts.roles import Role
from central.api.permissions import PERMISSIONS
from tests.system.central_world import Browser, World, in_world
from tests.system.test_central_permissions import ENDLESS, SIGN_OUT
from tests.system.test_central_referrals import referred
from tests.system.test_central_review import held

WORDS = [
    *("", "i-1", "p-1", "release", "approve", "close-lane", "open", "admin", "egate-07", "-1"),
    *("\x00", "\ud800", "é" * 40, "x" * 400, "../..", "%00", "' OR 1=1 --", "9" * 40, "a" * 64),
]
KEYS = ["disposition", "decision", "reason", "tools", "verb", "name", "roles", "username"]
KEYS += ["password", "token", "extra", "to"]


def value(rng: random.Random, depth: int = 0) -> Any:
    match rng.randrange(8 if depth < 2 else 6):
        case 0:
            return None
        case 1:
            return rng.choice([True, False])
        case 2:
            return rng.choice([0, -1, 2**31, 10**40, 1e308])
        case 3 | 4 | 5:
            return rng.choice(WORDS)
        case 6:
            return [value(rng, depth + 1) for _ in range(rng.randrange(3))]
        case _:
            return {rng.choice(KEYS): value(rng, depth + 1) for _ in range(rng.randrange(4))}


def body(rng: random.Random) -> bytes:
    if rng.random() < 0.1:
        return rng.choice([b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"a":NaN}', b"null"])
    return json.dumps({rng.choice(KEYS): value(rng) for _ in range(rng.randrange(5))}).encode()


def address(rng: random.Random, path: str) -> str:
    for name in ("{token}", "{unit}", "{id}", "{sha256}", "{name}", "{hash}"):
        word = rng.choice(WORDS).encode("utf-8", "replace").decode()
        path = path.replace(name, word.replace("\x00", "%00") or "-")
    if rng.random() < 0.4:
        names = ["limit", "after", "state"]
        path += f"?{rng.choice(names)}={rng.choice(['-1', '9' * 30, 'open', 'x', '0', '3'])}"
    return path


async def ask(browser: Browser, rng: random.Random) -> None:
    method, path = rng.choice(sorted(set(PERMISSIONS) - ENDLESS - {SIGN_OUT}))
    headers = {
        "X-CSRF": browser.csrf,
        "Content-Type": rng.choice(["application/json", "text/plain", "multipart/form-data"]),
        "Authorization": rng.choice(["Seal AAAA", "Seal", "Bearer x", "Seal " + "A" * 3000]),
        "Upload-Offset": rng.choice(["0", "-1", "9" * 30, "x"]),
    }
    where, content = address(rng, path), body(rng)
    answer = await browser.http.request(method, where, content=content, headers=headers)
    assert answer.status_code < 500, (method, where, content, answer.text)
    if answer.status_code >= 400 and method != "HEAD":
        assert set(answer.json()["error"]) == {"code", "message"}, (method, where)


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_is_sent_makes_it_fail(seed: int) -> None:
    @in_world
    async def run(world: World) -> None:
        rng = random.Random(seed)
        await held(world)
        await referred(world)
        everything = await world.signed_in("root", Role.SUPERVISOR, Role.ADMIN)
        for _ in range(100):
            await ask(everything, rng)

    run()
