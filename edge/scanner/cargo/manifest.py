"""Do the papers fit what is seen? Every sub-check agrees, disagrees or cannot tell, with numbers.

1. papers       the declaration in itself: weights and numbers that can be, net not above gross.
2. weighbridge  the declared gross weight against the weighed one, less tare.
3. mass         the declared gross weight against the weight that the picture gives.
4. shielding    the weighed weight against the picture's: what the beam does not pass weighs too.
5. count        the declared packages against those seen. Rows behind one another hide: more than
                seen is told only where the layers are known, fewer than seen always.
6. homogeneity  goods declared as of one kind must look alike from package to package.
7. chapter      the picture's figures against what goods of the declared HS chapter look like.

A check's deviation is in tolerances: above 1 it disagrees. One that disagrees makes the item
suspect; where not one of those that look at the picture (3 to 7) agrees it is unreadable, never
clear. Of an unusable picture these tell nothing, but one: where nothing lies in the beam, what is
declared or weighed cannot weigh more than what goes unnoticed there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from contract.inspection import Finding, Region
from edge.scanner.cargo.chapters import Expectation, expectations, measure
from edge.scanner.cargo.counting import Count, count
from edge.scanner.cargo.homogeneity import homogeneity
from edge.scanner.cargo.mass import Mass, unnoticed, weigh
from edge.scanner.cargo.seen import Nothing, Seen
from edge.scanner.cargo.usable import Unusable

BRIDGE_SHARE, BRIDGE_KG = 0.02, 2.0  # of a weighbridge and of what is written down
SURE = 0.9  # of a count, for it to say anything of the papers
NARROW = 2.5  # upper over lower bound of a weight, for it to confirm one
OUTSIDE = 0.5  # of a range's width beyond its end, where it contradicts
LEAST_FIGURES = 3  # for a chapter to be confirmed
UNSEEING = ("papers", "weighbridge")  # sub-checks that need no picture


class Verdict(StrEnum):
    """What a sub-check says."""

    AGREE = "agree"
    DISAGREE = "disagree"
    CANNOT_TELL = "cannot-tell"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the papers say; None is not stated. ``chapter`` is two digits of the HS code."""

    chapter: str | None = None
    gross_kg: float | None = None
    net_kg: float | None = None
    packages: int | None = None
    homogeneous: bool | None = None


@dataclass(frozen=True)
class Answer:
    """One sub-check; ``numbers`` are what it compared, ``words`` say it for an officer."""

    name: str
    verdict: Verdict
    words: str
    numbers: dict[str, float] = field(default_factory=dict)
    deviation: float = 0.0
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class ManifestResult:
    """All sub-checks in the order of the rules."""

    answers: tuple[Answer, ...]

    @property
    def finding(self) -> Finding:
        """Return suspect if one disagrees, clear if one that looks agrees and none disagrees."""
        said = {answer.verdict for answer in self.answers}
        if Verdict.DISAGREE in said:
            return Finding.SUSPECT
        told = any(a.verdict is Verdict.AGREE for a in self.answers if a.name not in UNSEEING)
        return Finding.CLEAR if told else Finding.UNREADABLE

    @property
    def score(self) -> float | None:
        """Return 0 to 1, above 0.5 where something disagrees; None where nothing could be told."""
        if self.finding is Finding.UNREADABLE:
            return None
        worst = max(answer.deviation for answer in self.answers)
        return worst / (worst + 1)

    @property
    def detail(self) -> str:
        """Return at most 300 characters: what disagrees, else what agrees and what is not told."""
        wrong = [a.words for a in self.answers if a.verdict is Verdict.DISAGREE]
        if wrong:
            return "; ".join(wrong)[:300]
        names = {v: ", ".join(a.name for a in self.answers if a.verdict is v) for v in Verdict}
        agree, unknown = names[Verdict.AGREE] or "nothing", names[Verdict.CANNOT_TELL] or "nothing"
        return f"agrees: {agree}; cannot be told: {unknown}"[:300]

    @property
    def regions(self) -> tuple[Region, ...]:
        """Return where what disagrees lies."""
        return tuple(
            region
            for answer in self.answers
            if answer.verdict is Verdict.DISAGREE
            for region in answer.regions
        )


def check_manifest(
    said: Declaration,
    item: Seen | Unusable,
    weighed_kg: float | None = None,
    tare_kg: float = 0.0,
    scale_kg: float = BRIDGE_KG,
) -> ManifestResult:
    """Return how ``said`` fits ``item``, as ``seen()`` made it, or the error it raised.

    ``weighed_kg`` is the weighbridge's; ``tare_kg`` is of what is weighed and scanned with the
    goods and is not declared: vehicle, container, tray. ``scale_kg`` is what the scale may err by,
    besides 2 %.
    """
    papers, bridge = _papers(said), _bridge(said, weighed_kg, tare_kg, scale_kg)
    if isinstance(item, Unusable):
        net = _less(weighed_kg, tare_kg)
        return ManifestResult((papers, bridge, *_unseen(item, said.gross_kg, net)))
    grid, mass = count(item), weigh(item)
    return ManifestResult(
        (
            papers,
            bridge,
            _mass("mass", "declared", said.gross_kg, mass, tare_kg),
            _mass("shielding", "weighed", _less(weighed_kg, tare_kg), mass, tare_kg),
            _count(said.packages, grid, item.layers),
            _homogeneity(said.homogeneous, item, grid),
            _chapter(said.chapter, item),
        )
    )


def _unseen(why: Unusable, declared: float | None, weighed: float | None) -> list[Answer]:
    most = unnoticed(why.item) if isinstance(why, Nothing) else math.inf
    names = ("count", "homogeneity", "chapter")
    return [
        _absent("mass", "declared", declared, most, str(why)),
        _absent("shielding", "weighed", weighed, most, str(why)),
        *(_unknown(name, str(why)) for name in names),
    ]


def _absent(name: str, source: str, claimed: float | None, most: float, why: str) -> Answer:
    """Return whether ``claimed`` kilograms may be missed in a picture that shows no goods.

    Tare is left out of account: it lies in the beam with the goods, and nothing does.
    """
    if claimed is None or not _weight(claimed) or claimed <= most:
        return _unknown(name, why)
    words = f"{claimed:.0f} kg {source}, and nothing that weighs above {most:.1f} kg in the beam"
    return _judged(name, claimed / most, words, **{source: claimed, "most": most})


def _unknown(name: str, why: str, **numbers: float) -> Answer:
    return Answer(name, Verdict.CANNOT_TELL, f"{name}: {why}", numbers)


def _judged(name: str, deviation: float, words: str, **numbers: float) -> Answer:
    verdict = Verdict.DISAGREE if deviation > 1 else Verdict.AGREE
    return Answer(name, verdict, f"{name}: {words}", numbers, deviation)


def _weight(value: float | None) -> bool:
    """Return whether a weight is stated and can be one."""
    return value is not None and math.isfinite(value) and value > 0


def _less(weighed: float | None, tare: float) -> float | None:
    return None if weighed is None else weighed - tare


def _papers(said: Declaration) -> Answer:
    wrong = []
    for name, value in (("gross", said.gross_kg), ("net", said.net_kg)):
        if value is not None and not _weight(value):
            wrong.append(f"a {name} weight of {value} kg cannot be")
    if _weight(said.gross_kg) and _weight(said.net_kg) and said.net_kg > said.gross_kg:  # type: ignore[operator]
        wrong.append(f"net {said.net_kg:g} kg is above gross {said.gross_kg:g} kg")
    if said.packages is not None and said.packages < 1:
        wrong.append(f"{said.packages} packages cannot be")
    if said.chapter is not None and not (len(said.chapter) == 2 and said.chapter.isdecimal()):
        wrong.append(f"{said.chapter[:12]!r} is no HS chapter")
    if wrong:
        return Answer("papers", Verdict.DISAGREE, "papers: " + ", ".join(wrong), deviation=2.0)
    return Answer("papers", Verdict.AGREE, "papers: consistent in themselves")


def _bridge(said: Declaration, weighed: float | None, tare: float, scale: float) -> Answer:
    name = "weighbridge"
    if weighed is None or not math.isfinite(weighed) or not math.isfinite(tare):
        return _unknown(name, "not weighed")
    net = weighed - tare
    if not _weight(said.gross_kg) or said.gross_kg is None:
        return _unknown(name, "no gross weight is declared", weighed=net)
    deviation = abs(net - said.gross_kg) / (BRIDGE_SHARE * said.gross_kg + scale)
    words = f"{net:.0f} kg weighed, {said.gross_kg:.0f} kg declared"
    return _judged(name, deviation, words, weighed=net, declared=said.gross_kg)


def _mass(name: str, source: str, claimed: float | None, mass: Mass, tare: float) -> Answer:
    if claimed is None or not _weight(claimed):
        return _unknown(name, f"no weight is {source}")
    least, most = mass.least - tare * (1 + BRIDGE_SHARE), mass.most - tare * (1 - BRIDGE_SHARE)
    numbers = {source: claimed, "least": max(least, 0.0), "most": most}
    upper = f"{most:.0f}" if math.isfinite(most) else "any"
    words = f"{claimed:.0f} kg {source}, the picture holds {max(least, 0):.0f} to {upper} kg"
    if claimed < least:
        return _judged(name, least / claimed, words, **numbers)
    if claimed > most:
        return _judged(name, claimed / max(most, 1e-3), words, **numbers)
    if not math.isfinite(most):
        return _unknown(name, f"{words}: the beam does not pass everywhere", **numbers)
    if mass.kilograms is None and most > NARROW * max(least, 1e-3):
        return _unknown(name, f"{words}: without the materials map no nearer", **numbers)
    return _judged(name, 0.0, words, **numbers)


def _count(declared: int | None, grid: Count, layers: int | None) -> Answer:
    name, visible = "count", grid.number
    if declared is None or declared < 1:
        return _unknown(name, "no number of packages is declared", seen=visible)
    expected = visible * (layers or 1)
    numbers = {"seen": float(visible), "declared": float(declared), "sure": grid.sure}
    words = f"{grid.across} × {grid.up} = {visible} packages seen, {declared} declared"
    if grid.sure < SURE:
        return _unknown(name, f"{words}, but they cannot be told apart surely", **numbers)
    if declared == expected:
        return _judged(name, 0.0, words, **numbers)
    if declared > expected and layers is None:
        return _unknown(name, f"{words}; the others may be behind them", **numbers)
    return _judged(name, 1 + abs(declared / expected - 1), words, **numbers)


def _homogeneity(declared: bool | None, item: Seen, grid: Count) -> Answer:
    name = "homogeneity"
    found = homogeneity(item, grid)
    if found is None:
        return _unknown(name, "too few parts can be told apart")
    odd = len(found.odd)
    words = f"{odd} of {found.cells} parts look different"
    numbers = {"like": found.like, "cells": float(found.cells)}
    if declared is None:
        return _unknown(name, f"{words}; nothing is declared", **numbers)
    if not declared:
        return _unknown(name, f"{words}; declared as mixed", **numbers)
    answer = _judged(name, 1.0 + odd if odd else 0.0, words, **numbers)
    return Answer(name, answer.verdict, answer.words, numbers, answer.deviation, found.odd)


def _chapter(declared: str | None, item: Seen) -> Answer:
    name = "chapter"
    if declared is None:
        return _unknown(name, "no HS chapter is declared")
    if (wanted := expectations().get(declared)) is None:
        return _unknown(name, f"nothing is known of what chapter {declared[:2]} looks like")
    figures = measure(item)
    beyond = {key: _beyond(figures[key], wanted, key) for key in figures if key in wanted.ranges}
    told = f"{len(beyond)} figures compared with {wanted.name}"
    if not beyond:
        return _unknown(name, told, **figures)
    worst = max(beyond, key=lambda key: beyond[key])
    low, high = wanted.ranges[worst]
    if beyond[worst] > 1:
        words = f"not like {declared} ({wanted.name}): {worst} {figures[worst]:.2f}, " \
                f"{low:.2f} to {high:.2f} expected"  # fmt: skip
        return _judged(name, beyond[worst], words, **figures)
    if len(beyond) < LEAST_FIGURES:
        return _unknown(name, f"only {told}; none contradicts", **figures)
    return _judged(name, beyond[worst], f"like {declared} ({wanted.name})", **figures)


def _beyond(value: float, wanted: Expectation, figure: str) -> float:
    """Return how far ``value`` lies outside its range, 1 where that contradicts."""
    low, high = wanted.ranges[figure]
    out = max(low - value, value - high, 0.0)
    return out / max(OUTSIDE * (high - low), 1e-3)
