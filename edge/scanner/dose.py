"""Beam-on time and an estimate of dose: by item and by day. Pure: times and settings in.

1. Air kerma goes with the charge and, between 40 and 450 kV, nearly with the square of the voltage;
   with the distance from the focus it falls with its square (IPEM report 78; a tube's own output is
   measured when it is commissioned, and is a setting).
2. It is an estimate, and above the truth: as if the item had stood in the fan all the time that the
   beam was on. What the tube did is what it last said of itself.
3. A day is one of UTC. It counts everything: items, references and self-tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contract.inspection import Day
from drivers.xray_source.source import ReadBack
from edge.scanner.config import DoseEstimate


def kerma(how: DoseEstimate, tube: ReadBack, seconds: float) -> float:
    """Return the estimated air kerma (μGy) of ``seconds`` at what the tube says of itself."""
    voltage = (tube.kv / how.at_kv) ** 2
    return how.output * voltage * tube.ma * seconds / how.distance**2


@dataclass(frozen=True)
class Exposed:
    """Seconds of beam and the estimated dose (μGy)."""

    seconds: float = 0.0
    micrograys: float = 0.0

    def __add__(self, other: Exposed) -> Exposed:
        return Exposed(self.seconds + other.seconds, self.micrograys + other.micrograys)


@dataclass
class DoseBook:
    """What the beam did since midnight (``day``)."""

    how: DoseEstimate
    day: Day

    @classmethod
    def opened(cls, how: DoseEstimate, kept: str | None, today: date) -> DoseBook:
        """Return the book with the day's page that was ``kept`` as JSON; a spoilt one is anew."""
        book = cls(how, _blank(today))
        if kept is not None:
            try:
                book.day = Day.model_validate_json(kept)
            except ValueError:
                return book
        book.turn(today)
        return book

    def turn(self, today: date) -> None:
        """Begin a new page if ``today`` is another day."""
        if self.day.day != today:
            self.day = _blank(today)

    def on(self, tube: ReadBack, seconds: float) -> Exposed:
        """Note that the beam was on for ``seconds``; return what that amounts to."""
        dose = kerma(self.how, tube, seconds)
        day = self.day
        self.day = day.model_copy(
            update={
                "beam_on_s": day.beam_on_s + seconds,
                "dose_estimate_ugy": day.dose_estimate_ugy + dose,
            }
        )
        return Exposed(seconds, dose)

    def counted(self) -> Day:
        """Return the day with one item more."""
        self.day = self.day.model_copy(update={"items": self.day.items + 1})
        return self.day


def _blank(today: date) -> Day:
    return Day(day=today, items=0, beam_on_s=0.0, dose_estimate_ugy=0.0)
