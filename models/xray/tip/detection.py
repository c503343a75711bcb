"""How well an operator finds threats: rates, d′ and d_a, each with its interval.

1. Hits are answers to projected threats, false alarms answers to harmless items; a rate has
   Wilson's interval (1927).
2. d′ = z(H) − z(F), with half an answer added to each cell (Hautus 1995): no rate is then 0 or 1.
   Its variance is Gourevitch and Galanter's (1967): Σ p(1 − p) / (n φ(z)²).
3. d_a = √(2 / (1 + s²)) · (z(H) − s z(F)) where the two distributions differ; s is the slope of
   the ROC in z, 0.6 for X-ray images. With s = 1 it is d′.
4. Below ``LEAST`` answers of either sort nothing is said of a person: intervals would be wider than
   all that operators differ by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

LEAST = 30
SLOPE = 0.6
_NORMAL = NormalDist()


class TooFew(Exception):
    """Not enough answers to say anything of a person."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and where it lies with the confidence that was asked for."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Answers:
    """One operator's answers: ``hits`` of ``threats``, ``alarms`` at ``harmless`` items."""

    hits: int
    threats: int
    alarms: int
    harmless: int

    def __post_init__(self) -> None:
        if not (0 <= self.hits <= self.threats and 0 <= self.alarms <= self.harmless):
            raise ValueError(f"more answers than items, or fewer than none: {self}")


@dataclass(frozen=True, slots=True)
class Figures:
    """What is said of one operator."""

    hit_rate: Interval
    false_alarm_rate: Interval
    d_prime: Interval
    d_a: Interval


def figures(answers: Answers, confidence: float = 0.95, slope: float = SLOPE) -> Figures:
    """Return one operator's figures; raise TooFew below ``LEAST`` answers of either sort."""
    if min(answers.threats, answers.harmless) < LEAST:
        raise TooFew(
            f"{answers.threats} threats and {answers.harmless} harmless items were answered; "
            f"{LEAST} of each are needed"
        )
    return Figures(
        wilson(answers.hits, answers.threats, confidence),
        wilson(answers.alarms, answers.harmless, confidence),
        d_a(answers, confidence, slope=1.0),
        d_a(answers, confidence, slope),
    )


def wilson(count: int, of: int, confidence: float = 0.95) -> Interval:
    """Return the share ``count`` of ``of`` with Wilson's score interval."""
    if not 0 <= count <= of or of == 0:
        raise ValueError(f"{count} of {of} is no share")
    z, share = _reach(confidence), count / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    # Rounding must not put an end on the wrong side of 0 of n, or of n of n.
    return Interval(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def d_prime(answers: Answers, confidence: float = 0.95) -> Interval:
    """Return d′ with Gourevitch and Galanter's interval."""
    return d_a(answers, confidence, slope=1.0)


def d_a(answers: Answers, confidence: float = 0.95, slope: float = SLOPE) -> Interval:
    """Return d_a for a ROC of ``slope`` in z coordinates, with its interval."""
    if slope <= 0:
        raise ValueError(f"a ROC rises: its slope is above 0, not {slope}")
    hit, hit_variance = _z(answers.hits, answers.threats)
    alarm, alarm_variance = _z(answers.alarms, answers.harmless)
    scale = math.sqrt(2 / (1 + slope * slope))
    value = scale * (hit - slope * alarm)
    half = scale * _reach(confidence) * math.sqrt(hit_variance + slope**2 * alarm_variance)
    return Interval(value, value - half, value + half)


def _z(count: int, of: int) -> tuple[float, float]:
    """Return z of a rate and its variance, half an answer added on either side."""
    total = of + 1
    rate = (count + 0.5) / total
    z = _NORMAL.inv_cdf(rate)
    return z, rate * (1 - rate) / (total * _NORMAL.pdf(z) ** 2)


def _reach(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence lies between 0 and 1, not {confidence}")
    return _NORMAL.inv_cdf((1 + confidence) / 2)
