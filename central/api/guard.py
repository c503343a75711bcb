"""Every request passes here before its route: the permission table, the session, the X-CSRF header.

1. A route without a row in the table is shut.
2. A session is looked up where the row asks for one: 401 without, 403 for the wrong role.
3. A changing request that rides on a cookie must carry X-CSRF; nothing cross-site gets that far.
4. Refusals for want of a role are in the audit trail.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from central.accounts import sessions
from central.accounts.roles import Role
from central.accounts.tokens import csrf_of, same
from central.api.permissions import PERMISSIONS, Access, Door, allows
from central.api.problems import Problem
from central.audit import trail
from central.config import is_loopback
from central.core import Core
from central.store.people import SignIn, User

COOKIE: Final = "bc_session"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is signed in."""

    name: str
    roles: frozenset[Role]
    token: str


def core_of(request: Request) -> Core:
    """Return the service behind the request."""
    core = request.app.state.core
    assert isinstance(core, Core)
    return core


def address_of(request: Request) -> str:
    """Return the address that the request came from."""
    return request.client.host if request.client else "unknown"


async def guard(request: Request) -> None:
    """Let the request through, or raise Problem. Every route depends on this."""
    path = request.scope["route"].path
    access = PERMISSIONS.get((request.method, path))
    if access is None:
        raise Problem(403, "forbidden", f"nobody may {request.method} {path}; it has no permission")
    if request.method not in _READING:
        _refuse_cross_site(request)
    if access is Door.WATCHER:
        _refuse_strangers(request)
    elif access is not Door.OPEN and access is not Door.SEAL:
        request.state.caller = await _caller(request, access)


def caller_of(request: Request) -> Caller:
    """Return who is signed in; only on routes whose row asks for a session."""
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


Shared = Annotated[Core, Depends(core_of)]
Who = Annotated[Caller, Depends(caller_of)]


async def look_up(core: Core, token: str) -> tuple[Caller, SignIn] | None:
    """Return whose session ``token`` is."""
    async with core.database.reading() as session:
        found = await sessions.holder(session, token, core.now()) if token else None
    if found is None:
        return None
    user, row = found
    return Caller(user.name, roles_of(user), token), row


def roles_of(user: User) -> frozenset[Role]:
    """Return the roles of ``user``."""
    return frozenset(map(Role, user.roles))


async def _caller(request: Request, access: Access) -> Caller:
    core = core_of(request)
    found = await look_up(core, request.cookies.get(COOKIE, ""))
    if found is None:
        raise Problem(401, "signed-out", "you are not signed in, or your session is over; sign in")
    caller, row = found
    if not allows(access, caller.roles):
        await _note_refusal(core, caller, request)
        raise Problem(403, "forbidden", f"{caller.name} may not do this; ask a supervisor")
    if request.method not in _READING and not same(
        request.headers.get("x-csrf", ""), csrf_of(caller.token)
    ):
        raise Problem(403, "csrf", "the X-CSRF header is missing or stale; reload the page")
    if core.now() - row.seen_at > sessions.TOUCH:
        async with core.database.writing() as session:
            await sessions.touch(session, row, core.now())
    return caller


async def _note_refusal(core: Core, caller: Caller, request: Request) -> None:
    async with core.database.writing() as session:
        await trail.append(
            session, core.now(), caller.name, "refused.role", request.scope["route"].path,
            method=request.method,
        )  # fmt: skip


def _refuse_cross_site(request: Request) -> None:
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Problem(403, "cross-site", "this request comes from another site; use the console")


def _refuse_strangers(request: Request) -> None:
    core = core_of(request)
    if core.metrics_token:
        given = request.headers.get("authorization", "")
        if same(given, f"Bearer {core.metrics_token}"):
            return
    elif is_loopback(address_of(request)) and not core.config.behind_tls_proxy:
        return
    raise Problem(401, "metrics-token", "metrics are for loopback, or for whoever has the token")
