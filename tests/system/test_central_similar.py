"""Cargo declared alike: what was released is found beside what is held, until its record goes."""

import shutil
from datetime import timedelta
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from central.accounts.roles import Role
from central.duties import remember, retain
from central.review import similar
from central.review.similar import SimilarCargo
from central.store.stories import Inspection
from contract import inspection
from contract.blob import Blob, Picture
from contract.inspection import Disposition, Identity
from models.xray.similar import describe, packed
from tests.system.central_world import SCANNER, Browser, World, in_world
from tests.system.test_central_review import ended, scanned

CRATES, ROLLS = 12, 40  # pixels between two things of a load


def load(step: int, seed: int = 0) -> str:
    """The descriptor, as it travels, of things that stand ``step`` pixels apart."""
    noise = np.random.default_rng(seed).normal(0, 0.02, (2, 160, 240))
    deep: NDArray[np.float64] = 1.5 + np.sin(np.arange(240) * 2 * np.pi / step)
    return packed(describe(np.stack([deep * 1.4, deep])[:, None, :] + np.clip(noise, -0.1, 0.1)))


def cargo(name: str, descriptor: str | None, chapter: str | None = "84") -> inspection.Scanned:
    picture = Picture(
        kind="high",
        blob=Blob(sha256=sha256(name.encode()).hexdigest(), size=10, media_type="image/jxl"),
        width=20,
        height=10,
        bits=16,
        personal=False,
    )
    known = {"descriptor": descriptor, "identity": Identity(chapter=chapter)}
    return scanned(name).model_copy(update={**known, "pictures": [picture]})


async def left(
    world: World, how: Disposition, name: str, descriptor: str | None, chapter: str = "84"
) -> None:
    """Let an item be scanned and leave the lane."""
    away = ended(name).model_copy(update={"disposition": how})
    await world.tell(SCANNER, "inspection.scanned", cargo(name, descriptor, chapter))
    await world.tell(SCANNER, "inspection.ended", away)


async def released(world: World, *names: str, step: int = CRATES, chapter: str = "84") -> None:
    for seed, name in enumerate(names, 1):
        await left(world, Disposition.RELEASE, name, load(step, seed), chapter)


async def beside(browser: Browser, name: str, top: int = 5) -> dict[str, Any]:
    answer = await browser.get(f"/api/review/{name}/similar?top={top}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def names(browser: Browser, name: str, top: int = 5) -> list[str]:
    return [item["inspection"] for item in (await beside(browser, name, top))["items"]]


@in_world
async def test_what_was_released_is_found_the_most_alike_first(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await released(world, "far", step=ROLLS)
    await released(world, "near-a", "near-b")
    await released(world, "other", chapter="61")
    await left(world, Disposition.DIVERT, "diverted", load(CRATES, 8))
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES, 9)))
    await remember(world.core)
    found = (await beside(analyst, "now"))["items"]
    assert {item["inspection"] for item in found[:2]} == {"near-a", "near-b"}
    assert [item["inspection"] for item in found[2:]] == ["far"]
    likeness = [item["likeness"] for item in found]
    assert likeness == sorted(likeness, reverse=True)
    assert likeness[1] > 0.95 > likeness[2]
    assert found[2]["at"] == "2026-03-01T08:00:00Z"
    assert [picture["sha256"] for picture in found[2]["pictures"]] == [sha256(b"far").hexdigest()]
    assert len(await names(analyst, "now", top=1)) == 1


@in_world
async def test_an_item_is_not_beside_itself(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await released(world, "i-1", "i-2")
    await remember(world.core)
    assert await names(analyst, "i-1") == ["i-2"]


@in_world
async def test_each_round_adds_what_is_new(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES)))
    for name in ("i-1", "i-2", "i-3"):
        await released(world, name)
        world.time.pass_(minutes=20)
        await remember(world.core)
        await remember(world.core)
    await analyst.sign_in("ann")
    assert sorted(await names(analyst, "now")) == ["i-1", "i-2", "i-3"]


@in_world
async def test_more_than_a_page_closed_at_one_moment_is_remembered(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES)))
    await released(world, *(f"i-{n}" for n in range(7)))
    similar._AT_ONCE, before = 3, similar._AT_ONCE  # type: ignore[misc]
    try:
        await remember(world.core)
    finally:
        similar._AT_ONCE = before  # type: ignore[misc]
    assert len(await names(analyst, "now", top=20)) == 7


@in_world
async def test_what_is_deleted_is_forgotten(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await released(world, "old")
    await remember(world.core)
    world.time.pass_(days=60)
    await released(world, "young")
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES)))
    await remember(world.core)
    world.time.pass_(days=31)
    await retain(world.core)
    await analyst.sign_in("ann")
    assert await names(analyst, "now") == ["young"]
    await remember(world.core)
    assert await world.core.similar._with(lambda index: index.pictures()) == ["young"]


@in_world
async def test_a_lost_index_is_made_again_and_one_that_knows_too_much_is_mended(
    world: World,
) -> None:
    await released(world, "i-1", "i-2")
    await remember(world.core)
    await world.core.similar.close()
    folder = world.core.config.data / "similar"
    shutil.rmtree(folder)
    again = SimilarCargo(folder, world.core.database)
    await again.catch_up()
    assert sorted(await again._with(lambda index: index.pictures())) == ["i-1", "i-2"]
    await again.close()
    await world.tell(SCANNER, "inspection.scanned", cargo("i-3", load(CRATES)))
    async with world.core.database.writing() as session:
        await session.delete(await session.get_one(Inspection, "i-1"))
    third = SimilarCargo(folder, world.core.database)
    await third.catch_up()
    assert await third._with(lambda index: index.pictures()) == ["i-2"]
    await third.close()


@in_world
async def test_a_record_that_is_gone_is_not_shown_though_the_index_knows_it(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await released(world, "i-1")
    await remember(world.core)
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES)))
    world.core.similar._seen = world.time() + timedelta(days=400)
    async with world.core.database.writing() as session:
        await session.delete(await session.get_one(Inspection, "i-1"))
    assert await names(analyst, "now") == []


@in_world
async def test_where_nothing_can_be_compared_it_says_why(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    for name, descriptor, chapter, why in (
        ("i-1", load(CRATES), None, "no HS chapter is declared"),
        ("i-2", None, "84", "has not told what this picture looks like"),
        ("i-3", "???", "84", "is no descriptor"),
        ("i-4", load(CRATES), "97", "no earlier item of chapter 97"),
    ):
        await world.tell(SCANNER, "inspection.scanned", cargo(name, descriptor, chapter))
        answer = await beside(analyst, name)
        assert answer["items"] == []
        assert why in answer["reason"]
    assert (await analyst.get("/api/review/i-9/similar")).status_code == 404
    assert (await analyst.get("/api/review/i-4/similar?top=0")).status_code == 422


@in_world
async def test_a_descriptor_that_is_none_costs_the_others_nothing(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await left(world, Disposition.RELEASE, "bad", "A" * 17)
    await released(world, "good")
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES)))
    await remember(world.core)
    assert await names(analyst, "now") == ["good"]


@in_world
async def test_an_index_that_cannot_be_used_is_told_and_holds_no_retention_up(
    world: World,
) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    (world.core.config.data / "similar").write_bytes(b"no folder")
    await released(world, "i-1")
    await world.tell(SCANNER, "inspection.scanned", cargo("now", load(CRATES)))
    answer = await analyst.get("/api/review/now/similar")
    assert answer.status_code == 503
    assert "the index cannot be opened" in answer.json()["error"]["message"]
    world.time.pass_(days=91)
    await retain(world.core)
    async with world.core.database.reading() as session:
        assert await session.get(Inspection, "i-1") is None
