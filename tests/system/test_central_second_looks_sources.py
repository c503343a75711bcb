"""Where second looks come from, the figures from them, and what must know nothing of them."""

import json
from typing import Any

import pytest

from central.accounts.roles import Role
from central.duties import retain
from central.happening import Misplaced
from central.store.looks import LookAnswer, SealedProjection, SecondLook
from central.store.stories import BlobRow, Inspection, Picture
from contract.inspection import Disposition, Finding
from contract.projection import Made
from models.xray.tip.rules import admissible
from tests.system.central_world import GATE, SCANNER, World, in_world
from tests.system.looks_world import (
    ALWAYS,
    NEVER,
    answers,
    cleared,
    count,
    looked_at,
    offered,
    picture,
    projected,
    rows,
)


@pytest.mark.parametrize(
    "item",
    [
        {"finding": Finding.SUSPECT},
        {"finding": Finding.UNREADABLE},
        {"leaves": False},
        {"lines": 5000},
    ],
    ids=str,
)
def test_only_whole_cleared_items_that_left_are_sampled(item: dict[str, Any]) -> None:
    @in_world(**ALWAYS)
    async def run(world: World) -> None:
        await cleared(world, **item)
        assert await count(world, SecondLook) == 0

    run()


@in_world(**NEVER)
async def test_nothing_is_sampled_where_nobody_wants_it(world: World) -> None:
    for number in range(20):
        await cleared(world, f"i-{number}")
    assert await count(world, SecondLook) == 0


@in_world(**ALWAYS)
async def test_of_one_item_there_is_one_case(world: World) -> None:
    await cleared(world)
    await projected(world)
    [row] = await rows(world, SecondLook)
    assert (row.inspection, row.projection) == ("i-1", None)


@pytest.mark.parametrize(
    "item",
    [{"finding": Finding.SUSPECT}, {"leaves": False}, None],
    ids=str,
)
def test_a_projection_of_another_item_is_refused(item: dict[str, Any] | None) -> None:
    @in_world(**NEVER)
    async def run(world: World) -> None:
        if item is not None:
            await cleared(world, **item)
        with pytest.raises(Misplaced, match="no item that was cleared"):
            await projected(world)
        assert await count(world, SecondLook) == 0

    run()


@in_world(**NEVER)
async def test_a_projection_is_made_once_and_by_its_own_lane(world: World) -> None:
    await cleared(world)
    await projected(world)
    with pytest.raises(Misplaced, match="twice"):
        await projected(world)
    [sealed] = await rows(world, SealedProjection)
    shown = await picture(world, b"another")
    for unit in (SCANNER, GATE):
        [row] = await rows(world, SecondLook)
        again = Made(
            projection=sealed.projection, pictures=[shown], seal=row.seal, reveal_by=row.reveal_by
        )
        with pytest.raises(Misplaced, match="no new projection"):
            await world.tell(unit, "projection.made", again)


# Figures, and what must know nothing of all this


@in_world(**NEVER)
async def test_supervisors_see_how_well_threats_are_found(world: World) -> None:
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    await answers(world, "ann", True, 36, 40)
    await answers(world, "ann", False, 4, 40)
    await answers(world, "bob", True, 3, 3)
    found = (await supervisor.get("/api/detection")).json()
    ann, bob = found["operators"]
    assert found["least"] == 30
    assert (ann["hits"], ann["threats"], ann["alarms"], ann["harmless"]) == (36, 40, 4, 40)
    hit = ann["figures"]["hit_rate"]  # Wilson, 36 of 40: 0.769 to 0.960
    assert (hit["value"], round(hit["low"], 3), round(hit["high"], 3)) == (0.9, 0.769, 0.96)
    assert ann["figures"]["d_prime"]["value"] == pytest.approx(2.49, abs=0.05)
    assert (bob["threats"], bob["figures"]) == (3, None)


@in_world(**NEVER)
async def test_a_projection_is_in_no_figure_and_no_record_of_a_lane(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)

    async def known() -> tuple[str, str, list[str]]:
        fleet = (await analyst.get("/api/fleet")).json()["units"]
        counts = json.dumps([unit["counts"] for unit in fleet])
        metrics = (await world.browser().get("/metrics")).text
        queue = [line for line in metrics.splitlines() if line.startswith("central_queue_depth")]
        items = [row.id for row in await rows(world, Inspection)]
        return counts, "\n".join(queue), items

    before = await known()
    await projected(world)
    await offered(world)
    assert await known() == before
    await looked_at(world, analyst)
    assert await known() == before


@in_world(**NEVER)
async def test_it_is_kept_as_long_as_an_inspection(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await cleared(world)
    await projected(world)
    await offered(world)
    await looked_at(world, analyst)
    world.time.pass_(days=89)
    await retain(world.core)
    tables = (SecondLook, SealedProjection, LookAnswer)
    assert [await count(world, table) for table in tables] == [1, 1, 1]
    world.time.pass_(days=2)
    await retain(world.core)
    assert [await count(world, table) for table in tables] == [0, 0, 0]
    assert await count(world, Picture) == 0
    assert {row.state for row in await rows(world, BlobRow)} == {"erased"}


def test_the_words_of_the_contract_are_those_of_the_rules() -> None:
    assert admissible(Finding.CLEAR, Disposition.RELEASE, in_lane=False)
