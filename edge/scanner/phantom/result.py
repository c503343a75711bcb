"""What a self-test says: measurements against limits, and the verdict. Plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Parameter(StrEnum):
    """What is judged. Five after N42.46, and the air level that all of them rest on."""

    AIR = "air level"
    PENETRATION = "penetration"
    CONTRAST = "contrast sensitivity"
    RESOLUTION = "spatial resolution"
    WIRE = "wire detection"
    MATERIALS = "material discrimination"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value against its limit.

    ``value`` is None where nothing could be measured, which is a failure. ``confidence`` is the
    probability (0.5 to 1) that the true value lies on the side of the limit that the verdict says,
    for the noise that was measured.
    """

    name: str
    parameter: Parameter
    value: float | None
    unit: str
    limit: float
    at_least: bool  # whether the limit is the lowest good value, else the highest
    confidence: float
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value keeps its limit."""
        if self.value is None or not math.isfinite(self.value):
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Result:
    """One self-test. ``at`` is in seconds since 1970; no measurement means no phantom was found."""

    at: float
    layout: str
    measurements: tuple[Measurement, ...]
    reason: str = ""  # why nothing could be measured
    placement: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every measurement keeps its limit, and there is one of each parameter."""
        there = {m.parameter for m in self.measurements}
        return there == set(Parameter) and all(m.passed for m in self.measurements)

    @property
    def failures(self) -> tuple[Measurement, ...]:
        """The measurements that do not keep their limits."""
        return tuple(m for m in self.measurements if not m.passed)

    def told(self) -> str:
        """Return the verdict in one line of at most 300 characters."""
        if self.reason:
            return f"self-test failed: {self.reason}"[:300]
        if self.passed:
            return "self-test passed"
        return ("self-test failed: " + "; ".join(line(m) for m in self.failures))[:300]

    def as_json(self) -> dict[str, Any]:
        """Return it for a file or a screen; a value that could not be measured is null."""
        return {
            "at": self.at,
            "layout": self.layout,
            "passed": self.passed,
            "reason": self.reason,
            "placement": {name: round(value, 4) for name, value in self.placement.items()},
            "measurements": [_measurement(m) for m in self.measurements],
            "warnings": list(self.warnings),
        }


def line(m: Measurement) -> str:
    """Return one measurement for a person."""
    value = "not measurable" if m.value is None else f"{m.value:.3g} {m.unit}"
    side = "at least" if m.at_least else "at most"
    return f"{m.name} {value}, {side} {m.limit:g} wanted"


def confidence(value: float, limit: float, uncertainty: float) -> float:
    """Return the probability that the true value lies on the same side of ``limit``."""
    if not math.isfinite(value):
        return 1.0
    distance = abs(value - limit) / max(uncertainty, 1e-9)
    return round(0.5 * (1 + math.erf(distance / math.sqrt(2))), 4)


def _measurement(m: Measurement) -> dict[str, Any]:
    value = None if m.value is None or not math.isfinite(m.value) else round(m.value, 4)
    return {
        "name": m.name,
        "parameter": m.parameter.value,
        "value": value,
        "unit": m.unit,
        "limit": m.limit,
        "at_least": m.at_least,
        "passed": m.passed,
        "confidence": m.confidence,
        "detail": m.detail,
    }
