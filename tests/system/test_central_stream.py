"""What onlookers hear, and what becomes of those who do not listen."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from central.accounts.roles import Role
from central.api.guard import look_up
from central.api.hub import BACKLOG, Hub, Told
from central.api.notices import MOST, changes_of
from central.api.stream import lines
from contract import health
from contract.command import Execution
from contract.health import DeviceHealth, DeviceState, Fault, Report, Service
from tests.system.central_world import GATE, SCANNER, Browser, World, in_world, until
from tests.system.test_central_referrals import FACE, decided, ended
from tests.system.test_central_review import DECISION, held, scanned

ALIVE = ": alive\n\n"


async def listener(world: World, browser: Browser, heartbeat: float = 60.0) -> AsyncIterator[str]:
    found = await look_up(world.core, browser.http.cookies["bc_session"])
    assert found is not None
    stream = lines(world.core, found[0], heartbeat)
    assert await anext(stream) == ": welcome\n\n"
    return stream


async def hear(stream: AsyncIterator[str], count: int) -> dict[str, Any]:
    """Return the next ``count`` objects by topic; heartbeats, however slow a look-up, are none."""
    heard = {}
    for _ in range(count):
        while (text := await anext(stream)) == ALIVE:
            pass
        name, data = text.removesuffix("\n\n").split("\n")
        heard[name.removeprefix("event: ")] = json.loads(data.removeprefix("data: "))
    return heard


@in_world
async def test_a_held_item_is_told_in_the_shape_of_the_queue(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    stream = await listener(world, analyst)
    await world.tell(SCANNER, "inspection.scanned", scanned())
    heard = await hear(stream, 2)
    assert set(heard) == {"fleet", "review"}
    [item] = (await analyst.get("/api/review")).json()["items"]
    assert heard["review"] == item
    units = (await analyst.get("/api/fleet")).json()["units"]
    assert heard["fleet"] in units


@in_world
async def test_a_passage_is_told_as_passage_and_as_referral(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    stream = await listener(world, officer)
    await world.tell(GATE, "passage.decided", decided())
    heard = await hear(stream, 3)
    assert heard["referral"] == (await officer.get("/api/referrals")).json()["referrals"][0]
    assert heard["passage"] == (await officer.get("/api/passages")).json()["passages"][0]
    await world.tell(GATE, "passage.ended", ended())
    assert (await hear(stream, 3))["referral"]["state"] == "ended"


@in_world
async def test_a_decision_is_told_when_it_is_made_and_when_the_lane_answers(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    stream = await listener(world, analyst)
    await analyst.post("/api/review/i-1/claim")
    assert (await hear(stream, 1))["review"]["claimed_by"] == "ann"
    await analyst.post("/api/review/i-1/decision", DECISION)
    assert (await hear(stream, 1))["review"]["command_state"] == "sent"
    await world.answer(world.link.sent[0], Execution.DONE)
    assert (await hear(stream, 2))["review"]["command_state"] == "done"


@in_world
async def test_a_unit_that_comes_and_goes_is_told(world: World) -> None:
    viewer = await world.signed_in("vic", Role.VIEWER)
    stream = await listener(world, viewer)
    await world.present(GATE)
    assert (await hear(stream, 1))["fleet"]["online"] is True
    await world.present(GATE, online=False)
    assert (await hear(stream, 1))["fleet"]["online"] is False


@in_world
async def test_a_thousand_changes_of_one_thing_are_told_once(world: World) -> None:
    viewer = await world.signed_in("vic", Role.VIEWER)
    stream = await listener(world, viewer, heartbeat=0.3)
    world.core.notices.note([("fleet", "egate-07")] * 1000)
    assert "fleet" in await hear(stream, 1)
    assert await anext(stream) == ALIVE


@in_world
async def test_a_referral_is_told_first_and_without_waiting(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    stream = await listener(world, officer)
    with patch("central.api.notices.GATHER", 3600.0):
        await world.present(GATE)
        assert "fleet" in await hear(stream, 1)  # at once; the next round is an hour away
        await world.tell(GATE, "passage.decided", decided())
        assert (await anext(stream)).startswith("event: referral")


@in_world
async def test_a_referral_overtakes_a_long_round_and_the_rest_comes_after_it(world: World) -> None:
    names = [f"p-{number}" for number in range(5)]
    for name in names:
        await world.tell(GATE, "passage.decided", decided(name, pictures=[]))
    with world.core.hub.client() as client:
        world.core.notices.note(("passage", name) for name in names)
        heard = [(await client.queue.get()).topic]
        world.core.notices.note([("referral", "p-4")], urgent=True)
        heard += [(await client.queue.get()).topic for _ in names]
    assert heard.count("passage") == 5
    assert heard.index("referral") <= 2  # one more was being looked up


@in_world
async def test_a_picture_that_comes_after_its_story_is_told(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await world.come_online(GATE)
    await world.tell(GATE, "passage.decided", decided())
    stream = await listener(world, officer)
    await world.upload(GATE, FACE, personal=True)
    [picture] = (await hear(stream, 1))["referral"]["pictures"]
    assert picture["available"] is True


@in_world
async def test_nothing_is_kept_for_nobody_and_not_without_end_for_somebody(world: World) -> None:
    notices = world.core.notices
    notices.note([("fleet", "egate-07")])
    assert len(notices._pending) == 0
    with world.core.hub.client():
        notices.note([("passage", f"p-{i}") for i in range(2 * MOST)])
        assert list(notices._pending)[-1] == ("passage", f"p-{2 * MOST - 1}")
        assert len(notices._pending) == MOST


@in_world
async def test_whoever_signs_out_hears_no_more(world: World) -> None:
    viewer = await world.signed_in("vic", Role.VIEWER)
    stream = await listener(world, viewer, heartbeat=0.01)
    assert await anext(stream) == ALIVE
    await viewer.delete("/api/session")
    async with asyncio.timeout(60):
        assert [line async for line in stream] in ([], [ALIVE])
    assert len(world.core.hub) == 0


@in_world
async def test_the_route_streams_to_those_who_are_signed_in(world: World) -> None:
    assert (await world.browser().get("/api/stream")).status_code == 401
    viewer = await world.signed_in("vic", Role.VIEWER)
    request = asyncio.create_task(viewer.get("/api/stream"))
    await until(lambda: len(world.core.hub) == 1)
    world.core.hub.publish(Told("fleet", "{}"))
    world.core.hub.close()
    answer = await request
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.text.startswith(": welcome\n\nevent: fleet\ndata: {}\n\n")


def test_a_slow_client_is_dropped_and_the_others_are_not() -> None:
    hub = Hub()
    with hub.client() as slow, hub.client() as quick:
        for number in range(BACKLOG + 10):
            hub.publish(Told("fleet", str(number)))
            assert quick.queue.get_nowait().data == str(number)
        assert slow.dropped
        assert slow.queue.qsize() == BACKLOG
        assert not quick.dropped
    assert len(hub) == 0


@in_world
async def test_every_event_type_is_told_as_something(world: World) -> None:
    for kind, data in (
        ("passage.ended", ended()),
        ("inspection.scanned", scanned()),
        ("health.fault", fault()),
    ):
        changes = changes_of(GATE, world.event(GATE, kind, data))
        assert ("fleet", "egate-07") in changes


# The health that the fleet shows


def fault(raised: bool = True, name: str = "LinkLost") -> Fault:
    return Fault(name=name, device="camera", detail="cable", phase="idle", raised=raised)


def report(*faults: Fault, service: Service = Service.DEGRADED) -> Report:
    return Report(
        service=service,
        phase="idle",
        devices=[DeviceHealth(name="camera", state=DeviceState.RECONNECTING, detail="cable")],
        faults=list(faults),
        outbox_events=3,
        outbox_fill=0.01,
        models={"mrz-lines": "crnn@3"},
    )


async def gate(world: World) -> dict[str, Any]:
    viewer = world.browser()
    await viewer.sign_in("vic")
    units = (await viewer.get("/api/fleet")).json()["units"]
    return next(unit for unit in units if unit["unit"] == "egate-07")


@in_world
async def test_the_fleet_shows_what_the_lane_reports(world: World) -> None:
    await world.user("vic", Role.VIEWER)
    before = await gate(world)
    assert (before["service"], before["online"], before["last_event_at"]) == (
        "unknown",
        False,
        None,
    )
    await world.present(GATE)
    await world.tell(GATE, "health.report", report(fault()))
    assert await gate(world) == {
        "site": "doh",
        "unit": "egate-07",
        "kind": "egate",
        "online": True,
        "service": "degraded",
        "phase": "idle",
        "phase_since": "2026-03-01T08:00:00Z",
        "since": "2026-03-01T08:00:00Z",
        "last_event_at": "2026-03-01T08:00:00Z",
        "software": "0.1",
        "devices": [{"name": "camera", "state": "reconnecting", "detail": "cable"}],
        "faults": [
            {
                "name": "LinkLost",
                "device": "camera",
                "detail": "cable",
                "since": "2026-03-01T08:00:00Z",
            }
        ],
        "outbox_events": 3,
        "clock_synced": True,
        "models": {"mrz-lines": "crnn@3"},
        "self_test": None,
        "counts": {"ended": 0, "referred_or_held": 0},
    }


@in_world
async def test_a_phase_lasts_from_its_first_report_by_the_clock_that_is_set(world: World) -> None:
    await world.user("vic", Role.VIEWER)
    await world.tell(GATE, "health.report", report())
    world.time.pass_(seconds=30)
    await world.tell(GATE, "health.report", report())
    assert (await gate(world))["phase_since"] == "2026-03-01T08:00:00Z"
    world.lane_clock_error = timedelta(minutes=-5)  # told late, as the line was cut
    await world.tell(GATE, "health.report", report().model_copy(update={"phase": "reading"}))
    assert (await gate(world))["phase_since"] == "2026-03-01T07:55:30Z"
    world.lane_clock_error = timedelta(minutes=5)  # nobody can be told from the future
    await world.tell(GATE, "health.report", report())
    assert (await gate(world))["phase_since"] == "2026-03-01T08:00:30Z"


@in_world
async def test_faults_come_and_go_and_keep_their_beginning(world: World) -> None:
    await world.user("vic", Role.VIEWER)
    await world.tell(GATE, "health.fault", fault())
    world.time.pass_(minutes=1)
    await world.tell(GATE, "health.fault", fault())
    await world.tell(GATE, "health.fault", fault(name="Frozen"))
    faults = (await gate(world))["faults"]
    assert [(f["name"], f["since"][14:19]) for f in faults] == [
        ("LinkLost", "00:00"),
        ("Frozen", "01:00"),
    ]
    await world.tell(GATE, "health.fault", fault(raised=False))
    assert [f["name"] for f in (await gate(world))["faults"]] == ["Frozen"]
    await world.tell(GATE, "health.report", report(service=Service.IN_SERVICE))
    assert (await gate(world))["faults"] == []


def test_the_contract_s_services_are_the_console_s() -> None:
    assert set(health.Service) == {"in-service", "degraded", "out-of-service"}
