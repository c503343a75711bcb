"""What changes, as it changes: server-sent events.

1. One event per changed object: its topic as the event's name, its JSON as the data.
2. A comment every 15 s shows that the line is alive; at that moment the session is looked at again,
   so whoever signs out or is removed stops hearing within 15 s.
3. What a traveller asked for in confidence is told to officers alone.
4. A client that cannot follow is dropped; it reconnects and fetches everything afresh.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from central.api.guard import Caller, Shared, Who, look_up
from central.api.hub import Told
from central.api.permissions import CONFIDENCES
from central.core import Core

router = APIRouter(tags=["stream"])

HEARTBEAT: Final = 15.0  # s; proxies close idle lines after 60


@router.get("/api/stream", summary="What changes, live", response_class=StreamingResponse)
async def stream(core: Shared, who: Who) -> StreamingResponse:
    """Return fleet, review, referral and passage events until the client or the session ends."""
    return StreamingResponse(
        lines(core, who),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def lines(core: Core, who: Caller, heartbeat: float = HEARTBEAT) -> AsyncIterator[str]:
    """Yield the stream's text."""
    with core.hub.client() as client:
        yield ": welcome\n\n"
        while not client.dropped:
            try:
                async with asyncio.timeout(heartbeat):
                    told = await client.queue.get()
            except TimeoutError:
                if (found := await asyncio.shield(look_up(core, who.token))) is None:
                    return
                who = found[0]
                yield ": alive\n\n"
            else:
                yield _event(told, who)


def _event(told: Told, who: Caller) -> str:
    confided = told.discreet is None or who.roles & CONFIDENCES
    return f"event: {told.topic}\ndata: {told.data if confided else told.discreet}\n\n"
