"""Every unit as it is shown."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.api.views_fleet import CountsView, DeviceView, FaultView, SelfTestView, UnitView
from central.store.fleet import Health, OpenFault, Unit


async def fleet(session: AsyncSession) -> list[UnitView]:
    """Return every enrolled unit, by site and name."""
    rows = (await session.scalars(select(Unit).order_by(Unit.site, Unit.unit))).all()
    health = {row.unit: row for row in await session.scalars(select(Health))}
    faults: dict[str, list[OpenFault]] = {}
    for fault in await session.scalars(select(OpenFault).order_by(OpenFault.since)):
        faults.setdefault(fault.unit, []).append(fault)
    return [_view(row, health.get(row.unit), faults.get(row.unit, [])) for row in rows]


async def unit(session: AsyncSession, name: str) -> UnitView | None:
    """Return one unit."""
    row = await session.get(Unit, name)
    if row is None:
        return None
    query = select(OpenFault).where(OpenFault.unit == name).order_by(OpenFault.since)
    faults = list(await session.scalars(query))
    return _view(row, await session.get(Health, name), faults)


def _view(row: Unit, health: Health | None, faults: list[OpenFault]) -> UnitView:
    health = health or Health(
        service="unknown", phase="", devices=[], models={}, outbox_events=0, clock_synced=False,
        ended=0, referred_or_held=0,
    )  # fmt: skip
    return UnitView(
        site=row.site,
        unit=row.unit,
        kind=row.kind,
        online=row.online,
        service=health.service,
        phase=health.phase,
        phase_since=health.phase_since,
        since=row.since,
        last_event_at=health.last_event_at,
        software=row.software,
        devices=[DeviceView.model_validate(device) for device in health.devices],
        faults=[FaultView.model_validate(fault) for fault in faults],
        outbox_events=health.outbox_events,
        clock_synced=health.clock_synced,
        models=health.models,
        self_test=SelfTestView.model_validate(health.self_test) if health.self_test else None,
        counts=CountsView(ended=health.ended, referred_or_held=health.referred_or_held),
    )
