"""The delivery protocol under bad luck, and ten mutants of it that bad luck must find.

``BORDER_SEEDS`` says how many stories are told (300 here, 10 000 in the long run).
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from central.ingest import rules
from central.ingest.rules import Arrived, Delivery, Mark, Step, Weighed
from contract.command import Command
from contract.topics import Stream
from edge.uplink import commands
from edge.uplink.commands import CommandGate, CommandRefused
from tests.simulation.bad_luck import memory_folder
from tests.simulation.delivery import World, tell

SEEDS = int(os.environ.get("BORDER_SEEDS", "300"))
MUTANT_SEEDS = 150  # each dies much earlier


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        yield path


def first_failure(
    kind: type[World], folder: Path, seeds: int, seen: Counter[str] | None = None
) -> tuple[int, Exception] | None:
    seen = Counter() if seen is None else seen
    for seed in range(seeds):
        world = kind(seed, folder)
        try:
            tell(world)
        except Exception as error:  # noqa: BLE001 whatever it was, its seed is the finding
            return seed, error
        world.path.unlink()
        seen.update(recorded=world.number, cuts=world.cuts, acted=len(world.acted))
    return None


def test_nothing_is_lost_or_done_twice_whatever_happens(folder: Path) -> None:
    seen: Counter[str] = Counter()
    if (failure := first_failure(World, folder, SEEDS, seen)) is not None:
        seed, error = failure
        raise AssertionError(f"seed {seed}") from error
    assert seen["recorded"] > 10 * SEEDS, "too little happened to prove anything"
    assert min(seen["cuts"], seen["acted"]) > SEEDS // 10, "too little went wrong"


# The mutants


class DeletesOnPuback(World):
    """The edge believes the broker."""

    def publish(self, topic: str, payload: bytes) -> None:
        super().publish(topic, payload)
        for stream in Stream:
            last = self.outbox.position(stream).last
            self.outbox.acknowledged(stream, self.outbox.epoch, last)


class AcksBeforeCommit(World):
    """Central acknowledges first."""

    def store(self, delivery: Delivery) -> None:
        self.acknowledge(delivery, self.tables.copy().take(delivery))
        super().store(delivery)


class ResetsTheSequence(World):
    """The edge numbers from 1 after every start."""

    def recover(self) -> None:
        self.disk.execute("UPDATE stream SET last = acked, last_hash = printf('%064d', 0)")
        self.disk.execute("DELETE FROM event")
        super().recover()


class ExecutesAgain(World):
    """The edge finishes after a start what it had begun before it."""

    def recover(self) -> None:
        for (command_id,) in self.outbox.read("SELECT id FROM command WHERE phase = 'started'"):
            self.acted[command_id] += 1
            self.check_command(self.sent[command_id])
        super().recover()


def no_gap_check(mark: Mark, stored: Sequence[Arrived]) -> tuple[Mark, list[Step]]:
    steps = [Step(event, None) for event in stored]
    last = stored[-1] if stored else None
    return (replace(mark, upto=last.seq, last_hash=last.hash) if last else mark), steps


def all_is_fresh(_mark: Mark, _known: Mapping[int, str], arrived: Sequence[Arrived]) -> Weighed:
    return Weighed(tuple(arrived), ())


def copies_count(mark: Mark, stored: Sequence[Arrived]) -> tuple[Mark, list[Step]]:
    steps = []
    for event in stored:
        if event.seq > mark.upto + 1:
            break
        steps.append(Step(event, None))
        mark = replace(mark, upto=max(mark.upto, event.seq), last_hash=event.hash)
    return replace(mark, highest=max([mark.upto, *(event.seq for event in stored)])), steps


def admit_without_persisting(self: CommandGate, message: bytes, **_: bool) -> Command | None:
    try:
        command = self._believed(message, False)
    except CommandRefused:
        return None
    return None if self._objection(command) or self._seen(command.id) else command


def admit_without_dedupe(self: CommandGate, message: bytes, **_: bool) -> Command | None:
    try:
        command = self._believed(message, False)
    except CommandRefused:
        return None
    if self._objection(command):
        return None
    with self._outbox.transaction() as db:
        values = (command.id, command.verb, "started")
        db.execute("INSERT OR REPLACE INTO command VALUES (?, ?, ?)", values)
    return command


def unseal_anything(_purpose: object, message: bytes, _keys: object) -> bytes:
    return message.partition(b"\n")[2]


def never_expires(self: CommandGate, nonce: str) -> bool:
    return True


Plant = Callable[[pytest.MonkeyPatch], type[World]]


def rewired(*changes: tuple[object, str, object]) -> Plant:
    """Plant a mutant in the production code itself."""

    def plant(patch: pytest.MonkeyPatch) -> type[World]:
        for target, name, mutant in changes:
            patch.setattr(target, name, mutant)
        return World

    return plant


MUTANTS: dict[str, tuple[Plant, str]] = {
    "delete on PUBACK": (lambda _: DeletesOnPuback, "forgotten before committed"),
    "acknowledge before commit": (lambda _: AcksBeforeCommit, "forgotten before committed"),
    "reset the sequence": (lambda _: ResetsTheSequence, "lost"),
    "execute again after a restart": (lambda _: ExecutesAgain, "acted twice"),
    "no gap check": (rewired((rules, "advance", no_gap_check)), "order, or lost"),
    "no dedupe": (
        rewired((rules, "weigh", all_is_fresh), (rules, "advance", copies_count)),
        "order, or lost",
    ),
    "act before persist": (
        rewired((CommandGate, "admit", admit_without_persisting)),
        "acted in secret",
    ),
    "no command dedupe": (rewired((CommandGate, "admit", admit_without_dedupe)), "acted twice"),
    "no signature": (
        rewired((commands, "unseal", unseal_anything)),
        "the thief's command acted|nobody's command",
    ),
    "no expiry": (rewired((CommandGate, "_is_current", never_expires)), "acted too late"),
}
"""Each mutant, and the words (a pattern) in which it must be found out."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, words = MUTANTS[name]
    failure = first_failure(plant(monkeypatch), folder, MUTANT_SEEDS)
    assert failure is not None, f"nobody noticed: {name}"
    assert re.search(words, str(failure[1])), f"noticed for another reason, at seed {failure[0]}"
