"""What supervisors see of second looks: how well each operator finds threats."""

from typing import Self

from fastapi import APIRouter

from central.api.guard import Shared
from central.api.views import View
from central.review import projections_figures
from central.review.projections_figures import Operator
from models.xray.tip.detection import LEAST, Figures, Interval

router = APIRouter(tags=["review"])


class IntervalView(View):
    """An estimate and its interval of 95 % confidence."""

    value: float
    low: float
    high: float


class FiguresView(View):
    """What is said of one operator: rates from 0 to 1, and both indices of detection."""

    hit_rate: IntervalView
    false_alarm_rate: IntervalView
    d_prime: IntervalView
    d_a: IntervalView


class OperatorView(View):
    """One operator's answers to second looks; ``figures`` is null where they are too few."""

    operator: str
    hits: int
    threats: int
    alarms: int
    harmless: int
    seconds: float
    figures: FiguresView | None

    @classmethod
    def of(cls, operator: Operator) -> Self:
        """Return ``operator`` as shown."""
        answers = operator.answers
        return cls(
            operator=operator.name,
            hits=answers.hits,
            threats=answers.threats,
            alarms=answers.alarms,
            harmless=answers.harmless,
            seconds=operator.seconds,
            figures=None if operator.figures is None else _figures(operator.figures),
        )


class DetectionView(View):
    """Everybody who has answered, and how many answers of either sort are needed at least."""

    least: int
    operators: list[OperatorView]


@router.get("/api/detection", summary="How well operators find threats")
async def detection(core: Shared) -> DetectionView:
    """Return each operator's answers to projected threats and to cleared items."""
    async with core.database.reading() as session:
        found = await projections_figures.operators(session)
    return DetectionView(least=LEAST, operators=[OperatorView.of(one) for one in found])


def _figures(figures: Figures) -> FiguresView:
    return FiguresView(
        hit_rate=_interval(figures.hit_rate),
        false_alarm_rate=_interval(figures.false_alarm_rate),
        d_prime=_interval(figures.d_prime),
        d_a=_interval(figures.d_a),
    )


def _interval(interval: Interval) -> IntervalView:
    return IntervalView(value=interval.value, low=interval.low, high=interval.high)
