"""The lanes and what may be asked of them as a whole."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from central.api import show_fleet
from central.api.discretion import shown_to
from central.api.guard import Caller, Shared, Who
from central.api.permissions import ANY_LANE
from central.api.problems import Problem
from central.api.views_fleet import CommandView, FleetView, LaneCommandRequest
from central.fleet import commands, dispatch
from central.store.fleet import Unit
from contract.command import Verb
from contract.names import Level
from contract.presence import Kind

router = APIRouter(tags=["fleet"])


@router.get("/api/fleet", summary="Every enrolled unit")
async def fleet(core: Shared, who: Who) -> FleetView:
    """Return every unit with its presence, health, faults and counts."""
    async with core.database.reading() as session:
        units = await show_fleet.fleet(session)
    return FleetView(units=[shown_to(who.roles, unit) for unit in units])


@router.post("/api/fleet/{unit}/commands", summary="Close or open a lane")
async def command_lane(
    core: Shared, who: Who, unit: Level, body: LaneCommandRequest
) -> CommandView:
    """Send a command to a lane; 409 when it cannot take one now. An officer's are the e-gates."""
    order = commands.Order(unit, Verb(body.verb), {"reason": body.reason}, who.name, unit)
    try:
        async with core.database.writing() as session:
            await _may_command(session, who, unit)
            command = await commands.issue(session, order, core.now())
        await dispatch.send(core, command)
    except commands.Unreachable as error:
        raise Problem(409, "unreachable", str(error)) from error
    except dispatch.NotSent as error:
        raise Problem(503, "not-sent", str(error)) from error
    return CommandView(command=command.id, state=commands.SENT)


async def _may_command(session: AsyncSession, who: Caller, name: str) -> None:
    unit = await session.get(Unit, name)
    if unit is not None and unit.kind != Kind.EGATE and not who.roles & ANY_LANE:
        raise Problem(403, "forbidden", f"{name} is no e-gate; ask a supervisor")
