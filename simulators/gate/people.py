"""People on a line through the gate: who stands where, what curtain they break, how they cross.

Metres: the entry leaf is at 0, the exit leaf at `LENGTH`; the lane outside is below 0, the country
beyond `LENGTH`. A person walks towards a goal and waits in front of a leaf that is not open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.gate.registers import Crossings

LENGTH = 2.4  # m between the leaves
STAND = 1.2  # m; where the camera looks
SPEED = 1.2  # m/s; a passenger with a bag
BODY = 0.2  # m; half of what breaks a curtain
WAIT = 0.4  # m in front of a closed leaf
ARRIVES_FROM, GONE_IN, GONE_OUT = -1.0, LENGTH + 1.0, -1.5


@dataclass
class Person:
    """One person on the line."""

    x: float
    goal: float

    def step(self, seconds: float, leaves: tuple[tuple[float, bool], ...]) -> float:
        """Walk for ``seconds``; ``leaves`` are (place, passable). Return where it stood before."""
        before = self.x
        reach = SPEED * seconds
        self.x += max(-reach, min(reach, self.goal - self.x))
        for place, passable in leaves:
            if not passable:
                self.x = _held(before, self.x, place)
        return before

    def breaks(self, place: float) -> bool:
        """Whether this person stands in the curtain at ``place``."""
        return abs(self.x - place) <= BODY


def _held(before: float, after: float, place: float) -> float:
    if before <= place - WAIT:
        return min(after, place - WAIT)
    if before >= place + WAIT:
        return max(after, place + WAIT)
    return after  # already in the leaf's way: the leaf gives way, not the person


@dataclass
class People:
    """Everybody near the gate, and how they crossed."""

    everybody: list[Person] = field(default_factory=list)
    crossings: Crossings = field(default_factory=Crossings)

    def tick(self, seconds: float, entry_passable: bool, exit_passable: bool) -> None:
        """Let everybody walk."""
        leaves = ((0.0, entry_passable), (LENGTH, exit_passable))
        for person in self.everybody:
            self._count(person.step(seconds, leaves), person.x)
        self.everybody = [p for p in self.everybody if p.x not in (GONE_IN, GONE_OUT)]

    def arrive(self, behind: float = 0.0) -> None:
        """Somebody comes to the entry, ``behind`` metres after the one in front."""
        self.everybody.append(Person(ARRIVES_FROM - behind, STAND))

    def send(self, goal: float) -> bool:
        """Send the person furthest ahead inside to ``goal``; say whether there is one."""
        ahead = max(self.inside, key=lambda person: person.x, default=None)
        if ahead:
            ahead.goal = goal
        return ahead is not None

    @property
    def inside(self) -> list[Person]:
        """Who stands between the leaves."""
        return [person for person in self.everybody if 0.0 < person.x < LENGTH]

    def breaks(self, place: float) -> bool:
        """Whether anybody stands in the curtain at ``place``."""
        return any(person.breaks(place) for person in self.everybody)

    def _count(self, before: float, after: float) -> None:
        old = self.crossings
        add = dict(_crossed(before, after))
        self.crossings = Crossings(
            *(getattr(old, name) + add.get(name, 0) for name in Crossings.__slots__)
        )


def _crossed(before: float, after: float) -> Iterator[tuple[str, int]]:
    for place, forward, backward in (
        (0.0, "entry_in", "entry_out"),
        (LENGTH, "exit_out", "exit_in"),
    ):
        if before <= place < after:
            yield forward, 1
        if after <= place < before:
            yield backward, 1
