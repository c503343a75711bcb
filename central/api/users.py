"""Who may sign in: added with a one-time link, removed with everything they had open."""

from fastapi import APIRouter, Request
from pydantic import JsonValue

from central.accounts import users
from central.accounts.users import AccountError
from central.api.guard import Shared, Who
from central.api.problems import Problem
from central.api.views_accounts import SignInLinkView, UserRequest, UsersView, UserView
from central.audit import trail
from contract.names import Identifier

router = APIRouter(tags=["users"])


@router.get("/api/users", summary="Everybody who may sign in")
async def list_users(core: Shared) -> UsersView:
    """Return all users, by name."""
    async with core.database.reading() as session:
        rows = await users.everyone(session)
    return UsersView(users=[UserView(name=row.name, roles=row.roles) for row in rows])


@router.post("/api/users", status_code=201, summary="Add a user")
async def add_user(request: Request, core: Shared, who: Who, body: UserRequest) -> SignInLinkView:
    """Add a user; return the link with which they sign in, once, within a day."""
    try:
        async with core.database.writing() as session:
            await users.add(session, body.name, body.roles, core.now())
            token = await users.make_link(session, body.name, core.now())
            roles: list[JsonValue] = [*sorted(body.roles)]
            await trail.append(session, core.now(), who.name, "user.add", body.name, roles=roles)
    except AccountError as error:
        raise Problem(409, "user-exists", str(error)) from error
    return SignInLinkView(sign_in_link=f"{str(request.base_url).rstrip('/')}/enter/{token}")


@router.delete("/api/users/{name}", status_code=204, summary="Remove a user")
async def remove_user(core: Shared, who: Who, name: Identifier) -> None:
    """Remove a user and end their sessions. Nobody removes themselves."""
    if name == who.name:
        raise Problem(409, "yourself", "you cannot remove yourself; ask another administrator")
    try:
        async with core.database.writing() as session:
            await users.remove(session, name, core.now())
            await trail.append(session, core.now(), who.name, "user.remove", name)
    except AccountError as error:
        raise Problem(404, "no-user", str(error)) from error
