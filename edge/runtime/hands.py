"""How a unit acts: it tells devices what to do, and does longer work beside the table.

1. A device that does not do what it was told is a fault, and the lane no longer ``obeys`` until an
   officer opens it again. While the lane is being made safe a refusal is told and changes nothing.
2. Longer work ends in one event of the table. If it fails in a way nobody foresaw, that is told by
   name and place, and the event is the one that calls a person. What such an error says is not
   repeated: on a gate it may hold what was read.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Generic

from drivers.errors import NotReady
from edge.runtime.lane import Lane
from edge.runtime.machine import EventT
from edge.runtime.worker import DeviceT, Worker


class Hands(Generic[EventT]):
    """The acting side of one unit, in the agent's loop."""

    def __init__(
        self,
        lane: Lane,
        happen: Callable[[EventT], None],
        look: Callable[[], None],
        making_safe: Callable[[], bool],
    ) -> None:
        self._lane = lane
        self._happen = happen
        self._look = look
        self._making_safe = making_safe
        self._tasks: set[asyncio.Task[None]] = set()
        self._disobeyed: set[tuple[str, str]] = set()
        self.obeys = True

    def trust_again(self) -> None:
        """Forget what was not done: an officer opens the lane."""
        self.obeys = True
        for device, name in self._disobeyed:
            self._lane.faults.clear(device, name)
        self._disobeyed.clear()

    def tell(
        self,
        worker: Worker[DeviceT],
        verb: Callable[[DeviceT], None],
        not_ready: Callable[[], None] | None = None,
    ) -> None:
        """Have ``verb`` done by ``worker``'s device; ``not_ready`` is called if it says not yet."""
        loop = asyncio.get_running_loop()

        def answered(answer: Future[None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._judge, worker.name, answer, not_ready)

        worker.ask(verb).add_done_callback(answered)

    def _judge(
        self, device: str, answer: Future[None], not_ready: Callable[[], None] | None
    ) -> None:
        if answer.cancelled() or (error := answer.exception()) is None:
            return
        if not_ready is not None and isinstance(error, NotReady):
            not_ready()
            return
        self._disobeyed.add((device, type(error).__name__))
        self._lane.faults.raise_(device, type(error).__name__, str(error))
        if not self._making_safe():
            self.obeys = False
        self._look()

    def begin(self, work: Coroutine[Any, Any, EventT | None], otherwise: EventT) -> None:
        """Do ``work`` beside the table; its event happens when it is done."""
        task = asyncio.get_running_loop().create_task(self._guard(work, otherwise))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def drop(self) -> None:
        """Give up all work that is under way; none of its events happen."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def _guard(self, work: Coroutine[Any, Any, EventT | None], otherwise: EventT) -> None:
        me = asyncio.current_task()
        try:
            event = await work
        except Exception as error:  # noqa: BLE001 the supervisor of this unit's own work
            first = _first(error)
            self._lane.faults.raise_("lane", type(first).__name__, _place(first))
            event = otherwise
        if event is not None and me in self._tasks:
            self._tasks.discard(me)  # what happens next may drop all work, but not this task
            self._happen(event)


def _first(error: Exception) -> Exception:
    """Return the first of the errors that ``error`` gathers, or itself."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _place(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"not foreseen: {Path(where.filename).name}, line {where.lineno}, in {where.name}"
