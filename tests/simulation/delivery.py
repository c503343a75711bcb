"""A world of bad luck around the production protocol: one lane, one broker, one central, one thief.

1. The outbox, the sender, the command gate and central's rules are the production ones. The clock,
   the network, the disk's bad moments and central's database are in here, and all luck is seeded.
2. A power cut may strike at any statement of any transaction at the edge, before or after a COMMIT,
   between acting and the result; central may die, its database may fail or leave a commit unknown.
3. The broker loses, repeats, delays and reorders; it may lose everything. A thief keeps what passes
   and plays it again, holds commands back, and forges.
4. After every step: the edge has forgotten nothing that central does not have on disk, and no
   command acted twice, or too late, or for the thief.
5. Then everything heals, and must drain: nothing lost, nothing twice, order kept, one result each.
"""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from central.ingest import rules
from central.ingest.rules import Delivery, Key, Mark
from contract import passage
from contract.command import CHALLENGE_LIFETIME, Challenge, Command, Execution, Verb
from contract.envelope import canonical
from contract.signing import Purpose, seal
from contract.topics import Acknowledgements, Events, Stream, parse
from edge.uplink.commands import CommandGate, obey
from edge.uplink.errors import OutboxError
from edge.uplink.outbox import Outbox
from edge.uplink.protocol import AckRefused, Sender
from tests.simulation.bad_luck import (
    CENTRAL_KEY,
    HERE,
    LANE_KEY,
    THIEF_KEY,
    UNSYNCED,
    Clock,
    FragileDisk,
    Luck,
    PowerCut,
)
from tests.simulation.tables import Tables
from tests.simulation.verdict import check_the_end


class World:
    """One seed's story. Subclasses plant mutants in the wiring."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.clock = Clock()
        self.luck = Luck()
        self.path = folder / f"{seed}.db"
        self.up: list[tuple[str, bytes]] = []
        self.down: list[tuple[str, bytes]] = []
        self.tables = Tables()
        self.stolen: list[bytes] = []
        self.challenge: Challenge | None = None
        self.given: dict[str, float] = {}
        self.recorded: list[tuple[Stream, str]] = []
        self.sent: dict[str, Command] = {}
        self.forged: set[str] = set()
        self.acted: Counter[str] = Counter()
        self.crimes: list[str] = []  # noted, as the gate answers for whatever a lane raises
        self.number = 0
        self.cuts = 0
        self.healed = False
        self.start_edge()

    # The edge

    def connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=FragileDisk
        )
        db.luck = self.luck
        self.disk = db
        return db

    def start_edge(self) -> None:
        self.outbox = Outbox(
            self.path, HERE, self.clock, 100_000, "boot",
            clock_quality=lambda: UNSYNCED, connect=self.connect,
        )  # fmt: skip
        self.gate = CommandGate(self.outbox, CENTRAL_KEY.public_key(), self.clock)
        self.sender = Sender(HERE, self.outbox, LANE_KEY, CENTRAL_KEY.public_key(), self.rng.random)
        self.recover()
        self.sender.connected()

    def recover(self) -> None:
        self.gate.recover()

    def power_cut(self) -> None:
        """The process dies: what was not committed is gone. Then it starts again."""
        self.cuts += 1
        self.luck.armed = False
        self.luck.fuse = self.luck.bad_disk = None
        sqlite3.Connection.close(self.disk)
        self.start_edge()

    def at_edge(self, act: Any) -> None:
        """Do something at the edge that a power cut or a bad disk may interrupt."""
        self.luck.armed = True
        try:
            act()
        except PowerCut:
            self.power_cut()
        except (OutboxError, AckRefused):
            pass
        finally:
            self.luck.armed = False
            self.luck.bad_disk = None

    def record(self) -> None:
        self.number += 1
        name = f"n{self.number}"
        stream = self.rng.choice([Stream.DECISION, Stream.DECISION, Stream.AUDIT])
        before = self.outbox.position(stream).last
        self.at_edge(
            lambda: self.outbox.record(
                stream, "passage.started", passage.Started(passage=name), state={"phase": name}
            )
        )
        if self.outbox.position(stream).last > before and self.outbox.state()["phase"] == name:
            self.recorded.append((stream, name))

    def poll(self) -> None:
        def act() -> None:
            self.gate.tick()
            for publication in self.sender.poll(self.clock.seconds):
                self.publish(publication.topic, publication.payload)
            challenge = self.gate.challenge()
            self.given.setdefault(challenge.nonce, self.clock.seconds)
            if self.healed or self.rng.random() < 0.8:
                self.challenge = challenge

        self.at_edge(act)

    def publish(self, topic: str, payload: bytes) -> None:
        self.up.append((topic, payload))

    async def execute(self, command: Command) -> tuple[Execution, str]:
        self.acted[command.id] += 1
        self.check_command(command)
        self.luck.after()  # the power may go while it acts
        return Execution.DONE, ""

    def check_command(self, command: Command) -> None:
        if self.acted[command.id] > 1:
            self.crimes.append("a command acted twice")
        if command.id in self.forged:
            self.crimes.append("the thief's command acted")
        if self.clock.seconds - self.given[command.challenge] > CHALLENGE_LIFETIME:
            self.crimes.append("a command acted too late")

    def to_edge(self, topic: str, payload: bytes) -> None:
        match parse(topic):
            case Acknowledgements(stream=stream):
                self.at_edge(lambda: self.sender.on_ack(stream, payload, self.clock.seconds))
            case _:
                self.at_edge(lambda: drive(obey(self.gate, payload, self.execute)))

    # The network

    def deliver(self, queue: list[tuple[str, bytes]]) -> tuple[str, bytes] | None:
        if not queue:
            return None
        if self.healed:
            return queue.pop(0)
        message = queue[self.rng.randrange(min(len(queue), 4))]
        luck = self.rng.random()
        if luck > 0.15:  # otherwise it comes again
            queue.remove(message)
        return None if luck > 0.85 else message

    def broker_lost(self) -> None:
        self.up.clear()
        self.down.clear()
        self.sender.disconnected()
        self.sender.connected()

    # Central

    def central(self) -> None:
        if (message := self.deliver(self.up)) is None:
            return
        topic = parse(message[0])
        assert isinstance(topic, Events)
        delivery = rules.open_batch(topic, message[1], lambda _: [LANE_KEY.public_key()])
        self.store(delivery)

    def store(self, delivery: Delivery) -> None:
        staged = self.tables.copy()
        mark = staged.take(delivery)
        luck = 1.0 if self.healed else self.rng.random()
        if luck < 0.1:  # central dies, or its database does, before the commit
            return
        self.commit(staged)
        if luck < 0.2:  # it dies after the commit, before the acknowledgement
            return
        if luck < 0.3:  # the outcome was unknown: the same again
            mark = self.tables.take(delivery)
        self.acknowledge(delivery, mark)

    def commit(self, staged: Tables) -> None:
        self.tables = staged

    def acknowledge(self, delivery: Delivery, mark: Mark) -> None:
        ack = rules.answer(delivery.key, mark, self.rng.choice([0, 5, 400]))
        self.down.append(rules.sealed_answer(ack, CENTRAL_KEY))

    def command(self) -> None:
        if self.challenge is None:
            return
        command = Command(
            id=uuid.UUID(int=self.rng.getrandbits(128)).hex,
            unit=HERE.unit,
            verb=Verb.CLOSE_LANE,
            args={},
            challenge=self.challenge.nonce,
            if_state_version=self.rng.choice([None, None, 0, 1]),
            not_after=self.clock.now() + timedelta(days=1),
            operator="alice",
        )
        forged = self.rng.random() < 0.2
        if forged:
            self.forged.add(command.id)
        else:
            self.sent[command.id] = command
        key = THIEF_KEY if forged else CENTRAL_KEY
        body = canonical(command.model_dump(mode="json"))
        sealed = seal(Purpose.COMMAND, body, key)
        self.stolen.append(sealed)
        if self.rng.random() < 0.7:  # otherwise the thief holds it back
            self.down.append((f"bc/v1/cmd/{HERE.unit}", sealed))

    def replay(self) -> None:
        if self.stolen:
            self.down.append((f"bc/v1/cmd/{HERE.unit}", self.rng.choice(self.stolen)))

    # The story

    def step(self) -> None:
        self._mishap()
        act = self.rng.choices(
            [self.record, self.poll, self.central, self._one_down, self.command, self.replay,
             self._pass_time, self.broker_lost],
            [20, 20, 30, 25, 4, 4, 8, 1],
        )[0]  # fmt: skip
        act()
        self.check_nothing_forgotten()

    def _mishap(self) -> None:
        luck = self.rng.random()
        if luck < 0.06 and self.luck.fuse is None:
            self.luck.fuse = self.rng.randrange(12)
        elif luck < 0.09:
            self.luck.bad_disk = self.rng.randrange(8)

    def _one_down(self) -> None:
        if (message := self.deliver(self.down)) is not None:
            self.to_edge(*message)

    def _pass_time(self) -> None:
        self.clock.seconds += self.rng.choice([0.2, 1.0, 5.0, 40.0, 200.0])

    def heal(self) -> None:
        """Everything works again; the stream must drain within a bounded time."""
        self.healed = True
        self.luck.fuse = self.luck.bad_disk = None
        self.broker_lost()
        for _ in range(100):
            self.poll()
            while self.up:
                self.central()
            while self.down:
                self._one_down()
            self.clock.seconds += 1.0
            if self.outbox.depth == 0 and not self.gate._unwritten:
                return
        raise AssertionError(f"did not drain: {self.outbox.depth} events are left")

    def check_nothing_forgotten(self) -> None:
        assert not self.crimes, self.crimes[0]
        for stream, acked in self.outbox.read("SELECT name, acked FROM stream WHERE acked > 0"):
            key = Key(HERE.unit, self.outbox.epoch, Stream(stream))
            committed = self.tables.marks.get(key, Mark()).upto
            assert acked <= committed, "forgotten before committed"

    def close(self) -> None:
        sqlite3.Connection.close(self.disk)


def drive(call: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits."""
    try:
        call.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited for something")


def tell(world: World, steps: int = 90) -> None:
    """Live through one seed and check its end."""
    try:
        for _ in range(steps):
            world.step()
        world.heal()
        world.check_nothing_forgotten()
        check_the_end(world)
    finally:
        world.close()
