"""An e-gate at work for tests: the lane, its simulated gate, travellers, and every command."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

from drivers.document_reader.codec import Removed
from drivers.errors import DriverError
from edge.documents.optical.light import Light
from simulators.camera.device import CameraFaults
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.serve import serve_card
from simulators.document_reader.device import ReaderFaults
from simulators.gate.device import GateFaults
from simulators.lanes.egate import GLASS, NOBODY, EGateLane, Left
from simulators.world.issuer import Issuer
from simulators.world.travellers import Story, Traveller, traveller
from tests.system.lanes import SOON, Execution, RunningLane, Verb, running, until, written

PACE = 4.0
REST = """
[display]
listen = "127.0.0.1:0"
[documents]
trust = ["trust"]
[face]
within = 3.0
[policy]
chip_within = 2.0
chip_answers_within = 2.0
"""


IMPATIENT = {  # how often the lane looks, and how long it waits for calm: as fast as its world
    "edge.egate.devices.CAMERA_POLL": 0.1,
    "edge.runtime.lane.CALM": 0.5,
}


@dataclass
class Ordered:
    """One command as the controller got it."""

    at: float  # monotonic s
    leaf: str
    open: bool


@dataclass
class GateWorld:
    """The gate, the lane that runs it, and what was commanded."""

    lane: RunningLane
    sim: EGateLane
    issuer: Issuer
    orders: list[Ordered]
    crowd: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))
    _known: dict[tuple[int, Story], Traveller] = field(default_factory=dict)

    def comes(self, story: Story, seed: int = 5) -> Future[Left]:
        """Let a traveller with that ``story`` come; return what becomes of them."""
        return self.crowd.submit(self.sim.passes, self.who(story, seed))

    def who(self, story: Story = Story.IN_ORDER, seed: int = 5) -> Traveller:
        if (seed, story) not in self._known:
            self._known[seed, story] = traveller(seed, self.issuer, story)
        return self._known[seed, story]

    @contextmanager
    def laid(
        self,
        who: Traveller,
        files: dict[str, bytes] | None = None,
        faults: ChipFaults | None = None,
    ) -> Iterator[None]:
        """Lay the document of ``who`` down, its chip with other ``files`` or broken."""
        done = Event()
        place = ("127.0.0.1", self.sim._chip_port)
        chip = Chip(files or who.chip, faults=faults, keys=who.keys)
        thread = Thread(target=serve_card, args=(chip, *place, done))
        thread.start()
        self.sim.on_glass = who.pages
        self.sim.reader.place(who.lines)
        try:
            yield
        finally:
            self.sim.reader.remove()
            self.sim.on_glass = GLASS
            done.set()
            thread.join()

    def exits_opened(self, since: float) -> list[Ordered]:
        return [o for o in self.orders if o.leaf == "exit" and o.open and o.at >= since]

    def mend(self) -> None:
        """Take every fault and everybody away, as a person would, and open the lane again."""
        self.sim.gate.faults = GateFaults()
        self.sim.reader.faults = ReaderFaults()
        for camera in (*self.sim.page_cameras.values(), self.sim.face_camera):
            camera.faults = CameraFaults()
        self.sim.in_front, self.sim.on_glass = NOBODY, GLASS
        if self.sim.reader._state != Removed():
            self.sim.reader.remove()
        self._evacuate()
        self.lane.order(Verb.CLOSE_LANE)
        self.lane.reaches("closed", "referred_at_entry", "referred_inside")
        if self.lane.phase != "closed":
            decide(self, "refuse")
        self.lane.reaches("closed")
        self.lane.open("idle")

    def _evacuate(self) -> None:
        gate = self.sim.gate
        people = gate.people
        with gate.lock:
            people.everybody = people.inside
        if people.inside or self.lane.phase == "entering":
            gate.set_fire(True)
            self.lane.reaches("evacuating")
            until(lambda: not gate.person_leaves())
        gate.set_fire(False)
        gate.set_emergency_stop(False)


@contextmanager
def gate_world(
    folder: Path,
    rest: str = REST,
    head: str = "",
    pace: float = PACE,
    lights: Collection[Light] = tuple(Light),
    extras: Collection[str] = (),
) -> Iterator[GateWorld]:
    """Run an e-gate, open and idle, while the block runs; its reader has ``lights``."""
    issuer = Issuer("UT", datetime.now(UTC))
    (folder / "trust").mkdir(exist_ok=True)
    (folder / "trust/csca.cer").write_bytes(issuer.csca)
    (folder / "trust/csca.crl").write_bytes(issuer.crl)
    with ExitStack() as stack:
        for name, seconds in IMPATIENT.items():
            stack.enter_context(patch(name, seconds))
        yield stack.enter_context(
            _running(folder, rest, head, EGateLane(pace=pace, lights=lights, extras=extras), issuer)
        )


@contextmanager
def _running(
    folder: Path, rest: str, head: str, sim: EGateLane, issuer: Issuer
) -> Iterator[GateWorld]:
    sim.page_camera.rate = sim.face_camera.rate = 10.0
    orders = _listened(sim.gate)
    with sim.served():
        path = written(folder, "egate", sim.urls, rest, head)
        with running(path) as lane:
            world = GateWorld(lane, sim, issuer, orders)
            try:
                lane.open("idle")
                yield world
            finally:
                sim.stopping.set()
                world.crowd.shutdown()


def _listened(gate: Any) -> list[Ordered]:
    """Note every command that the controller takes or refuses."""
    orders: list[Ordered] = []
    command = gate._command

    def noted(leaf: Any, other: Any, open_it: bool) -> None:
        orders.append(Ordered(time.monotonic(), "exit" if leaf is gate.exit else "entry", open_it))
        command(leaf, other, open_it)

    gate._command = noted
    return orders


def decide(gate: GateWorld, decision: str) -> None:
    """Answer the referral as an officer."""
    passage = gate.lane.unit._story.passage
    answer = gate.lane.order(
        Verb.DECIDE_PASSAGE, passage=passage, decision=decision, reason="looked"
    )
    assert answer[0] is Execution.DONE, answer


def bring(gate: GateWorld, phase: str) -> None:
    """Bring the gate into ``phase``, its commands carried out, and keep it there for a moment."""
    _WAYS.get(phase, lambda _: None)(gate)
    gate.lane.reaches(phase)
    with suppress(DriverError):  # a controller that is away carries nothing out
        gate.lane.unit._workers.gate.ask(lambda _: None).result(SOON)
    if phase in ("entering", "returning"):
        until(lambda: gate.sim.gate.entry.wanted)
    if phase == "exiting":
        until(lambda: gate.sim.gate.exit.wanted)


def _placed(gate: GateWorld, story: Story = Story.IN_ORDER) -> None:
    with gate.laid(gate.who(story)):
        gate.lane.reaches("entering", "referred_at_entry")


def _reading(gate: GateWorld) -> None:
    gate.sim.on_glass = GLASS  # nothing to be seen: it is looked for as long as a reading may last
    gate.sim.reader.place(gate.who().lines)


def _securing(gate: GateWorld) -> None:
    _placed(gate)
    gate.sim.gate.faults.stuck_entry_curtain = True  # the leaf waits for whoever stands there
    gate.sim.gate.person_enters()


def _returning(gate: GateWorld) -> None:
    _placed(gate)
    gate.sim.gate.person_enters(followers=1)


def _inside(gate: GateWorld) -> None:
    _placed(gate)
    gate.sim.in_front = NOBODY  # it is looked for a face as long as that may last
    gate.sim.gate.person_enters()


def _exiting(gate: GateWorld) -> None:
    _placed(gate)
    gate.sim.in_front = gate.who().face
    gate.sim.gate.person_enters()
    gate.lane.reaches("exiting")


def _clearing(gate: GateWorld) -> None:
    _exiting(gate)
    gate.sim.gate.faults.stuck_exit_curtain = True
    gate.sim.gate.person_leaves()


def _fault(gate: GateWorld) -> None:
    gate.sim.gate.faults.halt = True
    gate.lane.reaches("fault")
    gate.sim.gate.faults.halt = False


_WAYS: dict[str, Callable[[GateWorld], object]] = {
    "closed": lambda gate: gate.lane.order(Verb.CLOSE_LANE),
    "paused": lambda gate: setattr(gate.sim.page_camera.faults, "stall", True),
    "reading": _reading,
    "referred_at_entry": lambda gate: _placed(gate, Story.EXPIRED),
    "entering": _placed,
    "securing": _securing,
    "deciding": _inside,
    "referred_inside": _inside,
    "exiting": _exiting,
    "clearing": _clearing,
    "returning": _returning,
    "fault": _fault,
}
