"""The service as one ASGI application.

``create_app`` puts the doors on a Core. Its lifespan starts the link to the lanes, the notices to
the onlookers and the service's own duties, and ends them again in the opposite order.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

from fastapi import Depends, FastAPI

from central import duties
from central.api import (
    audit,
    blobs,
    console,
    fleet,
    images,
    lists,
    problems,
    review,
    second_looks,
    session,
    similar,
    stream,
    users,
    watch,
)
from central.api.guard import guard
from central.api.middleware import Surroundings
from central.api.views import ProblemView
from central.core import Core
from central.fleet import presence
from central.link import lanes
from contract.command import Command

ROUTERS = (
    session,
    fleet,
    review,
    second_looks,
    similar,
    images,
    blobs,
    lists,
    audit,
    users,
    stream,
    watch,
    console,
)

_ABOUT = """The service that coordinates every lane: who is there, how they are, what waits for a
person, what was decided and by whom. Errors are `{"error": {"code", "message"}}`. Changing requests
carry `X-CSRF` from `GET /api/session`."""


class Link(Protocol):
    """The link to the lanes."""

    async def send_command(self, command: Command) -> None:
        """Publish ``command``."""

    async def run(self) -> None:
        """Hold the link until cancelled."""


FAREWELL: Final = 5.0  # s for what has begun to be finished when the service stops

LinkTo = Callable[[Core], Link]


def create_app(core: Core, link_to: LinkTo | None = lanes) -> FastAPI:
    """Return the application on ``core``; without ``link_to`` it has no link to the lanes."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running(core, link_to):
            yield

    app = FastAPI(
        title="Border central",
        version="1",
        description=_ABOUT,
        lifespan=lifespan,
        dependencies=[Depends(guard)],
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": {"model": ProblemView, "description": "What, where, what to do"}},
    )
    app.state.core = core
    problems.install(app)
    for room in ROUTERS:
        app.include_router(room.router)
    console.mount(app)
    app.add_middleware(Surroundings, metrics=core.metrics, https=core.config.https)
    return app


@asynccontextmanager
async def running(
    core: Core, link_to: LinkTo | None, own: duties.Duties = duties.DUTIES
) -> AsyncIterator[None]:
    """Run what works behind the doors for as long as the block lasts."""
    async with core.database.writing() as opening:
        await presence.forget(opening)
    await core.keys.refresh()
    stop = asyncio.Event()
    works = [
        asyncio.create_task(core.notices.run()),
        asyncio.create_task(core.erasures.run()),
        asyncio.create_task(duties.run(core, stop, own)),
    ]
    link_work = _start_link(core, link_to)
    try:
        yield
    finally:
        await _cancelled(link_work)
        core.hub.close()
        core.notices.close()
        core.erasures.close()
        stop.set()
        await asyncio.wait(works, timeout=FAREWELL)
        await _cancelled(*works)
        await core.similar.close()
        await duties.anchor(core)
        await core.database.close()


def _start_link(core: Core, link_to: LinkTo | None) -> "asyncio.Task[None]":
    if link_to is None:
        return asyncio.create_task(asyncio.sleep(0))
    link = link_to(core)
    core.send_command = link.send_command
    return asyncio.create_task(link.run())


async def _cancelled(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
