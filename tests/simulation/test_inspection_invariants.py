"""The inspection table against a small scanner: every reachable state, then planted faults.

What must hold (docs/scanner.md tells the same list):
J1  beam asked for ⇒ interlock proved closed, nobody near, every device well
J2  beam asked for to scan ⇒ references accepted and fresh; self-test not overdue; stale references
    are taken anew before the next item
J3  a threat (person, door, jam, device gone or silent, …) ⇒ beam off and belt stopped at once
J4  beam wanted ⇒ a phase that uses it
J5  nothing moves into the tunnel but with beam and lines, or on its way to the search table
J6  nothing leaves ahead that was not found clear, on record, or let go by an operator
J7  an analysis that fails or is late is a hold
J8  a closed lane and one at fault have no beam, and nothing moves
J9  every held item can be released and diverted
J10 no dead end: from every state the lane can be closed, and can be idle again
J11 references: the dark one without a beam, both with the belt standing and nothing in the beam
J12 every item that was begun ends: none is open in a lane that is idle, closed or at fault
J13 only an officer opens a lane that was closed or at fault
J14 lines are taken with a beam, and of nothing that reaches the diverter before they are complete
"""

from __future__ import annotations

import pytest

from drivers.conveyor.registers import Diverter
from edge.scanner.inspection import INSPECTION, Phase
from tests.simulation.inspection_walk import Graph, explore, leads_to

P = Phase


@pytest.fixture(scope="module")
def graph() -> Graph:
    return explore(dict(INSPECTION.steps))


def test_every_reachable_state_keeps_the_invariants(graph: Graph) -> None:
    print(f"{len(graph)} states, {sum(map(len, graph.values()))} steps")
    assert {state.phase for state in graph} == set(Phase), "every phase is reached"
    assert any(s.known[0] and s.phase is P.SCANNING for s in graph), "two items are on the belt"
    assert any(
        len(after.world.items) < len(s.world.items) and s.world.points is Diverter.RELEASE
        for s, follows in graph.items()
        for _, after in follows
    ), "items do leave: the invariants are not kept by never letting one go"


@pytest.mark.parametrize("phase", [P.CLOSED, P.IDLE, P.RELEASING, P.TEST_CLEARING])
def test_from_every_state_the_lane_can_get_to(graph: Graph, phase: P) -> None:
    """J10: no dead end, no corner in which a lane can only be faulted."""
    goal = {state for state in graph if state.phase is phase}
    assert leads_to(graph, goal) == graph.keys()


def test_every_held_item_can_be_resolved(graph: Graph) -> None:
    """J9: whatever else is the matter, both answers are taken at once."""
    for state in graph:
        if state.phase is P.HELD:
            ways = {after.world.points for _, after in graph[state] if after.world.runs}
            waits = {after.world.points for _, after in graph[state] if after.known[0]}
            assert {Diverter.RELEASE, Diverter.DIVERT} <= ways | waits, state
