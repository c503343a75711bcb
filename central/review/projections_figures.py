"""How well each operator finds threats, from what they answered to second looks.

1. Hits are of projected threats, false alarms of items that were cleared and are taken as harmless.
2. Answers are kept as long as inspections; figures are of those that are kept.
3. Of too few answers nothing is said (models.xray.tip.detection).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from central.review.projections_steps import THREAT
from central.store.looks import LookAnswer, SealedProjection
from models.xray.tip.detection import Answers, Figures, TooFew, figures


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator's answers, the median of their seconds, and what can be said of them."""

    name: str
    answers: Answers
    seconds: float
    figures: Figures | None


async def operators(session: AsyncSession) -> list[Operator]:
    """Return everybody who has answered, by name."""
    found: dict[str, list[LookAnswer]] = defaultdict(list)
    for row in await session.scalars(select(LookAnswer)):
        found[row.operator].append(row)
    return [_operator(name, found[name]) for name in sorted(found)]


async def forget(session: AsyncSession, before: datetime) -> None:
    """Delete answers and sealed records from before that time."""
    await session.execute(delete(LookAnswer).where(LookAnswer.at < before))
    await session.execute(delete(SealedProjection).where(SealedProjection.heard_at < before))


def _operator(name: str, rows: list[LookAnswer]) -> Operator:
    threats = [row.answer == THREAT for row in rows if row.projection is not None]
    harmless = [row.answer == THREAT for row in rows if row.projection is None]
    answers = Answers(sum(threats), len(threats), sum(harmless), len(harmless))
    try:
        said = figures(answers)
    except TooFew:
        said = None
    return Operator(name, answers, median(row.seconds for row in rows), said)
