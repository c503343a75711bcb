"""Every route × every role, asked of the running application and compared with the table."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from central.accounts.roles import Role
from central.api.permissions import PERMISSIONS, Door
from tests.system.central_world import GATE, SCANNER, Browser, World, in_world

FILL = {
    "{token}": "t",
    "{unit}": "egate-07",
    "{id}": "nothing",
    "{sha256}": "0" * 64,
    "{name}": "nobody",
    "{hash}": "0" * 64,
    "{kind}": "policy",
}
SIGN_OUT = ("DELETE", "/api/session")  # asked last, as nothing is allowed after it
ENDLESS = {("GET", "/api/stream")}  # test_central_stream.py asks for it


def routes(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in walk(app.routes)
        if isinstance(route, APIRoute)
        for method in route.methods
    }


def walk(found: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in found:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from walk(included.routes)
        else:
            yield route


@in_world
async def test_every_route_has_a_row_and_every_row_a_route(world: World) -> None:
    assert routes(world.app) == set(PERMISSIONS)


@in_world
async def test_nothing_but_the_console_s_files_is_served_beside_the_routes(world: World) -> None:
    others = [route for route in walk(world.app.routes) if not isinstance(route, APIRoute)]
    assert all(isinstance(route, Mount) and route.name == "console" for route in others)


@pytest.mark.parametrize("role", [None, *Role])
def test_the_table_is_what_the_service_does(role: Role | None) -> None:
    @in_world
    async def ask_everything(world: World) -> None:
        browser = world.browser() if role is None else await world.signed_in("someone", role)
        for method, path in sorted(set(PERMISSIONS) - ENDLESS, key=lambda row: row == SIGN_OUT):
            code = await ask(browser, method, path)
            assert passed(code) == expected(method, path, role), (method, path, code)

    ask_everything()


async def ask(browser: Browser, method: str, path: str) -> int:
    for name, value in FILL.items():
        path = path.replace(name, value)
    body = {} if method == "POST" else None
    headers = {"X-CSRF": browser.csrf}
    answer = await browser.http.request(method, path, json=body, headers=headers)
    return answer.status_code


def passed(code: int) -> bool:
    """A route that was reached may find nothing to do; it never says 401 or 403."""
    assert code < 500
    return code not in (401, 403)


def expected(method: str, path: str, role: Role | None) -> bool:
    access = PERMISSIONS[method, path]
    if access in (Door.OPEN, Door.WATCHER):  # the test comes from loopback
        return True
    if access is Door.SEAL or role is None:
        return False
    return access is Door.SIGNED_IN or (isinstance(access, frozenset) and role in access)


EVERYBODY, ANALYSTS = set(Role), {Role.ANALYST, Role.SUPERVISOR, Role.ADMIN}
OFFICERS, SUPERVISORS = {Role.OFFICER, Role.SUPERVISOR, Role.ADMIN}, {Role.SUPERVISOR, Role.ADMIN}
AS_AGREED = {
    "GET /api/session": EVERYBODY,
    "DELETE /api/session": EVERYBODY,
    "GET /api/fleet": EVERYBODY,
    "GET /api/review": EVERYBODY,
    "GET /api/referrals": EVERYBODY,
    "GET /api/passages": EVERYBODY,
    "GET /api/images/{sha256}": EVERYBODY,
    "GET /api/stream": EVERYBODY,
    "POST /api/review/{id}/claim": ANALYSTS,
    "POST /api/review/{id}/decision": ANALYSTS,
    "GET /api/review/{id}/similar": ANALYSTS,
    "DELETE /api/review/{id}/claim": ANALYSTS,
    "POST /api/referrals/{id}/decision": OFFICERS,
    "POST /api/referrals/{id}/assist": OFFICERS,
    "POST /api/referrals/{id}/handover": OFFICERS,
    "GET /api/officers": OFFICERS,
    "POST /api/fleet/{unit}/commands": OFFICERS,
    "GET /api/audit": SUPERVISORS,
    "GET /api/detection": SUPERVISORS,
    "GET /api/users": {Role.ADMIN},
    "POST /api/users": {Role.ADMIN},
    "DELETE /api/users/{name}": {Role.ADMIN},
}
"""What the authority asked for, written down a second time: the table must not drift by itself."""


def test_the_table_says_what_was_agreed() -> None:
    for (method, path), access in PERMISSIONS.items():
        may = {role for role in Role if expected(method, path, role)}
        agreed = AS_AGREED.get(f"{method} {path}")
        assert may == agreed or (agreed is None and isinstance(access, Door)), (method, path)


def test_the_ladder_of_roles() -> None:
    """Viewer < analyst | officer < supervisor < admin: each may all that those before it may."""

    def may(role: Role) -> set[tuple[str, str]]:
        return {row for row in PERMISSIONS if expected(*row, role)}

    assert may(Role.VIEWER) < may(Role.ANALYST) < may(Role.SUPERVISOR) < may(Role.ADMIN)
    assert may(Role.VIEWER) < may(Role.OFFICER) < may(Role.SUPERVISOR)
    assert not may(Role.ANALYST) <= may(Role.OFFICER)
    assert not may(Role.OFFICER) <= may(Role.ANALYST)


@in_world
async def test_a_refusal_is_in_the_audit_trail(world: World) -> None:
    viewer = await world.signed_in("vic", Role.VIEWER)
    await viewer.get("/api/users")
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    entries = (await supervisor.get("/api/audit")).json()["entries"]
    refusal = next(entry for entry in entries if entry["action"] == "refused.role")
    assert (refusal["actor"], refusal["object"]) == ("vic", "/api/users")


@in_world
async def test_a_user_with_two_roles_may_what_either_may(world: World) -> None:
    both = await world.signed_in("bo", Role.ANALYST, Role.OFFICER)
    assert (await both.post("/api/review/x/claim")).status_code == 404
    body = {"decision": "approve", "reason": "seen"}
    assert (await both.post("/api/referrals/x/decision", body)).status_code == 404


@in_world
async def test_an_officer_s_lanes_are_the_e_gates(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    body = {"verb": "close-lane", "reason": "cleaning"}
    for unit, theirs in ((GATE, 200), (SCANNER, 403)):
        await world.come_online(unit)
        address = f"/api/fleet/{unit.unit}/commands"
        assert (await officer.post(address, body)).status_code == theirs
        assert (await supervisor.post(address, body)).status_code == 200


@in_world
async def test_metrics_are_not_for_strangers(world: World) -> None:
    assert (await world.browser().get("/metrics")).status_code == 200
    assert (await world.browser("10.1.2.3").get("/metrics")).status_code == 401


@in_world(behind_tls_proxy=True)
async def test_behind_a_proxy_loopback_means_nothing(world: World) -> None:
    assert (await world.browser().get("/metrics")).status_code == 401


@in_world
async def test_metrics_by_token(world: World) -> None:
    world.core.metrics_token = "s3cret"
    stranger = world.browser("10.1.2.3")
    assert (await stranger.get("/metrics", authorization="Bearer wrong")).status_code == 401
    answer = await stranger.get("/metrics", authorization="Bearer s3cret")
    assert "central_units_online 0.0" in answer.text
    assert 'central_queue_depth{queue="review"} 0.0' in answer.text
