"""Officers and the travellers who wait: somebody comes, a hand-over, what is said in confidence."""

import json

import pytest

from central.accounts.roles import Role
from central.api.guard import look_up
from central.api.stream import lines
from contract import passage
from contract.command import Execution, Verb
from contract.health import Fault
from contract.passage import Check, OfficerDecision, Status, Verdict
from tests.system.central_world import GATE, Browser, World, in_world
from tests.system.test_central_referrals import (
    APPROVE,
    decided,
    ended,
    picture,
    referrals,
    referred,
)

HANDOVER = {"reason": "speaks the language"}
APPROVED = passage.Resolved(
    passage="p-1", decision=OfficerDecision.APPROVE, operator="olu", reason="looked"
)


async def trail(world: World, about: str = "p-1") -> list[tuple[str, str]]:
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    entries = (await supervisor.get("/api/audit")).json()["entries"]
    return [(entry["actor"], entry["action"]) for entry in entries if entry["object"] == about]


@in_world
async def test_somebody_comes_and_the_lane_tells_the_traveller(world: World) -> None:
    olu = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    answer = (await olu.post("/api/referrals/p-1/assist")).json()
    assert (answer["assisted_by"], answer["assist_state"]) == ("olu", "sent")
    assert (answer["state"], answer["command_state"]) == ("open", None)
    [command] = world.link.sent
    assert (command.verb, command.args) == (Verb.ASSIST, {"passage": "p-1"})
    await world.answer(command, Execution.DONE)
    [item] = await referrals(olu)
    assert (item["state"], item["assist_state"]) == ("open", "done")
    again = await olu.post("/api/referrals/p-1/assist")
    assert again.status_code == 409
    assert "olu has told the traveller" in again.json()["error"]["message"]
    assert (await olu.post("/api/referrals/p-1/decision", APPROVE)).status_code == 200
    assert await trail(world) == [("olu", "command.assist"), ("olu", "command.decide-passage")]


@pytest.mark.parametrize("how", [Execution.REFUSED, Execution.FAILED])
def test_what_the_lane_did_not_say_may_be_said_again(how: Execution) -> None:
    @in_world
    async def run(world: World) -> None:
        olu = await world.signed_in("olu", Role.OFFICER)
        eva = await world.signed_in("eva", Role.OFFICER)
        await referred(world)
        await olu.post("/api/referrals/p-1/assist")
        await world.answer(world.link.sent[0], how, "the screen is away")
        [item] = await referrals(eva)
        assert (item["assist_state"], item["state"]) == (how.value, "open")
        assert (await eva.post("/api/referrals/p-1/assist")).json()["assisted_by"] == "eva"

    run()


@in_world
async def test_nobody_comes_to_what_is_over_or_unknown_or_cannot_be_reached(world: World) -> None:
    olu = await world.signed_in("olu", Role.OFFICER)
    assert (await olu.post("/api/referrals/p-1/assist")).status_code == 404
    await referred(world)
    await world.present(GATE, online=False)
    assert (await olu.post("/api/referrals/p-1/assist")).status_code == 409
    await world.come_online(GATE)
    world.link.down = True
    assert (await olu.post("/api/referrals/p-1/assist")).status_code == 503
    assert (await referrals(olu))[0]["assist_state"] == "failed"
    await world.tell(GATE, "passage.ended", ended())
    assert (await olu.post("/api/referrals/p-1/assist")).status_code == 409
    assert (await olu.post("/api/referrals/p-1/handover", HANDOVER)).status_code == 409


@in_world
async def test_a_referral_is_handed_over_and_stays_open(world: World) -> None:
    olu = await world.signed_in("olu", Role.OFFICER)
    await world.user("eva", Role.OFFICER)
    await world.user("ann", Role.ANALYST)
    await referred(world)
    assert (await olu.get("/api/officers")).json() == {"officers": ["eva", "olu"]}
    assert (await olu.post("/api/referrals/p-1/handover", {"to": "eva"})).status_code == 422
    for nobody in ("ann", "olu", "no-such"):
        body = HANDOVER | {"to": nobody}
        answer = await olu.post("/api/referrals/p-1/handover", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no-officer")
    body = HANDOVER | {"to": "eva"}
    item = (await olu.post("/api/referrals/p-1/handover", body)).json()
    assert (item["handed_over_by"], item["handed_over_to"], item["state"]) == ("olu", "eva", "open")
    assert item["handover_reason"] == "speaks the language"
    item = (await olu.post("/api/referrals/p-1/handover", HANDOVER)).json()
    assert item["handed_over_to"] is None
    assert world.link.sent == []
    assert (await olu.post("/api/referrals/p-1/decision", APPROVE)).status_code == 200
    assert [action for _, action in await trail(world)][:2] == ["referral.handover"] * 2


@in_world
async def test_the_longest_waiting_is_first_by_when_it_began_to_wait(world: World) -> None:
    olu = await world.signed_in("olu", Role.OFFICER)
    await world.tell(GATE, "passage.started", passage.Started(passage="slow"))
    world.time.pass_(seconds=1)
    await world.tell(GATE, "passage.decided", decided("quick", pictures=[]))
    world.time.pass_(seconds=1)
    await world.tell(GATE, "passage.decided", decided("slow", pictures=[]))
    assert [item["id"] for item in await referrals(olu)] == ["quick", "slow"]


# Referred at the entry, approved, and looked at again inside


@in_world
async def test_flagged_again_inside_it_waits_again_with_all_its_pictures(world: World) -> None:
    olu = await world.signed_in("olu", Role.OFFICER)
    page, face = picture(b"the page", "page"), picture(b"the face", "face")
    await world.come_online(GATE)
    await world.tell(GATE, "passage.decided", decided(pictures=[page]))
    await olu.post("/api/referrals/p-1/assist")
    await olu.post("/api/referrals/p-1/handover", HANDOVER)
    await olu.post("/api/referrals/p-1/decision", APPROVE)
    await world.tell(GATE, "passage.resolved", APPROVED)
    await world.answer(world.link.sent[-1], Execution.DONE)
    world.time.pass_(seconds=40)
    inside = decided(pictures=[page, face]).model_copy(update={"reasons": ["face-image.aborted"]})
    await world.tell(GATE, "passage.decided", inside)
    [item] = await referrals(olu)
    assert [shown["kind"] for shown in item["pictures"]] == ["page", "face"]
    assert (item["reasons"], item["waiting_since"][14:19]) == (["face-image.aborted"], "00:40")
    fresh = ("decision", "command_state", "assisted_by", "handed_over_by", "handover_reason")
    assert [item[name] for name in fresh] == [None] * len(fresh)
    assert (await olu.post("/api/referrals/p-1/decision", APPROVE)).status_code == 200
    units = (await olu.get("/api/fleet")).json()["units"]
    assert sum(unit["counts"]["referred_or_held"] for unit in units) == 1


@in_world
async def test_clear_inside_it_stays_an_approved_referral(world: World) -> None:
    olu = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    await world.tell(GATE, "passage.resolved", APPROVED)
    await world.tell(GATE, "passage.decided", decided("p-1", Verdict.CLEAR, []))
    assert await referrals(olu) == []
    [item] = await referrals(olu, "decided")
    assert (item["state"], item["decision"], item["reasons"]) == (
        "decided", "approve", ["face-mismatch"]
    )  # fmt: skip


# In confidence


def confided() -> passage.Decided:
    checks = [Check(name="safeguarding", status=Status.FAILED), *decided().checks]
    reasons = ["mrz.failed", "safeguarding", "assistance"]
    return decided().model_copy(update={"reasons": reasons, "checks": checks})


async def heard(world: World, browser: Browser, count: int) -> str:
    """Return the text of the next ``count`` events that ``browser`` hears when p-1 is decided."""
    found = await look_up(world.core, browser.http.cookies["bc_session"])
    assert found is not None
    stream = lines(world.core, found[0])
    await anext(stream)
    told = [("referral", "p-1"), ("passage", "p-1"), ("fleet", GATE.unit)]
    world.core.notices.note(told)
    return "".join([await anext(stream) for _ in range(count)])


@pytest.mark.parametrize("role", list(Role))
def test_only_officers_see_what_was_asked_in_confidence(role: Role) -> None:
    @in_world
    async def run(world: World) -> None:
        someone = await world.signed_in("someone", role)
        eva = await world.signed_in("eva", Role.OFFICER)
        await world.come_online(GATE)
        await world.tell(GATE, "passage.decided", confided())
        for name in ("Safeguarding", "Assistance"):
            asked = Fault(name=name, device="display", detail="", phase="idle", raised=True)
            await world.tell(GATE, "health.fault", asked)
        body = {"reason": "she asked for safeguarding"}
        assert (await eva.post("/api/referrals/p-1/handover", body)).status_code == 200
        answers = [await someone.get(f"/api/{name}") for name in ("referrals", "passages", "fleet")]
        stream = await heard(world, someone, 3)
        texts = [answer.text for answer in answers] + stream.strip().split("\n\n")
        may = role in (Role.OFFICER, Role.SUPERVISOR, Role.ADMIN)
        assert ["safeguarding" in text.lower() for text in texts] == [may] * 6
        if not may:
            [gate] = [unit for unit in answers[2].json()["units"] if unit["unit"] == GATE.unit]
            assert [fault["name"] for fault in gate["faults"]] == ["Assistance"]
            [item] = answers[0].json()["referrals"]
            assert item["reasons"] == ["mrz.failed", "assistance"]  # as if that alone had been said

    run()


@in_world
async def test_what_everybody_may_see_is_the_same_for_all(world: World) -> None:
    viewer = await world.signed_in("vic", Role.VIEWER)
    olu = await world.signed_in("olu", Role.OFFICER)
    await referred(world)
    assert await referrals(viewer) == await referrals(olu)
    told = [await heard(world, who, 3) for who in (viewer, olu)]
    first, second = (text.partition("event: referral\ndata: ")[2].split("\n")[0] for text in told)
    assert first == second
    assert json.loads(first) == (await referrals(olu))[0]
