"""Beam-on time and an estimate of dose: by item and by day. Pure: times and settings in.

1. Air kerma goes with the charge and, between 40 and 450 kV, nearly with the square of the voltage;
   with the distance from the focus it falls with its square (IPEM report 78; a tube's own output is
   measured when it is commissioned, and is a setting).
2. It is an estimate, and above the truth: as if the item had stood in the fan all the time that the
   beam was on. The time between two looks counts whole where the beam was on at either of them, at
   the higher of both readings; where it came or went, at no less than the tube's set-points.
3. A generator that is not heard counts as on, if it was or the conveyor's permission relay allowed
   it, until that relay is seen dropped; without that, until it is back.
4. A day is one of UTC. It counts everything: items, references and self-tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contract.inspection import Day
from drivers.xray_source.source import ReadBack
from edge.scanner.config import DoseEstimate

MISSED = 0.1  # s without a word of the generator, which is asked every 50 ms


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


class Meter:
    """What the beam did from look to look; times are monotonic s, ``asked`` the tube's set-points.

    A beam that comes and is cut by the generator itself between two looks is not seen.
    """

    def __init__(self, asked: ReadBack, now: float) -> None:
        self._asked = self._tube = asked
        self._at = now  # counted up to here
        self._on = False  # when the generator spoke last
        self._allowed = False  # by the relay, since then
        self._dropped: float | None = None  # the relay was, since then

    @property
    def on(self) -> bool:
        """Whether the beam may be on, for all that was heard."""
        return self._on or self._allowed

    def seen(self, book: DoseBook, now: float, tube: ReadBack, *, on: bool) -> Exposed:
        """Take in what the generator says; return what its beam did since it last spoke."""
        upto = now if self._on or on else self._dropped or now
        unseen = self._allowed and (self._dropped is not None or now - self._at > MISSED)
        if self._on or on or unseen:
            exposed = self._counted(book, upto, tube, steady=self._on and on)
        else:
            exposed = Exposed()
        self._at, self._tube, self._on = now, tube, on
        self._allowed, self._dropped = False, None
        return exposed

    def relay(self, book: DoseBook, now: float, *, permits: bool, away: bool) -> Exposed:
        """Take in what the permission relay shows; return what the beam of a lost generator did."""
        if permits:
            self._allowed, self._dropped = True, None
        elif self._dropped is None:
            self._dropped = now
        if self._dropped is None or not (away and self.on):
            return Exposed()
        exposed = self._counted(book, self._dropped, self._tube, steady=False)
        self._at, self._on, self._allowed = self._dropped, False, False
        return exposed

    def _counted(self, book: DoseBook, upto: float, tube: ReadBack, *, steady: bool) -> Exposed:
        """Return what the beam did until ``upto``, at most: at the highest that is known."""
        known = (self._tube, tube) if steady else (self._tube, tube, self._asked)
        highest = ReadBack(
            max(one.kv for one in known), max(one.ma for one in known), tube.temperature
        )
        return book.on(highest, upto - self._at)


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
