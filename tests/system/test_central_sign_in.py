import re

from sqlalchemy import select

from central.accounts.roles import Role
from central.accounts.sessions import IDLE, LIFETIME
from central.accounts.users import LINK_LIFETIME
from central.store.people import AuditEntry, Link, SignIn, User
from tests.system.central_world import PASSWORD, World, in_world


async def actions(world: World) -> list[str]:
    async with world.core.database.reading() as session:
        return list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


@in_world
async def test_a_user_signs_in_and_out(world: World) -> None:
    browser = await world.signed_in("ada", Role.VIEWER)
    assert (await browser.get("/api/session")).json() == {
        "user": {"name": "ada", "roles": ["viewer"]},
        "csrf": browser.csrf,
    }
    assert (await browser.delete("/api/session")).status_code == 204
    answer = await browser.get("/api/session")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "signed-out"
    assert (await actions(world))[-2:] == ["session.begin", "session.end"]


@in_world
async def test_the_cookie_is_for_the_browser_alone(world: World) -> None:
    await world.user("ada", Role.VIEWER)
    answer = await world.browser().sign_in("ada")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"


@in_world(behind_tls_proxy=True)
async def test_behind_a_tls_proxy_the_cookie_is_secure(world: World) -> None:
    await world.user("ada", Role.VIEWER)
    answer = await world.browser().sign_in("ada")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers


@in_world
async def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(world: World) -> None:
    await world.user("ada", Role.VIEWER)
    wrong_password = await world.browser().sign_in("ada", "not the password")
    wrong_name = await world.browser().sign_in("bob", PASSWORD)
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert wrong_password.json() == wrong_name.json()
    assert (await actions(world)).count("refused.sign-in") == 2


@in_world
async def test_what_was_typed_as_a_name_is_not_in_the_audit_trail(world: World) -> None:
    await world.browser().sign_in("hunter2 typed into the wrong field")
    async with world.core.database.reading() as session:
        entries = (await session.scalars(select(AuditEntry))).all()
    assert not any("hunter2" in f"{e.actor}{e.object}{e.detail}" for e in entries)


@in_world
async def test_guessing_is_stopped_and_starts_again_later(world: World) -> None:
    await world.user("ada", Role.VIEWER)
    browser = world.browser()
    for _ in range(5):
        assert (await browser.sign_in("ada", "guess")).status_code == 401
    stopped = await browser.sign_in("ada", PASSWORD)
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["retry-after"]) <= 301
    world.time.pass_(minutes=6)
    assert (await browser.sign_in("ada")).status_code == 200


@in_world
async def test_one_address_cannot_try_every_name(world: World) -> None:
    stranger = world.browser("10.0.0.9")
    codes = [(await stranger.sign_in(f"user-{i}", "guess")).status_code for i in range(31)]
    assert codes == [401] * 30 + [429]
    assert (await world.browser("10.0.0.8").sign_in("user-1", "guess")).status_code == 401


@in_world
async def test_signing_in_does_not_wear_out(world: World) -> None:
    await world.user("ada", Role.VIEWER)
    browser = world.browser()
    assert {(await browser.sign_in("ada")).status_code for _ in range(40)} == {200}


@in_world
async def test_a_link_works_once(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    made = await admin.post("/api/users", {"name": "ben", "roles": ["officer"]})
    assert made.status_code == 201
    token = re.fullmatch(r"http://central/enter/([\w-]{43})", made.json()["sign_in_link"])
    assert token is not None
    ben = world.browser()
    assert (await ben.get(f"/enter/{token[1]}")).status_code == 200  # looking does not spend it
    assert (await ben.sign_in_by(token[1])).json()["user"]["name"] == "ben"
    assert (await ben.get("/api/fleet")).status_code == 200
    again = await world.browser().sign_in_by(token[1])
    assert again.status_code == 401
    assert again.json()["error"]["code"] == "spent-link"


@in_world
async def test_a_link_grows_old(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    made = await admin.post("/api/users", {"name": "ben", "roles": ["officer"]})
    world.time.pass_(seconds=LINK_LIFETIME.total_seconds() + 1)
    token = made.json()["sign_in_link"].rpartition("/")[2]
    assert (await world.browser().sign_in_by(token)).status_code == 401


@in_world
async def test_no_secret_is_stored_as_it_is(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    made = await admin.post("/api/users", {"name": "ben", "roles": ["officer"]})
    token = made.json()["sign_in_link"].rpartition("/")[2]
    cookie = admin.http.cookies["bc_session"]
    async with world.core.database.reading() as session:
        stored = [
            *(await session.scalars(select(Link.token_hash))),
            *(await session.scalars(select(SignIn.token_hash))),
            *(await session.scalars(select(User.password_hash))),
        ]
    assert len(stored) >= 3
    assert not {token, cookie, admin.csrf, PASSWORD} & set(stored)


@in_world
async def test_a_changing_request_needs_the_csrf_header(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    right, body = admin.csrf, {"name": "ben", "roles": ["officer"]}
    for wrong in ("", "x" * len(right), right[:-1]):
        admin.csrf = wrong
        answer = await admin.post("/api/users", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    admin.csrf = right
    assert (await admin.post("/api/users", body)).status_code == 201


@in_world
async def test_another_session_s_csrf_value_is_worthless(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    other = await world.signed_in("eve", Role.ADMIN)
    admin.csrf = other.csrf
    assert (await admin.delete("/api/session")).status_code == 403


@in_world
async def test_a_cross_site_sign_in_is_refused(world: World) -> None:
    await world.user("ada", Role.VIEWER)
    answer = await world.browser().http.post(
        "/api/session",
        json={"username": "ada", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross-site")


@in_world
async def test_a_session_ends_by_idleness(world: World) -> None:
    browser = await world.signed_in("ada", Role.VIEWER)
    for _ in range(3):
        world.time.pass_(seconds=IDLE.total_seconds() - 1)
        assert (await browser.get("/api/fleet")).status_code == 200
    world.time.pass_(seconds=IDLE.total_seconds() + 1)
    assert (await browser.get("/api/fleet")).status_code == 401


@in_world
async def test_a_session_ends_by_age(world: World) -> None:
    browser = await world.signed_in("ada", Role.VIEWER)
    for _ in range(int(LIFETIME.total_seconds() // 1800) - 1):
        world.time.pass_(minutes=30)
        assert (await browser.get("/api/fleet")).status_code == 200
    world.time.pass_(minutes=31)
    assert (await browser.get("/api/fleet")).status_code == 401


@in_world
async def test_a_removed_user_is_out_at_once_and_may_come_back_anew(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    ada = await world.signed_in("ada", Role.VIEWER)
    assert (await admin.delete("/api/users/ada")).status_code == 204
    assert (await ada.get("/api/fleet")).status_code == 401
    assert (await world.browser().sign_in("ada")).status_code == 401
    names = [user["name"] for user in (await admin.get("/api/users")).json()["users"]]
    assert names == ["root"]
    again = await admin.post("/api/users", {"name": "ada", "roles": ["officer", "analyst"]})
    token = again.json()["sign_in_link"].rpartition("/")[2]
    assert (await ada.sign_in_by(token)).json()["user"]["roles"] == ["analyst", "officer"]


@in_world
async def test_an_administrator_cannot_do_what_makes_no_sense(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    assert (await admin.delete("/api/users/root")).status_code == 409
    assert (await admin.delete("/api/users/nobody")).status_code == 404
    taken = await admin.post("/api/users", {"name": "root", "roles": ["viewer"]})
    assert taken.status_code == 409
    assert (await admin.post("/api/users", {"name": "x", "roles": []})).status_code == 422
    assert (await admin.post("/api/users", {"name": "x", "roles": ["king"]})).status_code == 422
