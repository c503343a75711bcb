"""Cargo: empty verification, manifest check and similar cargo, how good and how fast.

Everything is rendered: the figures say that the method works on the physics, not how often a real
lane will alarm. ``run`` returns rows of (figure, value, limit).
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from contract.inspection import Finding
from edge.scanner.cargo.empty import examine_empty
from edge.scanner.cargo.manifest import Declaration, Verdict, check_manifest
from edge.scanner.cargo.mass import weigh
from edge.scanner.cargo.similar import look_alike
from edge.scanner.cargo.template import learn
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.table import build
from models.xray.similar import LENGTH, describe
from models.xray.similar_index import Entry, SimilarIndex
from simulators.world.cargo import CHAPTERS, consignment, pictured
from simulators.world.empties import Empty, depth, empty, hidden
from tools.cargo_chapters import observed

EMPTIES, LADEN, LOADS, ALIKE = 60, 24, 64, 256
MANY = 100_000
Row = tuple[str, str, str]


def run() -> list[Row]:
    """Return every figure of this room."""
    rows = [row for kind in Empty for row in _empty(kind)]
    return [*rows, *_manifest(), *_alike(), *_search()]


def _empty(kind: Empty) -> list[Row]:
    template = learn(kind.value, [depth(empty(kind, unit), unit) for unit in range(8)], at=0.0)
    scans = [depth(empty(kind, 5000 + unit), unit) for unit in range(EMPTIES)]
    begun = time.perf_counter()
    found = Counter(examine_empty(scan, template, now=1.0).finding for scan in scans)
    took = (time.perf_counter() - begun) / EMPTIES
    name = f"empty verification, {kind.value}"
    rows = [
        (f"{name}: {scans[0].shape[1]} × {scans[0].shape[0]} pixels", f"{took:.3f} s", "≤ 1 s"),
        (f"{name}: false alarms", f"{found[Finding.SUSPECT]} of {EMPTIES}", "≤ 1 %"),
        (f"{name}: unreadable", f"{found[Finding.UNREADABLE]} of {EMPTIES}", "none set"),
    ]
    for kilograms in (1.0, 0.3, 0.1):
        hits = 0
        for unit in range(LADEN):
            scan = depth(hidden(kind, 7000 + unit, unit, kilograms)[0], unit)
            hits += examine_empty(scan, template, now=1.0).finding is Finding.SUSPECT
        limit = "all" if kilograms == 1.0 else "none set"
        rows.append((f"{name}: {kilograms:g} kg hidden, found", f"{hits} of {LADEN}", limit))
    return rows


def _manifest() -> list[Row]:
    table, chapters = build(nominal(at=0.0)), sorted(CHAPTERS)
    rng = np.random.default_rng(1)
    said: dict[str, Counter[Verdict]] = {}
    errors, seconds, held = [], [], 0
    for index in range(LOADS):
        load = consignment(60_000 + index, chapters[index % len(chapters)])
        item = observed(load, index, table)
        errors.append(weigh(item).kilograms / load.kilograms - 1)
        truth = Declaration(load.chapter, load.kilograms, None, load.packages, True)
        other = str(rng.choice([chapter for chapter in chapters if chapter != load.chapter]))
        false = Declaration(other, load.kilograms / 2, None, max(1, load.packages // 2), True)
        begun = time.perf_counter()
        result = check_manifest(truth, item, load.kilograms)
        seconds.append(time.perf_counter() - begun)
        held += result.finding is not Finding.CLEAR
        for name, papers in (("true", truth), ("false", false)):
            for answer in check_manifest(papers, item).answers:
                said.setdefault(f"{answer.name} {name}", Counter())[answer.verdict] += 1
    low, middle, high = np.percentile(errors, (5, 50, 95))
    rows = [
        ("manifest: time a check", f"{np.median(seconds):.3f} s", "≤ 1 s"),
        ("manifest: weight seen, error at 5, 50, 95 %", f"{low:+.0%} {middle:+.0%} {high:+.0%}",
         "±20 %"),
        ("manifest: true papers held", f"{held} of {LOADS}", "≤ 5 %"),
    ]  # fmt: skip
    for name, wrong in (("mass", "half the weight"), ("count", "half the packages"),
                        ("chapter", "another chapter")):  # fmt: skip
        false, true = said[f"{name} false"], said[f"{name} true"]
        rows.append((
            f"manifest: {wrong} declared, contradicted / true papers contradicted, not told",
            f"{false[Verdict.DISAGREE] / LOADS:.0%} / {true[Verdict.DISAGREE] / LOADS:.0%}, "
            f"{true[Verdict.CANNOT_TELL] / LOADS:.0%}", "none set",
        ))  # fmt: skip
    return [*rows, _foreign(table, chapters, rng)]


def _foreign(table, chapters, rng) -> Row:
    named = told = 0
    for index in range(LOADS // 2):
        chapter = chapters[index % len(chapters)]
        other = str(rng.choice([one for one in chapters if one != chapter]))
        load = consignment(80_000 + index, chapter, foreign=other)
        papers = Declaration(chapter, None, None, load.packages, True)
        answer = check_manifest(papers, observed(load, index, table)).answers[5]
        named += answer.verdict is Verdict.DISAGREE
        told += answer.verdict is not Verdict.CANNOT_TELL
    return (
        "manifest: a quarter of the packages hold other goods, named / could be told",
        f"{named} / {told} of {LOADS // 2}",
        "none set",
    )


def _alike() -> list[Row]:
    chapters = sorted(CHAPTERS)
    loads = [consignment(90_000 + k, chapters[k % len(chapters)]) for k in range(ALIKE)]
    pictures = [-np.log(pictured(load.tau, k)) for k, load in enumerate(loads)]
    chapter = np.array([load.chapter for load in loads])
    variety = np.array([f"{load.chapter} {load.variety}" for load in loads])
    rows = []
    for name, planes in (("two energies", slice(None)), ("one energy", slice(1, 2))):
        made = np.stack([describe(picture[planes]) for picture in pictures])
        likeness = made @ made.T
        np.fill_diagonal(likeness, -1)
        nearest = np.argsort(-likeness, axis=1)[:, :5]
        right = float((chapter[nearest] == chapter[:, None]).mean())
        chance = (ALIKE / len(chapters) - 1) / (ALIKE - 1)
        rows.append((f"similar: nearest 5 of all chapters are of the same, {name}",
                     f"{right:.2f}", f"by chance {chance:.2f}"))  # fmt: skip
        found, chance = _within(likeness, chapter, variety)
        rows.append((f"similar: nearest 5 of the chapter are of the same variety, {name}",
                     f"{found:.2f}", f"by chance {chance:.2f}"))  # fmt: skip
    return rows


def _within(likeness, chapter, variety) -> tuple[float, float]:
    found, chance = [], []
    for index, own in enumerate(variety):
        same = np.flatnonzero((chapter == chapter[index]) & (np.arange(len(chapter)) != index))
        if len(set(variety[same])) < 2:
            continue
        best = same[np.argsort(-likeness[index, same])][:5]
        found.append((variety[best] == own).mean())
        chance.append((variety[same] == own).mean())
    return float(np.mean(found)), float(np.mean(chance))


def _search() -> list[Row]:
    """Search 100 000 pictures of one chapter, the worst case; their numbers are made up."""
    load = consignment(3, "84")
    tau = -np.log(pictured(load.tau, 1))
    large = tau.repeat(4, 1).repeat(4, 2)
    rng = np.random.default_rng(2)
    base = describe(tau)
    with tempfile.TemporaryDirectory() as folder, SimilarIndex(Path(folder)) as index:
        begun = time.perf_counter()
        for start in range(0, MANY, 5000):
            made = np.abs(base + 0.05 * rng.standard_normal((5000, LENGTH))).astype(np.float32)
            made /= np.linalg.norm(made, axis=1, keepdims=True)
            index.add(Entry("84", f"p{start + k}", 0.0, row) for k, row in enumerate(made))
        built = time.perf_counter() - begun
        times = {name: _times(picture, index) for name, picture in (("", tau), ("large", large))}
    size = f"{large.shape[2]} × {large.shape[1]}"
    return [
        (
            "similar: top 5 of 100 000 with description, median",
            f"{times[''][0]:.0f} ms",
            "≤ 200 ms",
        ),
        ("similar: the same, 95 %", f"{times[''][1]:.0f} ms", "≤ 200 ms"),
        (f"similar: the same, {size} pixels, 95 %", f"{times['large'][1]:.0f} ms", "≤ 200 ms"),
        ("similar: 100 000 appended in batches of 5000", f"{built:.1f} s", "none set"),
    ]


def _times(tau: np.ndarray, index: SimilarIndex) -> tuple[float, float]:
    taken = []
    for _ in range(20):
        begun = time.perf_counter()
        found = look_alike(tau, "84", index)
        taken.append((time.perf_counter() - begun) * 1000)
        if len(found.hits) != 5:
            raise RuntimeError(found.detail)
    return float(np.median(taken)), float(np.percentile(taken, 95))


if __name__ == "__main__":
    for row in run():
        print(" | ".join(row))
