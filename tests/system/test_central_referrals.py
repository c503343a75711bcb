"""A referral from its pictures to their end."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from central.accounts.roles import Role
from central.duties import erase, retain
from central.happening import Misplaced
from central.review.pictures import LATE, UNNAMED
from central.store.stories import BlobRow
from contract import passage
from contract.blob import Blob, Picture
from contract.command import Execution, Verb
from contract.passage import Check, OfficerDecision, Outcome, Status, Verdict
from tests.system.central_world import GATE, SCANNER, Browser, World, in_world

FACE = b"\xff\xd8 a face, or as good as one"
PERSONAL: dict[str, Any] = {"personal": True}
APPROVE = {"decision": "approve", "reason": "looked at the document"}


def picture(content: bytes = FACE, kind: str = "face") -> Picture:
    digest = hashlib.sha256(content).hexdigest()
    blob = Blob(sha256=digest, size=len(content), media_type="image/jpeg")
    return Picture(kind=kind, blob=blob, width=30, height=40, bits=8, personal=True)


def decided(
    name: str = "p-1", verdict: Verdict = Verdict.REFER, pictures: list[Picture] | None = None
) -> passage.Decided:
    return passage.Decided(
        passage=name,
        verdict=verdict,
        reasons=["face-mismatch"],
        checks=[Check(name="face", status=Status.FAILED, detail="score 0.31 under 0.40")],
        document_format="TD3",
        issuing_state="QAT",
        stages_ms={"mrz": 120.0},
        pictures=[picture()] if pictures is None else pictures,
    )


def ended(name: str = "p-1") -> passage.Ended:
    return passage.Ended(
        passage=name, outcome=Outcome.CROSSED, seconds=31.5, stages_ms={"exit": 900.0}
    )


async def referred(world: World, name: str = "p-1") -> str:
    """Refer a traveller; return the address of their picture."""
    await world.come_online(GATE)
    digest = await world.upload(GATE, FACE, **PERSONAL)
    await world.tell(GATE, "passage.started", passage.Started(passage=name))
    await world.tell(GATE, "passage.decided", decided(name))
    return digest


async def referrals(browser: Browser, state: str = "open") -> list[dict[str, Any]]:
    answer = await browser.get(f"/api/referrals?state={state}")
    return answer.json()["referrals"]  # type: ignore[no-any-return]


def on_disk(world: World) -> list[str]:
    """Every file that holds picture bytes."""
    return [p.name for p in (world.core.config.data / "blobs").rglob("*") if p.is_file()]


@in_world
async def test_a_referral_shows_what_the_officer_needs(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    digest = await referred(world)
    [item] = await referrals(officer)
    assert item == {
        "id": "p-1",
        "site": "doh",
        "unit": "egate-07",
        "decided_at": "2026-03-01T08:00:00Z",
        "reasons": ["face-mismatch"],
        "checks": [{"name": "face", "status": "failed", "detail": "score 0.31 under 0.40"}],
        "document_format": "TD3",
        "issuing_state": "QAT",
        "pictures": [
            {
                "kind": "face",
                "sha256": digest,
                "width": 30,
                "height": 40,
                "bits": 8,
                "available": True,
            }
        ],
        "state": "open",
        "decision": None,
        "decided_by": None,
        "command_state": None,
        "waiting_since": "2026-03-01T08:00:00Z",
        "assisted_by": None,
        "assist_state": None,
        "handed_over_by": None,
        "handed_over_to": None,
        "handover_reason": None,
    }
    image = await officer.get(f"/api/images/{digest}")
    assert image.content == FACE
    assert image.headers["content-type"] == "image/jpeg"
    assert image.headers["cache-control"] == "no-store"


@in_world
async def test_decide_resolve_end_and_the_pictures_are_gone(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    digest = await referred(world)
    answer = await officer.post("/api/referrals/p-1/decision", APPROVE)
    assert (answer.json()["state"], answer.json()["decision"]) == ("decided", "approve")
    [command] = world.link.sent
    assert command.verb is Verb.DECIDE_PASSAGE
    assert command.args == {
        "passage": "p-1",
        "decision": "approve",
        "reason": "looked at the document",
    }
    assert (await officer.post("/api/referrals/p-1/decision", APPROVE)).status_code == 409
    resolved = passage.Resolved(
        passage="p-1", decision=OfficerDecision.APPROVE, operator="olu", reason="looked"
    )
    await world.tell(GATE, "passage.resolved", resolved)
    await world.answer(command, Execution.DONE)
    assert on_disk(world) == [digest]

    await world.tell(GATE, "passage.ended", ended())
    assert on_disk(world) == []
    assert (await officer.get(f"/api/images/{digest}")).status_code == 404
    [item] = await referrals(officer, "decided")
    assert (item["state"], item["command_state"]) == ("ended", "done")
    assert item["pictures"][0]["available"] is False
    async with world.core.database.reading() as session:
        row = await session.get_one(BlobRow, digest)
        assert (row.state, row.size) == ("erased", len(FACE))
    [walk] = (await officer.get("/api/passages")).json()["passages"]
    assert (walk["outcome"], walk["seconds"]) == ("crossed", 31.5)
    assert walk["stages_ms"] == {"mrz": 120.0, "exit": 900.0}


@in_world
async def test_who_waits_and_asks_for_help_is_read_by_the_officer(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    for wish in ("assistance", "safeguarding", "assistance"):
        await world.tell(GATE, "passage.asked", passage.Asked(passage="p-1", wish=wish))
    [item] = await referrals(officer)
    assert item["reasons"] == ["face-mismatch", "assistance", "safeguarding"]
    with pytest.raises(Misplaced):
        await world.tell(SCANNER, "passage.asked", passage.Asked(passage="p-1", wish="assistance"))


@in_world
async def test_an_ended_passage_closes_its_referral_undecided(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    await world.tell(GATE, "passage.ended", ended())
    assert await referrals(officer) == []
    late = await officer.post("/api/referrals/p-1/decision", APPROVE)
    assert late.status_code == 409
    assert "p-1 is over" in late.json()["error"]["message"]
    assert world.link.sent == []


@in_world
async def test_a_traveller_s_pictures_are_for_officers_and_every_look_is_noted(
    world: World,
) -> None:
    digest = await referred(world)
    for role, code in ((Role.VIEWER, 403), (Role.ANALYST, 403), (Role.OFFICER, 200)):
        someone = await world.signed_in(f"a-{role}", role)
        assert (await someone.get(f"/api/images/{digest}")).status_code == code
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    entries = (await supervisor.get("/api/audit")).json()["entries"]
    [look] = [entry for entry in entries if entry["action"] == "picture.seen"]
    assert (look["actor"], look["object"]) == ("a-officer", "p-1")


@in_world
async def test_a_personal_picture_without_an_open_referral_is_shown_to_nobody(
    world: World,
) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await world.come_online(GATE)
    digest = await world.upload(GATE, FACE, **PERSONAL)
    assert (await officer.get(f"/api/images/{digest}")).status_code == 404


@in_world
async def test_a_picture_called_harmless_by_its_seal_is_personal_by_its_event(
    world: World,
) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    digest = await world.upload(GATE, FACE)  # sealed as not personal
    await world.tell(GATE, "passage.decided", decided())
    image = await officer.get(f"/api/images/{digest}")
    assert image.headers["cache-control"] == "no-store"
    await world.tell(GATE, "passage.ended", ended())
    assert on_disk(world) == []


@in_world
async def test_a_decision_that_comes_after_the_end_opens_nothing(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await world.upload(GATE, FACE, **PERSONAL)
    await world.tell(GATE, "passage.ended", ended())
    await world.tell(GATE, "passage.decided", decided())
    assert await referrals(officer) == []
    assert on_disk(world) == []


@in_world
async def test_a_resolution_that_comes_first_is_not_lost(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    resolved = passage.Resolved(
        passage="p-1", decision=OfficerDecision.REFUSE, operator="eva", reason="stolen document"
    )
    await world.tell(GATE, "passage.resolved", resolved)
    await world.tell(GATE, "passage.decided", decided())
    assert await referrals(officer) == []
    [item] = await referrals(officer, "decided")
    assert (item["decision"], item["decided_by"]) == ("refuse", "eva")


@in_world
async def test_the_same_bytes_live_as_long_as_one_open_referral_shows_them(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    digest = await referred(world, "p-1")
    await world.tell(GATE, "passage.decided", decided("p-2"))
    await world.tell(GATE, "passage.ended", ended("p-1"))
    assert (await officer.get(f"/api/images/{digest}")).status_code == 200
    await world.tell(GATE, "passage.ended", ended("p-2"))
    assert on_disk(world) == []


@in_world
async def test_erased_bytes_may_come_again_with_another_passage(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    digest = await referred(world, "p-1")
    await world.tell(GATE, "passage.ended", ended("p-1"))
    assert await referred(world, "p-2") == digest
    assert (await officer.get(f"/api/images/{digest}")).content == FACE


@in_world
async def test_a_picture_that_comes_after_the_end_is_unseen_and_soon_gone(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await world.tell(GATE, "passage.decided", decided())
    await world.tell(GATE, "passage.ended", ended())
    digest = await world.upload(GATE, FACE, **PERSONAL)
    assert (await officer.get(f"/api/images/{digest}")).status_code == 404
    world.time.pass_(seconds=LATE.total_seconds() - 1)
    await erase(world.core)
    assert on_disk(world) == [digest]
    world.time.pass_(seconds=2)
    await erase(world.core)
    assert on_disk(world) == []


@in_world
async def test_a_picture_that_no_event_names_waits_a_day(world: World) -> None:
    digest = await world.upload(GATE, FACE, **PERSONAL)
    harmless = await world.upload(GATE, b"a plain picture")
    world.time.pass_(seconds=UNNAMED.total_seconds() - 1)
    await erase(world.core)
    assert sorted(on_disk(world)) == sorted([digest, harmless])
    world.time.pass_(seconds=2)
    await erase(world.core)
    assert on_disk(world) == [harmless]


@in_world
async def test_half_a_picture_goes_as_well(world: World) -> None:
    digest = hashlib.sha256(FACE).hexdigest()
    answer = await world.browser().http.put(
        f"/blobs/sha256/{digest}", content=FACE[:5], headers=world.seal(GATE, FACE, **PERSONAL)
    )
    assert answer.status_code == 202
    await world.tell(GATE, "passage.decided", decided())
    await world.tell(GATE, "passage.ended", ended())
    assert on_disk(world) == []


@in_world
async def test_another_unit_cannot_end_a_passage(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    digest = await referred(world)
    with pytest.raises(Misplaced, match="doh/scanner-01 speaks of p-1, which is egate-07's"):
        await world.tell(SCANNER, "passage.ended", ended())
    assert (await officer.get(f"/api/images/{digest}")).status_code == 200


@in_world
async def test_past_its_retention_a_record_goes_with_its_pictures(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER, Role.SUPERVISOR)
    digest = await referred(world)
    await world.tell(GATE, "passage.ended", ended())
    world.time.pass_(days=30, seconds=1)
    await retain(world.core)
    await officer.sign_in("olu")
    assert (await officer.get("/api/passages")).json()["passages"] == []
    async with world.core.database.reading() as session:
        assert (await session.get_one(BlobRow, digest)).state == "erased"
    trail = (await officer.get("/api/audit")).json()
    assert trail["chain_valid"] is True
    [gone] = [entry for entry in trail["entries"] if entry["action"] == "retention"]
    assert gone["detail"] == {"passages": 1, "inspections": 0, "second_looks": 0}


@in_world
async def test_a_lane_with_a_wrong_clock_changes_no_order_and_no_retention(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    for name, error in (("p-1", timedelta(days=400)), ("p-2", -timedelta(days=20_000))):
        world.lane_clock_error = error
        await world.tell(GATE, "passage.decided", decided(name, pictures=[]))
        world.time.pass_(minutes=1)
    assert [item["id"] for item in await referrals(officer)] == ["p-1", "p-2"]
    for name in ("p-1", "p-2"):
        await world.tell(GATE, "passage.ended", ended(name))
    await retain(world.core)
    assert len((await officer.get("/api/passages")).json()["passages"]) == 2
    world.time.pass_(days=31)
    await retain(world.core)
    await officer.sign_in("olu")
    assert (await officer.get("/api/passages")).json()["passages"] == []


@in_world
async def test_how_long_people_take_is_measured(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    world.time.pass_(seconds=25)
    metrics = (await officer.get("/metrics")).text
    assert 'central_queue_depth{queue="referral"} 1.0' in metrics
    assert 'central_queue_age_seconds{queue="referral"} 25.0' in metrics
    await officer.post("/api/referrals/p-1/decision", APPROVE)
    metrics = (await officer.get("/metrics")).text
    assert 'central_queue_depth{queue="referral"} 0.0' in metrics
    assert 'central_decision_seconds_sum{queue="referral"} 25.0' in metrics
    assert 'central_events_ingested_total{type="passage.decided"} 1.0' in metrics
    assert "central_units_online 1.0" in metrics
    assert 'route="/api/referrals/{id}/decision",status="200"' in metrics


@in_world
async def test_a_passage_is_decided_once(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    with pytest.raises(Misplaced, match="decides p-1 twice"):
        await world.tell(GATE, "passage.decided", decided("p-1", Verdict.CLEAR, []))
    assert len(await referrals(officer)) == 1


@in_world
async def test_a_cleared_passage_is_nobody_s_business(world: World) -> None:
    officer = await world.signed_in("olu", Role.OFFICER)
    await world.come_online(GATE)
    await world.tell(GATE, "passage.started", passage.Started(passage="p-9"))
    await world.tell(GATE, "passage.decided", decided("p-9", Verdict.CLEAR, []))
    assert await referrals(officer) == []
    assert (await officer.post("/api/referrals/p-9/decision", APPROVE)).status_code == 404
