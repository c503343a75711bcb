"""health.* → how each unit is, and which of its faults have not gone away.

Since when a lane is in its phase goes by its own clock where that is set: what it tells late, after
an outage, began long before we heard of it.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.fleet.counts import health_of
from central.happening import Happening
from central.store.fleet import Health, OpenFault
from contract import health


async def report(session: AsyncSession, happening: Happening, message: health.Report) -> None:
    """Take over a whole report: faults that it does not name are gone."""
    row = await health_of(session, happening.address.unit)
    row.service = message.service.value
    _stand(row, happening, message.phase)
    row.devices = [device.model_dump(mode="json") for device in message.devices]
    row.models = dict(message.models)
    row.outbox_events = message.outbox_events
    await _keep_only(session, row.unit, message.faults)
    for fault in message.faults:
        await _note(session, happening, fault)


async def fault(session: AsyncSession, happening: Happening, message: health.Fault) -> None:
    """Take over one fault that came or went."""
    _stand(await health_of(session, happening.address.unit), happening, message.phase)
    await _note(session, happening, message)


def _stand(row: Health, happening: Happening, phase: str) -> None:
    if row.phase != phase or row.phase_since is None:
        trusted = happening.clock_synced and happening.at < happening.heard
        row.phase, row.phase_since = phase, happening.at if trusted else happening.heard


async def _note(session: AsyncSession, happening: Happening, message: health.Fault) -> None:
    key = (happening.address.unit, message.device, message.name)
    row = await session.get(OpenFault, key)
    if row is not None and not message.raised:
        await session.delete(row)
    elif row is not None:
        row.detail = message.detail
    elif message.raised:
        unit, device, name = key
        session.add(
            OpenFault(
                unit=unit, device=device, name=name, detail=message.detail, since=happening.at
            )
        )
    await session.flush()


async def _keep_only(session: AsyncSession, unit: str, faults: list[health.Fault]) -> None:
    named = {(fault.device, fault.name) for fault in faults if fault.raised}
    for row in await session.scalars(select(OpenFault).where(OpenFault.unit == unit)):
        if (row.device, row.name) not in named:
            await session.delete(row)
    await session.flush()
