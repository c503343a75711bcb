import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.command import Command, Execution, Verb
from contract.envelope import Event, canonical
from contract.signing import Purpose, seal
from contract.topics import Stream
from edge.uplink.alarms import RateBound
from edge.uplink.commands import CommandGate, obey, under_way
from edge.uplink.errors import DiskFailed
from edge.uplink.outbox import Outbox
from tests.simulation.bad_luck import (
    CENTRAL_KEY,
    HERE,
    THIEF_KEY,
    UNSYNCED,
    Clock,
    FragileDisk,
    Luck,
    memory_folder,
)


class Lane:
    """A gate over an outbox, and a lane that counts what it did."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.folder = folder
        self.luck = Luck()
        self.acted: list[Command] = []
        self.answer: tuple[Execution, str] | Exception = (Execution.DONE, "closed")
        self.start()

    def start(self) -> None:
        self.outbox = Outbox(
            self.folder / "o.db", HERE, self.clock, 1000, "boot-1",
            clock_quality=lambda: UNSYNCED, connect=self.connect,
        )  # fmt: skip
        self.gate = CommandGate(self.outbox, CENTRAL_KEY.public_key(), self.clock)

    def restart(self) -> None:
        self.outbox.close()
        self.start()
        self.gate.recover()

    def connect(self, path: Path) -> Any:
        db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=FragileDisk
        )
        db.luck = self.luck
        return db

    def command(self, **changes: Any) -> Command:
        fields = {
            "id": "c1",
            "unit": HERE.unit,
            "verb": Verb.CLOSE_LANE,
            "args": {},
            "challenge": self.gate.challenge().nonce,
            "not_after": self.clock.now() + timedelta(minutes=1),
            "operator": "alice",
        }
        return Command.model_validate({**fields, **changes})

    def receive(
        self, command: Command, key: Ed25519PrivateKey = CENTRAL_KEY, retained: bool = False
    ) -> None:
        body = canonical(command.model_dump(mode="json"))
        self.hear(seal(Purpose.COMMAND, body, key), retained)

    def hear(self, message: bytes, retained: bool = False) -> None:
        asyncio.run(obey(self.gate, message, self.execute, retained=retained))

    async def execute(self, command: Command) -> tuple[Execution, str]:
        self.acted.append(command)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def told(self, event_type: str) -> list[dict[str, Any]]:
        rows = self.outbox.pending(Stream.AUDIT, 0, 1000)
        events = [Event.model_validate_json(row.body) for row in rows]
        return [event.data for event in events if event.type == event_type]

    @property
    def results(self) -> list[tuple[str, str]]:
        return [(r["execution"], r["detail"]) for r in self.told("command.result")]

    @property
    def alarms(self) -> list[str]:
        return [fault["detail"] for fault in self.told("health.fault")]


@pytest.fixture
def lane() -> Iterator[Lane]:
    with memory_folder() as folder:
        made = Lane(folder)
        yield made
        made.outbox.close()


def test_a_command_is_done_and_answered(lane: Lane) -> None:
    lane.receive(lane.command())
    assert [command.id for command in lane.acted] == ["c1"]
    assert lane.results == [("done", "closed")]
    assert lane.alarms == []


def test_a_command_is_kept_as_it_was_sealed_until_it_has_its_result(lane: Lane) -> None:
    seen: list[list[bytes]] = []

    async def look(command: Command) -> tuple[Execution, str]:
        seen.append(under_way(lane.outbox))
        return Execution.DONE, command.id

    body = canonical(lane.command(args={"reason": "straße"}).model_dump(mode="json"))
    message = seal(Purpose.COMMAND, body, CENTRAL_KEY)
    asyncio.run(obey(lane.gate, message, look))
    assert seen == [[message]]
    assert under_way(lane.outbox) == []
    lane.receive(lane.command(id="c2", not_after=lane.clock.now() - timedelta(seconds=1)))
    assert under_way(lane.outbox) == [], "one that is refused is not kept"


def test_a_command_that_a_crash_cut_off_is_let_go_once_it_has_its_result(lane: Lane) -> None:
    body = canonical(lane.command().model_dump(mode="json"))
    message = seal(Purpose.COMMAND, body, CENTRAL_KEY)
    assert lane.gate.admit(message) is not None
    assert under_way(lane.outbox) == [message]
    lane.restart()
    assert under_way(lane.outbox) == []


def test_a_copy_is_an_alarm_and_no_second_result(lane: Lane) -> None:
    command = lane.command()
    for _ in range(3):
        lane.receive(command)
    assert len(lane.acted) == len(lane.results) == 1
    assert lane.alarms == ["close-lane by alice: seen before"] * 2


def test_a_copy_after_a_restart_is_not_executed(lane: Lane) -> None:
    command = lane.command()
    lane.receive(command)
    lane.restart()
    lane.receive(command)
    assert len(lane.acted) == len(lane.results) == 1
    assert len(lane.alarms) == 1


def refusals(lane: Lane) -> dict[str, tuple[dict[str, Any], str]]:
    """Central's own commands that must not be obeyed: what is changed, and the words."""
    return {
        "no challenge of mine": ({"challenge": "other"}, "challenge is not current"),
        "another state": ({"if_state_version": 3}, "meant for state 3, not 0"),
        "too late": ({"not_after": lane.clock.now() - timedelta(seconds=1)}, "too late"),
        "no zone": ({"not_after": lane.clock.now().replace(tzinfo=None)}, "too late"),
    }


@pytest.mark.parametrize("name", ["no challenge of mine", "another state", "too late", "no zone"])
def test_a_refused_command_is_answered_once_with_one_alarm_per_attempt(
    name: str, lane: Lane
) -> None:
    changes, words = refusals(lane)[name]
    command = lane.command(**changes)
    lane.receive(command)
    lane.receive(command)
    assert lane.acted == []
    assert [execution for execution, _ in lane.results] == ["refused"]
    assert words in lane.results[0][1]
    assert len(lane.alarms) == 2
    assert words in lane.alarms[0]


def test_what_is_not_centrals_is_an_alarm_and_no_result(lane: Lane) -> None:
    lane.receive(lane.command(), key=THIEF_KEY)
    lane.receive(lane.command(unit="egate-08"))
    lane.receive(lane.command(), retained=True)
    lane.hear(b"noise")
    body = canonical(lane.command().model_dump(mode="json"))
    lane.hear(seal(Purpose.ACK, body, CENTRAL_KEY))
    lane.hear(seal(Purpose.COMMAND, b"{}", CENTRAL_KEY))
    assert (lane.acted, lane.results) == ([], [])
    assert len(lane.alarms) == 6


def test_a_challenge_lives_120_seconds_and_the_one_before_it_counts(lane: Lane) -> None:
    command = lane.command()
    lane.clock.seconds += 119
    assert lane.gate.challenge().nonce != command.challenge
    lane.receive(command.model_copy(update={"not_after": lane.clock.now() + timedelta(days=1)}))
    assert len(lane.acted) == 1


def test_a_message_held_ten_minutes_is_refused_whatever_its_clock_says(lane: Lane) -> None:
    command = lane.command(not_after=lane.clock.now() + timedelta(days=1))
    lane.clock.seconds += 600
    lane.receive(command)
    assert lane.acted == []


def test_a_restart_makes_every_earlier_challenge_worthless(lane: Lane) -> None:
    command = lane.command()
    lane.restart()
    lane.receive(command)
    assert lane.acted == []
    assert lane.results[0][0] == "refused"


def test_challenges_rotate_and_tell_the_state(lane: Lane) -> None:
    first = lane.gate.challenge()
    lane.clock.seconds += 29
    lane.gate.state_version = 5
    again = lane.gate.challenge()
    assert (again.nonce, again.state_version) == (first.nonce, 5)
    lane.clock.seconds += 1
    assert lane.gate.challenge().nonce != first.nonce


def test_what_was_started_is_indeterminate_after_a_restart_and_never_done_again(
    lane: Lane,
) -> None:
    command = lane.command()
    body = canonical(command.model_dump(mode="json"))
    assert lane.gate.admit(seal(Purpose.COMMAND, body, CENTRAL_KEY)) == command
    lane.restart()
    lane.restart()
    assert [execution for execution, _ in lane.results] == ["indeterminate"]
    lane.receive(command)
    assert lane.acted == []
    assert len(lane.results) == 1


def test_started_is_on_disk_before_anything_acts(lane: Lane) -> None:
    phases: list[Any] = []

    async def look(_: Command) -> tuple[Execution, str]:
        phases.extend(lane.outbox.read("SELECT id, phase FROM command"))
        return Execution.DONE, ""

    body = canonical(lane.command().model_dump(mode="json"))
    asyncio.run(obey(lane.gate, seal(Purpose.COMMAND, body, CENTRAL_KEY), look))
    assert phases == [("c1", "started")]


def test_a_disk_that_fails_before_the_act_means_no_act(lane: Lane) -> None:
    command = lane.command()
    lane.luck.armed, lane.luck.bad_disk = True, 2
    with pytest.raises(DiskFailed):
        lane.receive(command)
    assert (lane.acted, lane.results) == ([], [])


def test_a_disk_that_fails_after_the_act_delays_the_result(lane: Lane) -> None:
    async def breaks(_: Command) -> tuple[Execution, str]:
        lane.luck.armed, lane.luck.bad_disk = True, 0
        return Execution.DONE, "closed"

    body = canonical(lane.command().model_dump(mode="json"))
    asyncio.run(obey(lane.gate, seal(Purpose.COMMAND, body, CENTRAL_KEY), breaks))
    assert lane.results == []
    lane.gate.tick()
    lane.gate.tick()
    assert lane.results == [("done", "closed")]


def test_a_lane_that_raises_has_failed(lane: Lane) -> None:
    lane.answer = RuntimeError("the door\x00 is \ud800 stuck")
    lane.receive(lane.command())
    assert lane.results == [("failed", "RuntimeError: the door? is ? stuck")]


def test_a_full_outbox_still_takes_the_result(lane: Lane) -> None:
    lane.outbox.quota = 1
    lane.receive(lane.command(id="c1"))
    lane.receive(lane.command(id="c2"))
    assert len(lane.results) == 2


def test_a_flood_of_forgeries_is_a_number(lane: Lane) -> None:
    for _ in range(500):
        lane.hear(b"noise")
    assert len(lane.alarms) == 10
    lane.clock.seconds += 10
    lane.gate.tick()
    assert lane.alarms[-1] == "490 more attempts"


def test_the_rate_bound_fills_up_again() -> None:
    bound = RateBound(0.0)
    assert sum(bound.allows(0.0) for _ in range(20)) == 10
    assert bound.told(9.0) == 0
    assert bound.told(10.0) == 10
    assert not bound.allows(10.0)
    assert sum(bound.allows(1000.0) for _ in range(20)) == 10
