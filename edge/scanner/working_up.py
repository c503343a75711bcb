"""A tube that rested is worked up to its voltage before the lane takes its air reference.

1. When the beam was last at its level is kept in the lane's durable state, to ``TOLD_EVERY``. A
   lane that does not know takes its tube for one that rested longest.
2. While the tube is worked up (drivers/xray_source/warm_up.py) a fault of the generator's says so,
   and for how long. The beam is guarded as any other beam and counts as dose; no item is scanned.
3. Interrupted, it goes on with the stage that was reached; if the tube has rested in between, it
   begins anew. An arc stops the lane, as any latched fault does, and sends it back by one stage.
4. After too many arcs the tube gets no beam any more until the programme is started again: somebody
   has to look at it.
"""

from __future__ import annotations

from contextlib import suppress
from math import isfinite

from contract.topics import Stream
from drivers.xray_source.source import Fault
from drivers.xray_source.warm_up import HOUR, Stage, TooManyArcs, WarmUp, plan
from edge.runtime.lane import Lane
from edge.scanner.devices import AT_LEVEL, SOURCE, GeneratorFault, SourceState
from edge.scanner.source_config import XRaySourceDevice

LAST_BEAM = "beam-last"  # key in the lane's durable state: seconds since 1970
TOLD_EVERY = 600.0  # s; of a rest of hours
RESTED = "TubeRested"  # the fault's name


class WorkingUp:
    """How far the lane's tube is. It lives in the agent's loop."""

    def __init__(self, device: XRaySourceDevice, lane: Lane) -> None:
        self._device = device
        self._lane = lane
        self._known = _seconds(lane.outbox.state().get(LAST_BEAM))
        self._at_level: float | None = None  # when it last was, by this programme's clock
        self._lit: float | None = None  # when the beam was last on in the walk
        self._burns = False  # the beam, at the last look
        self.worked = 0.0  # s of beam since `begin`, until the tube was worked up
        self._told: float | None = None
        self._walk = WarmUp(())
        self._arced = self._worn = False

    @property
    def unfinished(self) -> bool:
        """Whether the tube still has to be worked up."""
        return self._walk.present is not None

    @property
    def remaining(self) -> float:
        """The seconds that it takes, if no arc comes."""
        return self._walk.remaining(self._now)

    @property
    def points(self) -> tuple[float, float]:
        """The kV and mA to set now."""
        stage = self._walk.present
        return self._full if stage is None else (stage.kv, stage.ma)

    def begin(self) -> bool:
        """Find out what the tube needs to come to its level; return whether it may at all."""
        if self._worn:
            self._lane.faults.raise_(SOURCE, TooManyArcs.__name__, "have the tube looked at")
            return False
        rows = self._device.rows
        paused = None if self._lit is None else self._now - self._lit
        if self.unfinished and paused is not None and not plan(paused, 1, 1, rows):
            self._walk.again()
        else:
            self._walk = WarmUp(plan(self._rest(), *self._full, rows))
            self._lit = None
        self._burns, self.worked = False, 0.0
        self._tell()
        return True

    def follow(self, state: SourceState, *, warming: bool) -> Stage | None:
        """Take in what the generator says; return the stage that is to be set, if it is another."""
        self._hear_faults(state.faults)
        if not state.status.beam_on:
            self._burns = False
            self._keep()
            return None
        if self.unfinished:
            return self._walked() if warming else None
        if state.read_back.kv >= AT_LEVEL * self._device.kilovolts:
            self._at_level = self._now
        return None

    def _walked(self) -> Stage | None:
        before, now = self._walk.present, self._now
        if self._burns and self._lit is not None:
            self.worked += now - self._lit
        self._burns, self._lit = True, now
        after = self._walk.wanted(now)
        if after is None:
            self._lane.faults.clear(SOURCE, RESTED)
        return None if after == before else after

    def _hear_faults(self, faults: Fault) -> None:
        """Tell what the generator has latched; an arc sends the tube back."""
        if faults:
            self._lane.trouble(SOURCE, GeneratorFault(faults))
        arc = Fault.ARC in faults
        if arc and not self._arced and self.unfinished:
            try:
                self._walk.arced(self._now)
            except TooManyArcs as error:
                self._worn = True
                self._lane.faults.raise_(SOURCE, type(error).__name__, str(error))
        self._arced = arc

    def _keep(self) -> None:
        """Have it on disk when the beam was last at its level, now and then."""
        at = self._at_level
        if at is None or (self._told is not None and at - self._told < TOLD_EVERY):
            return
        self._told = at
        when = self._lane.clock.now().timestamp() - (self._now - at)
        report = self._lane.report()
        self._lane.record(Stream.HEALTH, "health.report", report, {LAST_BEAM: f"{when:.0f}"})

    def _tell(self) -> None:
        self._lane.faults.clear(SOURCE, RESTED)
        if not self.unfinished:
            return
        rest = self._rest()
        known = "nobody knows how long" if rest is None else f"{max(rest, 0) / HOUR:.0f} h"
        minutes = self.remaining / 60
        said = f"the tube rested, {known}; it is worked up to its voltage in {minutes:.0f} min"
        self._lane.faults.raise_(SOURCE, RESTED, said)

    def _rest(self) -> float | None:
        """Return for how many seconds the tube has rested, None if nobody knows."""
        if self._at_level is not None:
            return self._now - self._at_level
        if self._known is None:
            return None
        return self._lane.clock.now().timestamp() - self._known

    @property
    def _full(self) -> tuple[float, float]:
        return self._device.kilovolts, self._device.milliamperes

    @property
    def _now(self) -> float:
        return self._lane.clock.monotonic()


def _seconds(kept: str | None) -> float | None:
    """Return a time that was kept; one that is spoilt is none."""
    with suppress(TypeError, ValueError):
        at = float(kept or "")
        return at if isfinite(at) else None
    return None
