import asyncio
from typing import Any

import pytest

from central.accounts.roles import Role
from central.duties import give_up_on_silence
from central.happening import Misplaced
from contract import inspection
from contract.blob import Blob, Picture
from contract.command import Execution, Result, Verb
from contract.inspection import Check, Disposition, Finding, Identity, Radiation, Region
from tests.system.central_world import GATE, SCANNER, World, in_world

DECISION = {"disposition": "release", "reason": "a bottle of water", "tools": ["window", "zoom"]}


def scanned(name: str = "i-1", disposition: Disposition = Disposition.HOLD) -> inspection.Scanned:
    return inspection.Scanned(
        inspection=name,
        item="bag-1",
        finding=Finding.SUSPECT,
        disposition=disposition,
        score=0.91,
        threshold=0.5,
        regions=[Region(x=1, y=2, w=3, h=4, score=0.9)],
        pictures=[
            Picture(
                kind="high",
                blob=Blob(sha256="a" * 64, size=10, media_type="image/jxl"),
                width=20,
                height=10,
                bits=16,
                personal=False,
            )
        ],
        checks=[
            Check(name="recogniser", finding=Finding.SUSPECT, score=0.91),
            Check(name="radiation", finding=Finding.CLEAR, detail="gamma +0.3 σ"),
        ],
        identity=Identity(container="CSQU3054383", weight_kg=1234.0),
        radiation=Radiation(occupancy=7, gamma_sigma=0.3),
        lost_lines=2,
        notes=["2 lines lost"],
        stages_ms={"scan": 900.0},
    )


def ended(name: str = "i-1") -> inspection.Ended:
    return inspection.Ended(
        inspection=name,
        disposition=Disposition.RELEASE,
        seconds=42.0,
        beam_on_s=1.5,
        stages_ms={"release": 5.0},
    )


async def held(world: World, name: str = "i-1") -> None:
    await world.come_online(SCANNER)
    await world.tell(SCANNER, "inspection.scanned", scanned(name))


async def items(browser: Any, state: str = "open") -> list[dict[str, Any]]:
    answer = await browser.get(f"/api/review?state={state}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]  # type: ignore[no-any-return]


@in_world
async def test_a_held_item_waits_and_says_what_was_found(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    [item] = await items(analyst)
    assert item == {
        "id": "i-1",
        "site": "doh",
        "unit": "scanner-01",
        "item": "bag-1",
        "scanned_at": "2026-03-01T08:00:00Z",
        "finding": "suspect",
        "score": 0.91,
        "threshold": 0.5,
        "disposition": "hold",
        "state": "open",
        "claimed_by": None,
        "decided_by": None,
        "decision": None,
        "decision_reason": None,
        "notes": ["2 lines lost"],
        "lost_lines": 2,
        "checks": [
            {
                "name": "recogniser",
                "finding": "suspect",
                "detail": "",
                "score": 0.91,
                "regions": [],
            },
            {
                "name": "radiation",
                "finding": "clear",
                "detail": "gamma +0.3 σ",
                "score": None,
                "regions": [],
            },
        ],
        "identity": {
            "container": "CSQU3054383",
            "declared": None,
            "chapter": None,
            "weight_kg": 1234.0,
        },
        "radiation": {
            "occupancy": 7,
            "gamma_sigma": 0.3,
            "neutron_sigma": None,
            "alarms": [],
        },
        "regions": [{"x": 1, "y": 2, "w": 3, "h": 4, "score": 0.9}],
        "pictures": [
            {
                "kind": "high",
                "sha256": "a" * 64,
                "width": 20,
                "height": 10,
                "bits": 16,
                "available": False,
            }
        ],
        "command_state": None,
        "second_look": False,
        "revealed": None,
    }


@in_world
async def test_a_released_item_waits_for_nobody(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await world.come_online(SCANNER)
    await world.tell(SCANNER, "inspection.scanned", scanned("i-2", Disposition.RELEASE))
    assert await items(analyst) == []
    assert await items(analyst, "decided") == []
    assert (await analyst.post("/api/review/i-2/claim")).status_code == 404


@in_world
async def test_claim_decide_resolve_end(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    claimed = await analyst.post("/api/review/i-1/claim")
    assert (claimed.json()["state"], claimed.json()["claimed_by"]) == ("claimed", "ann")

    world.time.pass_(seconds=20)
    decided = (await analyst.post("/api/review/i-1/decision", DECISION)).json()
    assert decided["state"] == "decided"
    assert decided["command_state"] == "sent"
    assert decided["decided_by"] == "ann"
    assert await items(analyst) == []

    [command] = world.link.sent
    assert command.verb is Verb.DECIDE_INSPECTION
    assert command.args == {
        "inspection": "i-1",
        "disposition": "release",
        "reason": "a bottle of water",
    }
    assert (command.unit, command.operator) == ("scanner-01", "ann")
    assert command.if_state_version == 7
    assert (command.not_after - world.time()).total_seconds() == 30

    resolved = inspection.Resolved(
        inspection="i-1", disposition=Disposition.RELEASE, operator="ann", reason="a bottle"
    )
    await world.tell(SCANNER, "inspection.resolved", resolved)
    await world.answer(command, Execution.DONE)
    [item] = await items(analyst, "decided")
    assert (item["state"], item["command_state"]) == ("decided", "done")
    assert item["disposition"] == "release"

    await world.tell(SCANNER, "inspection.ended", ended())
    [item] = await items(analyst, "decided")
    assert item["state"] == "ended"
    [unit] = [u for u in (await analyst.get("/api/fleet")).json()["units"] if u["kind"] != "egate"]
    assert unit["counts"] == {"ended": 1, "referred_or_held": 1}


@in_world
async def test_the_command_carries_the_latest_challenge(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    challenge = await world.challenge(SCANNER, state_version=12)
    await analyst.post("/api/review/i-1/decision", DECISION)
    [command] = world.link.sent
    assert (command.challenge, command.if_state_version) == (challenge.nonce, 12)


@in_world
async def test_of_two_who_decide_at_once_one_is_told_that_they_were_late(world: World) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    bob = await world.signed_in("bob", Role.ANALYST)
    await held(world)
    answers = await asyncio.gather(
        *(b.post("/api/review/i-1/decision", DECISION) for b in (ann, bob, ann, bob))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(world.link.sent) == 1
    late = next(answer for answer in answers if answer.status_code == 409)
    assert "has decided i-1 already: release" in late.json()["error"]["message"]


@in_world
async def test_an_item_is_put_back_by_whoever_claimed_it(world: World) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    bob = await world.signed_in("bob", Role.ANALYST)
    await held(world)
    await ann.post("/api/review/i-1/claim")
    assert (await bob.delete("/api/review/i-1/claim")).status_code == 409
    answer = await ann.delete("/api/review/i-1/claim")
    assert (answer.json()["state"], answer.json()["claimed_by"]) == ("open", None)
    assert (await ann.delete("/api/review/i-1/claim")).status_code == 200  # twice is once
    assert (await bob.post("/api/review/i-1/claim")).status_code == 200
    assert (await ann.delete("/api/review/no-such/claim")).status_code == 404
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    entries = (await supervisor.get("/api/audit")).json()["entries"]
    done = [(e["actor"], e["action"]) for e in entries if e["object"] == "i-1"]
    assert done == [("ann", "review.claim"), ("ann", "review.put-back"), ("bob", "review.claim")]


@in_world
async def test_a_claim_keeps_others_off_until_it_is_old(world: World) -> None:
    ann = await world.signed_in("ann", Role.ANALYST)
    bob = await world.signed_in("bob", Role.ANALYST)
    await held(world)
    await ann.post("/api/review/i-1/claim")
    taken = await bob.post("/api/review/i-1/claim")
    assert taken.status_code == 409
    assert taken.json()["error"]["message"].startswith("ann has i-1 in hand")
    assert (await bob.post("/api/review/i-1/decision", DECISION)).status_code == 409
    assert (await ann.post("/api/review/i-1/claim")).status_code == 200
    world.time.pass_(minutes=5, seconds=1)
    await world.challenge(SCANNER)
    [item] = await items(bob)
    assert (item["state"], item["claimed_by"]) == ("open", None)
    assert (await bob.post("/api/review/i-1/claim")).json()["claimed_by"] == "bob"
    assert (await ann.post("/api/review/i-1/decision", DECISION)).status_code == 409


@in_world
async def test_a_supervisor_may_decide_a_viewer_and_an_officer_may_not(world: World) -> None:
    await held(world)
    for role, code in ((Role.VIEWER, 403), (Role.OFFICER, 403), (Role.SUPERVISOR, 200)):
        someone = await world.signed_in(f"a-{role}", role)
        answer = await someone.post("/api/review/i-1/decision", DECISION)
        assert answer.status_code == code


@in_world
async def test_a_lane_that_cannot_hear_is_not_sent_anything(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    world.time.pass_(seconds=121)
    stale = await analyst.post("/api/review/i-1/decision", DECISION)
    assert stale.status_code == 409
    assert "challenge of scanner-01 is 121 s old" in stale.json()["error"]["message"]
    await world.present(SCANNER, online=False)
    offline = await analyst.post("/api/review/i-1/decision", DECISION)
    assert offline.status_code == 409
    assert "scanner-01 is offline" in offline.json()["error"]["message"]
    assert world.link.sent == []
    [item] = await items(analyst)
    assert (item["decision"], item["command_state"]) == (None, None)


@in_world
async def test_a_late_will_of_an_old_session_takes_nobody_down(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    await world.come_online(SCANNER, session="s2")
    await world.present(SCANNER, session="s1", online=False)
    assert (await analyst.post("/api/review/i-1/decision", DECISION)).status_code == 200


@in_world
async def test_a_new_session_makes_the_old_challenge_void(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    await world.present(SCANNER, session="s2")
    answer = await analyst.post("/api/review/i-1/decision", DECISION)
    assert answer.status_code == 409
    assert "has not said which challenge" in answer.json()["error"]["message"]


@in_world
async def test_what_could_not_be_sent_is_open_again(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    world.link.down = True
    answer = await analyst.post("/api/review/i-1/decision", DECISION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not-sent")
    [item] = await items(analyst)
    assert (item["state"], item["command_state"]) == ("open", "failed")
    world.link.down = False
    assert (await analyst.post("/api/review/i-1/decision", DECISION)).status_code == 200


@in_world
async def test_what_the_lane_refused_is_open_again(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    await analyst.post("/api/review/i-1/decision", DECISION)
    await world.answer(world.link.sent[0], Execution.REFUSED, "its challenge is not current")
    [item] = await items(analyst)
    assert (item["state"], item["command_state"]) == ("open", "refused")


@in_world
async def test_silence_reopens_and_a_late_result_still_counts(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    await analyst.post("/api/review/i-1/decision", DECISION)
    world.time.pass_(seconds=91)
    await give_up(world)
    [item] = await items(analyst)
    assert (item["state"], item["command_state"]) == ("open", "indeterminate")
    await world.answer(world.link.sent[0], Execution.DONE)
    [item] = await items(analyst)
    assert item["command_state"] == "done"


@in_world
async def test_a_confirmed_decision_is_not_taken_back(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    await analyst.post("/api/review/i-1/decision", DECISION)
    resolved = inspection.Resolved(
        inspection="i-1", disposition=Disposition.RELEASE, operator="ann", reason="a bottle"
    )
    await world.tell(SCANNER, "inspection.resolved", resolved)
    world.time.pass_(seconds=91)
    await give_up(world)
    [item] = await items(analyst, "decided")
    assert (item["state"], item["decided_by"]) == ("decided", "ann")


@in_world
async def test_another_lane_s_result_changes_nothing(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    await held(world)
    await analyst.post("/api/review/i-1/decision", DECISION)
    [command] = world.link.sent
    result = Result(command=command.id, verb=command.verb, execution=Execution.DONE)
    with pytest.raises(Misplaced, match="doh/egate-07 answers cmd-"):
        await world.tell(GATE, "command.result", result)
    [item] = await items(analyst, "decided")
    assert item["command_state"] == "sent"


@in_world
async def test_lanes_are_closed_by_supervisors(world: World) -> None:
    await world.come_online(SCANNER)
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    body = {"verb": "close-lane", "reason": "belt is torn"}
    answer = await supervisor.post("/api/fleet/scanner-01/commands", body)
    assert answer.json()["state"] == "sent"
    [command] = world.link.sent
    assert (command.id, command.verb) == (answer.json()["command"], Verb.CLOSE_LANE)
    assert command.args == {"reason": "belt is torn"}
    unknown = await supervisor.post("/api/fleet/nowhere/commands", body)
    assert unknown.status_code == 409
    doors = {"verb": "open-door", "reason": "please"}
    assert (await supervisor.post("/api/fleet/scanner-01/commands", doors)).status_code == 422


@in_world
async def test_every_decision_is_in_the_audit_trail_with_its_command(world: World) -> None:
    supervisor = await world.signed_in("sue", Role.SUPERVISOR)
    await held(world)
    await supervisor.post("/api/review/i-1/claim")
    await supervisor.post("/api/review/i-1/decision", DECISION)
    await world.answer(world.link.sent[0], Execution.DONE)
    trail = (await supervisor.get("/api/audit?after=2")).json()
    assert trail["chain_valid"] is True
    told = [(e["actor"], e["action"], e["object"]) for e in trail["entries"]]
    assert told[-3:] == [
        ("sue", "review.claim", "i-1"),
        ("sue", "command.decide-inspection", "i-1"),
        ("scanner-01", "command.result", world.link.sent[0].id),
    ]


async def give_up(world: World) -> None:
    await give_up_on_silence(world.core)


@in_world
async def test_a_scanners_latest_self_test_is_shown_with_the_unit(world: World) -> None:
    browser = await world.signed_in("ann", Role.ANALYST)
    await world.come_online(SCANNER)
    measure = inspection.Measure(
        name="penetration", value=42.0, wanted=38.0, unit="mm", passed=True
    )
    for passed in (False, True):
        said = inspection.Tested(
            test="t-1", passed=passed, measures=[measure], detail="as told", beam_on_s=1.0
        )
        await world.tell(SCANNER, "inspection.tested", said)
    units = (await browser.get("/api/fleet")).json()["units"]
    [unit] = [unit for unit in units if unit["unit"] == "scanner-01"]
    assert unit["self_test"] == {
        "at": "2026-03-01T08:00:00Z",
        "passed": True,
        "detail": "as told",
        "measures": [measure.model_dump()],
    }
