"""The figures of a demonstration: counts, times, alarms, and how far the lanes were right."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulators.demo.news import Record, counts

OWN_WORK = ("recognise", "optical", "authenticity", "printed_face", "look", "compare")
"""Stages of a passage that are our own computing; the rest is time that devices and people take."""


@dataclass
class Outcomes:
    """What the people and goods themselves saw."""

    ready_s: float = 0.0
    travellers: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    resident_mib: dict[str, float] = field(default_factory=dict)


def report(record: Record, outcomes: Outcomes) -> dict[str, Any]:
    """Return the whole report, ready for JSON."""
    passages = list(record.passages.values())
    return {
        "counts": counts(record)
        | {
            "travellers": len(outcomes.travellers),
            "items_scanned": len(outcomes.items),
            "dispositions": dict(Counter(str(i["left"]) for i in outcomes.items)),
            "alarms": len(record.alarms),
        },
        "seconds": {
            "ready": round(outcomes.ready_s, 2),
            "passage": spread([p["seconds"] for p in passages if p["outcome"] == "crossed"]),
            "own_work_per_passage": spread([_own(p["stages_ms"]) / 1000 for p in passages]),
            "flagged_image_on_screen": spread(record.on_screen_after),
        },
        "stages_ms": {
            name: spread([p["stages_ms"][name] for p in passages if name in p["stages_ms"]])
            for name in sorted({name for p in passages for name in p["stages_ms"]})
        },
        "resident_mib": outcomes.resident_mib,
        "travellers": outcomes.travellers,
        "items": outcomes.items,
        "alarms": record.alarms,
    }


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Return the median and the 95th percentile of ``values``, None if there are none."""
    if not values:
        return None
    middle, high = np.percentile(values, (50, 95))
    return {"p50": round(float(middle), 3), "p95": round(float(high), 3), "n": len(values)}


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the report to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _own(stages: dict[str, float]) -> float:
    return sum(stages.get(name, 0.0) for name in OWN_WORK)
