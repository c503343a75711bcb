"""What must be true once everything has healed and drained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.topics import Stream

if TYPE_CHECKING:
    from tests.simulation.delivery import World


def check_the_end(world: World) -> None:
    """Nothing lost, nothing twice, order kept, one result for each command."""
    assert not world.tables.clashes, "an event contradicts another"
    assert not world.tables.faults, world.tables.faults[:1]
    for stream in (Stream.DECISION, Stream.AUDIT):
        arrived = [(k, e) for k, e in world.tables.applied if k.stream is stream]
        seqs = [event.seq for _, event in arrived]
        assert seqs == list(range(1, world.outbox.position(stream).last + 1)), "order, or lost"
        names = [
            event.event.data["passage"]
            for _, event in arrived
            if event.event is not None and event.type == "passage.started"
        ]
        assert names == [name for s, name in world.recorded if s is stream], "lost or twice"
    _check_results(world)


def _check_results(world: World) -> None:
    results: dict[str, list[str]] = {}
    for _, arrived in world.tables.applied:
        if arrived.event is not None and arrived.type == "command.result":
            data = arrived.event.data
            results.setdefault(str(data["command"]), []).append(str(data["execution"]))
    assert all(len(found) == 1 for found in results.values()), "a command has two results"
    assert set(results) <= set(world.sent), "a result for nobody's command"
    for command_id in world.acted:
        assert results.get(command_id, [""])[0] in ("done", "indeterminate"), "acted in secret"
