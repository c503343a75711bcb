"""Sending a command that has been committed, and what is done when it cannot be sent."""

import asyncio
from typing import Final

import structlog

from central.core import Core
from central.fleet import commands
from central.store.fleet import CommandRow
from contract.command import Command, Execution

_log = structlog.get_logger(__name__)

PATIENCE: Final = 8.0  # s; the link itself gives up after 5, the command is void after 30


class NotSent(Exception):
    """The command did not leave; what it was to decide is open again."""


async def send(core: Core, command: Command) -> None:
    """Send ``command``; on failure settle it as failed and raise NotSent."""
    try:
        async with asyncio.timeout(PATIENCE):
            await core.send_command(command)
    except Exception as error:
        _log.warning("command not sent", command=command.id, error=type(error).__name__)
        await _failed(core, command, f"not sent: {type(error).__name__}")
        raise NotSent(
            f"{command.unit} could not be told ({error or type(error).__name__}); "
            f"look at the broker, then decide again"
        ) from error
    core.metrics.commands.labels(command.verb.value).inc()


async def _failed(core: Core, command: Command, why: str) -> None:
    async with core.database.writing() as session:
        row = await session.get_one(CommandRow, command.id)
        await commands.settle(session, row, Execution.FAILED.value, why, core.now())
