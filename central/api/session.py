"""Signing in and out."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from central.accounts import limits, sessions, users
from central.accounts.tokens import csrf_of
from central.api.guard import COOKIE, Shared, Who, address_of
from central.api.problems import Problem
from central.api.views_accounts import LinkRequest, SessionView, SignInRequest, UserView
from central.audit import trail
from central.core import Core
from central.store.people import User

router = APIRouter(tags=["session"])


@router.post("/api/session", summary="Sign in with a password")
async def sign_in(
    request: Request, response: Response, core: Shared, body: SignInRequest
) -> SessionView:
    """Open a session. Guessing is slowed by account and by address (429, Retry-After)."""
    address = address_of(request)
    await _take_a_turn(core, body.username, address)
    async with core.database.reading() as session:
        user = await users.present(session, body.username)
    if not await core.passwords.matches(user.password_hash if user else None, body.password):
        await _note_refusal(core, body.username, "the name or the password is wrong")
        raise Problem(401, "wrong-password", "the name or the password is wrong; try again")
    async with core.database.writing() as session:
        await limits.succeeded(session, body.username, address)
        return await _open(core, session, response, body.username, "password")


@router.post("/api/session/link", summary="Sign in with a one-time link")
async def sign_in_by_link(
    request: Request, response: Response, core: Shared, body: LinkRequest
) -> SessionView:
    """Spend a sign-in link and open a session."""
    address = address_of(request)
    await _take_a_turn(core, "link", address)
    async with core.database.writing() as session:
        if (user := await users.use_link(session, body.token, core.now())) is not None:
            await limits.succeeded(session, "link", address)
            return await _open(core, session, response, user.name, "link")
    await _note_refusal(core, "link", "the sign-in link is unknown, used or too old")
    raise Problem(401, "spent-link", "this link was used or is too old; ask for a new one")


@router.get("/api/session", summary="Who is signed in")
async def current_session(core: Shared, who: Who) -> SessionView:
    """Return the signed-in user and the X-CSRF value of the session."""
    return SessionView(
        user=UserView(name=who.name, roles=sorted(who.roles)), csrf=csrf_of(who.token)
    )


@router.delete("/api/session", status_code=204, summary="Sign out")
async def sign_out(response: Response, core: Shared, who: Who) -> None:
    """End the session."""
    async with core.database.writing() as session:
        await sessions.end(session, who.token)
        await trail.append(session, core.now(), who.name, "session.end", who.name)
    response.delete_cookie(COOKIE, path="/")


async def _take_a_turn(core: Core, account: str, address: str) -> None:
    async with core.database.writing() as session:
        wait = await limits.take(session, account, address, core.now())
        if wait:
            await _refused(session, core.now(), account, "too many attempts")
    if wait:
        seconds = int(wait.total_seconds()) + 1
        raise Problem(
            429, "too-many", f"too many attempts; try again in {seconds} s",
            {"Retry-After": str(seconds)},
        )  # fmt: skip


async def _note_refusal(core: Core, account: str, why: str) -> None:
    async with core.database.writing() as session:
        await _refused(session, core.now(), account, why)


async def _refused(session: AsyncSession, now: datetime, account: str, why: str) -> None:
    known = account if await session.get(User, account) else "unknown"  # a typed name may be
    await trail.append(session, now, known, "refused.sign-in", known, why=why)  # a password


async def _open(
    core: Core, session: AsyncSession, response: Response, name: str, by: str
) -> SessionView:
    user = await session.get_one(User, name)
    token = await sessions.begin(session, user, core.now())
    await trail.append(session, core.now(), name, "session.begin", name, by=by)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="strict",
        secure=core.config.https,
        path="/",
        max_age=int(sessions.LIFETIME.total_seconds()),
    )
    return SessionView(user=UserView(name=name, roles=user.roles), csrf=csrf_of(token))
