"""Central's tables without a database: what Intake does in SQL, over dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field

from central.ingest import rules
from central.ingest.rules import Arrived, Delivery, Key, Mark


@dataclass
class Tables:
    """Central's database: what is in here has been committed."""

    events: dict[tuple[Key, int], Arrived] = field(default_factory=dict)
    marks: dict[Key, Mark] = field(default_factory=dict)
    applied: list[tuple[Key, Arrived]] = field(default_factory=list)
    clashes: list[Arrived] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def copy(self) -> Tables:
        return Tables(
            dict(self.events), dict(self.marks), list(self.applied), list(self.clashes),
            list(self.faults),
        )  # fmt: skip

    def take(self, delivery: Delivery) -> Mark:
        """What Intake does in SQL."""
        key = delivery.key
        mark = self.marks.get(key, Mark())
        known = {
            e.seq: self.events[key, e.seq].hash
            for e in delivery.events
            if (key, e.seq) in self.events
        }
        weighed = rules.weigh(mark, known, delivery.events)
        self.events |= {(key, event.seq): event for event in weighed.fresh}
        self.clashes += weighed.clashes
        mark, steps = rules.advance(mark, weighed.fresh)
        if mark.highest > mark.upto:
            beyond = sorted(seq for k, seq in self.events if k == key and seq > mark.upto)
            mark, more = rules.advance(mark, [self.events[key, seq] for seq in beyond])
            steps += more
        self.marks[key] = mark
        self.applied += [(key, step.arrived) for step in steps]
        self.faults += [step.fault for step in steps if step.fault]
        return self.marks[key]
