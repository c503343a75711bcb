"""What the console gets to see of people who sign in."""

from pydantic import Field

from central.accounts.roles import Role
from central.api.views import NO_NUL, Request, View
from contract.names import Identifier


class SignInRequest(Request):
    """A name and a password."""

    username: str = Field(min_length=1, max_length=64, pattern=NO_NUL)
    password: str = Field(min_length=1, max_length=256)


class LinkRequest(Request):
    """The token of a sign-in link."""

    token: str = Field(min_length=1, max_length=128)


class UserView(View):
    """Somebody who may sign in."""

    name: str
    roles: list[str]


class SessionView(View):
    """Who is signed in, and what changing requests must carry in X-CSRF."""

    user: UserView
    csrf: str


class UserRequest(Request):
    """A user to add."""

    name: Identifier
    roles: list[Role] = Field(min_length=1)


class UsersView(View):
    """Everybody who may sign in."""

    users: list[UserView]


class SignInLinkView(View):
    """Where the new user signs in, once, within a day."""

    sign_in_link: str
