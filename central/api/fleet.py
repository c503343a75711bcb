"""The lanes and what may be asked of them as a whole."""

from fastapi import APIRouter

from central.api import show_fleet
from central.api.guard import Shared, Who
from central.api.problems import Problem
from central.api.views import CommandView, FleetView, LaneCommandRequest
from central.fleet import commands, dispatch
from contract.command import Verb
from contract.names import Level

router = APIRouter(tags=["fleet"])


@router.get("/api/fleet", summary="Every enrolled unit")
async def fleet(core: Shared) -> FleetView:
    """Return every unit with its presence, health, faults and counts."""
    async with core.database.reading() as session:
        return FleetView(units=await show_fleet.fleet(session))


@router.post("/api/fleet/{unit}/commands", summary="Close or open a lane")
async def command_lane(
    core: Shared, who: Who, unit: Level, body: LaneCommandRequest
) -> CommandView:
    """Send a command to a lane; 409 when it cannot take one now."""
    order = commands.Order(unit, Verb(body.verb), {"reason": body.reason}, who.name, unit)
    try:
        async with core.database.writing() as session:
            command = await commands.issue(session, order, core.now())
        await dispatch.send(core, command)
    except commands.Unreachable as error:
        raise Problem(409, "unreachable", str(error)) from error
    except dispatch.NotSent as error:
        raise Problem(503, "not-sent", str(error)) from error
    return CommandView(command=command.id, state=commands.SENT)
