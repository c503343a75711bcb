"""Second looks at central: alike for operators, answers and never commands, never open for ever."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from central.accounts.roles import Role
from central.config import Review
from central.duties import look_again
from central.store.fleet import CommandRow
from central.store.looks import LookAnswer, SecondLook
from central.store.stories import BlobRow, Inspection
from models.xray.tip.rules import DEADLINES, Phase
from tests.system.central_world import SCANNER, World, in_world
from tests.system.looks_world import (
    ALWAYS,
    CLEAR,
    NEVER,
    NONCE,
    THREAT,
    audit,
    cleared,
    count,
    looked_at,
    offered,
    projected,
    rows,
    waiting,
)
from tests.system.test_central_review import held


async def sampled_and_projected(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """One case of each kind in the queue, side by side: the sampled, the projected."""
    analyst = await world.signed_in("ann", Role.ANALYST)
    await cleared(world, "i-1")
    world.core.config = world.core.config.model_copy(update={"review": Review(sample_share=0.0)})
    await cleared(world, "i-2")
    await projected(world, item="i-2")
    await offered(world)
    names = {row.id: row.projection for row in await rows(world, SecondLook)}
    first, second = await waiting(analyst)
    return (second, first) if names[first["id"]] else (first, second)


@in_world(**ALWAYS)
async def test_nothing_that_is_shown_tells_a_projection_from_a_cleared_item(world: World) -> None:
    sampled, projection = await sampled_and_projected(world)
    differ = {key for key in sampled if sampled[key] != projection[key]}
    assert sampled.keys() == projection.keys()
    assert differ <= {"id", "item", "scanned_at", "pictures"}
    for look in (sampled, projection):
        assert look["second_look"] is True
        assert look["item"] == look["id"][:12]
        assert (look["revealed"], look["score"], look["checks"]) == (None, None, [])
        [shown] = look["pictures"]
        assert {**shown, "sha256": ""} == {
            "kind": "high", "sha256": "", "width": 512, "height": 320, "bits": 16,
            "available": True,
        }  # fmt: skip


@in_world(**ALWAYS)
async def test_no_answer_of_the_service_names_what_is_hidden(world: World) -> None:
    await sampled_and_projected(world)
    admin = await world.signed_in("ada", Role.ADMIN)
    said = ""
    for path in ("review?state=open", "review?state=decided", "fleet", "audit", "detection"):
        said += (await admin.get(f"/api/{path}")).text
    for secret in ("knife", "p-1", "i-1", "i-2", "bag-", NONCE.hex(), '"projected"'):
        assert secret not in said


@in_world(**ALWAYS)
async def test_the_live_link_says_no_more_than_the_queue(world: World) -> None:
    with world.core.hub.client() as client:
        await sampled_and_projected(world)
        async with asyncio.timeout(60):
            told = [await client.queue.get() for _ in range(2)]
            while sum(one.topic == "review" for one in told) < 2:
                told.append(await client.queue.get())
    said = " ".join(one.data for one in told)
    assert "knife" not in said
    assert "p-1" not in said


@pytest.mark.parametrize("decision", ["release", "hold", "divert"])
@pytest.mark.parametrize("share", [0.0, 1.0], ids=["projection", "cleared"])
def test_no_answer_to_a_second_look_becomes_a_command(share: float, decision: str) -> None:
    @in_world(review={"sample_share": share})
    async def run(world: World) -> None:
        analyst = await world.signed_in("ann", Role.ANALYST)
        await world.come_online(SCANNER)
        await cleared(world)
        if not share:
            await projected(world)
        await offered(world)
        await world.challenge(SCANNER)
        answer = await looked_at(world, analyst, {**THREAT, "disposition": decision})
        assert (answer["decision"], answer["decided_by"]) == (decision, "ann")
        assert (answer["state"], answer["command_state"]) == ("ended", None)
        assert answer["disposition"] == "release"
        assert world.link.sent == []
        assert await count(world, CommandRow) == 0
        [item] = await rows(world, Inspection)
        assert (item.decision, item.command, item.disposition) == (None, None, "release")

    run()


@pytest.mark.parametrize(("said", "found"), [(THREAT, "threat"), (CLEAR, "clear")])
def test_an_answer_reveals_the_projection_and_counts(said: dict[str, Any], found: str) -> None:
    @in_world(**NEVER)
    async def run(world: World) -> None:
        analyst = await world.signed_in("ann", Role.ANALYST)
        supervisor = await world.signed_in("sue", Role.SUPERVISOR)
        await cleared(world)
        await projected(world)
        await offered(world)
        answer = await looked_at(world, analyst, said)
        assert answer["revealed"] == {"kind": "knife", "x": 60, "y": 40, "w": 30, "h": 50}
        [row] = await rows(world, LookAnswer)
        assert (row.operator, row.projection, row.answer) == ("ann", "p-1", found)
        assert row.seconds == 7.0
        told = [entry for entry in await audit(supervisor) if entry["object"] == answer["id"]]
        assert [entry["action"] for entry in told] == [
            "review.claim", "second-look.answer", "projection.revealed",
        ]  # fmt: skip
        assert told[-1]["detail"] == {"projection": "p-1", "item": "i-1", "threat": "knife-3"}

    run()


@in_world(**ALWAYS)
async def test_a_cleared_item_reveals_nothing_and_counts_as_harmless(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)
    await offered(world)
    answer = await looked_at(world, analyst)
    assert answer["revealed"] is None
    [row] = await rows(world, LookAnswer)
    assert (row.projection, row.answer) == (None, "threat")


@in_world(**NEVER)
async def test_a_broken_seal_is_told_and_not_counted(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    await cleared(world)
    await projected(world, nonce=bytes(24))
    await offered(world)
    answer = await looked_at(world, analyst)
    assert answer["revealed"] is None
    assert await count(world, LookAnswer) == 0
    [broken] = [e for e in await audit(supervisor) if e["action"] == "projection.seal-broken"]
    assert (broken["actor"], broken["object"]) == (SCANNER.unit, answer["id"])


# A case ends by itself


@in_world(**NEVER)
async def test_what_nobody_came_to_see_is_withdrawn(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)
    await projected(world)
    await offered(world)
    [look] = await waiting(analyst)
    world.time.pass_(seconds=DEADLINES[Phase.WAITING])
    await look_again(world.core)
    assert await waiting(analyst) == []
    assert (await analyst.post(f"/api/review/{look['id']}/claim")).status_code == 409
    assert await count(world, LookAnswer) == 0


@in_world(**NEVER)
async def test_what_is_not_answered_ends_and_is_revealed(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    await cleared(world)
    await projected(world)
    await offered(world)
    [look] = await waiting(analyst)
    await analyst.post(f"/api/review/{look['id']}/claim")
    world.time.pass_(seconds=DEADLINES[Phase.SHOWN])
    late = await analyst.post(f"/api/review/{look['id']}/decision", THREAT)
    assert late.status_code == 409  # even before anybody has noticed that it is late
    await look_again(world.core)
    [ended] = await waiting(analyst, "decided")
    assert (ended["state"], ended["decision"]) == ("ended", None)
    assert ended["revealed"]["kind"] == "knife"
    assert await count(world, LookAnswer) == 0
    actions = [e["action"] for e in await audit(supervisor) if e["object"] == look["id"]]
    assert actions[-2:] == ["second-look.late", "projection.revealed"]


@in_world(**NEVER)
async def test_after_a_restart_what_is_overdue_ends_at_once(world: World) -> None:
    await cleared(world)
    await projected(world)
    world.time.pass_(hours=5)
    await look_again(world.core)  # the first thing that the duty does
    [row] = await rows(world, SecondLook)
    assert (row.phase, row.offered) == ("closed", False)


@in_world(**ALWAYS)
async def test_what_is_put_back_is_over_for_everybody(world: World) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    bob = await world.signed_in("bob", Role.ANALYST)
    await cleared(world)
    await offered(world)
    [look] = await waiting(ann)
    address = f"/api/review/{look['id']}/claim"
    assert (await ann.delete(address)).status_code == 200  # nothing to put back yet
    await ann.post(address)
    assert (await bob.post(address)).status_code == 409
    assert (await bob.delete(address)).status_code == 409
    answered = await bob.post(f"/api/review/{look['id']}/decision", THREAT)
    assert answered.status_code == 409
    assert (await ann.delete(address)).json()["state"] == "ended"
    assert await waiting(bob) == []
    assert await count(world, LookAnswer) == 0


@in_world(**ALWAYS)
async def test_it_is_answered_once_and_by_whoever_opened_it(world: World) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)
    await offered(world)
    [look] = await waiting(ann)
    address = f"/api/review/{look['id']}/decision"
    assert (await ann.post(address, THREAT)).status_code == 409  # nobody has it on the screen
    await ann.post(f"/api/review/{look['id']}/claim")
    assert (await ann.post(f"/api/review/{look['id']}/claim")).status_code == 200  # renewed
    answers = await asyncio.gather(*(ann.post(address, THREAT) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await count(world, LookAnswer) == 1


@in_world(**ALWAYS)
async def test_a_case_is_nobodys_before_it_is_offered_and_its_pictures_are_here(
    world: World,
) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)
    [row] = await rows(world, SecondLook)
    assert (await ann.post(f"/api/review/{row.id}/claim")).status_code == 404
    async with world.core.database.writing() as session:
        [blob] = await session.scalars(select(BlobRow))
        blob.state = "partial"
    await offered(world)
    assert await waiting(ann) == []
    async with world.core.database.writing() as session:
        [blob] = await session.scalars(select(BlobRow))
        blob.state = "whole"
    await look_again(world.core)
    assert len(await waiting(ann)) == 1


@in_world(**ALWAYS)
async def test_held_items_come_first(world: World) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)
    await offered(world)
    await held(world, "i-9")
    first, second = await waiting(ann)
    assert (first["id"], first["second_look"], second["second_look"]) == ("i-9", False, True)
