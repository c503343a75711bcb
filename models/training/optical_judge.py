"""Figures of the patch network on whole pages that it never saw, and its card.

1. Pages are ``documents_light``'s, seeds from ``UNSEEN`` on, laid out as the registration does: off
   by a tenth of a millimetre and a quarter of a degree. Each is looked at twice: as a clean reader
   sees it, and *worn* (blur, noise, JPEG, uneven light).
2. The threshold lies ``MARGIN`` above what 1 % of the clean and worn bona fide pages of even seeds
   reach, for either question; every figure is of the odd seeds.
3. Copies and other papers are of unseen seeds; the foreign type is one that no training saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalogue import WEIGHTS, card
from models.document.patches import NAME, SIDE, Question, Runner, fed, score
from models.session import Session
from simulators.world.documents_camera import degrade
from simulators.world.documents_light import Forgery, Light, passport, utopian_zone
from simulators.world.documents_paper import security_paper

__all__ = ["UNSEEN", "judged", "write_card"]

Image = NDArray[np.uint8]
Scores = NDArray[np.float64]
UNSEEN = 1 << 43  # first seed
GENUINE, FORGED = 160, 60  # pages
SCALE = 8.0  # pixels per mm
MARGIN = 0.7  # of a logit
AREAS = ((44, 59, 72, 8), (106, 14, 16, 24), (4, 58, 32, 8))  # mm, of edge's document model
"""As in ``edge/documents/optical/models/uto_p_1.toml``, which this floor may not read."""


def judged() -> tuple[float, dict[str, float]]:
    """Return the threshold and the figures of the network as it lies in the catalogue."""
    session = Session(card(NAME))

    def run(patches: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run({"patches": patches})[0], np.float32)

    good = np.array([_seen_twice(run, s, None) for s in range(UNSEEN, UNSEEN + GENUINE)])
    highest = float(np.quantile(good[::2], 0.99, axis=(0, 1)).max())
    threshold = 1 / (1 + (1 / highest - 1) * float(np.exp(-MARGIN)))
    good = good[1::2]  # pages, clean and worn, questions
    figures = {
        "pages_genuine": float(2 * len(good)),
        "false_alarms_print": _share(good[..., Question.PRINT], threshold),
        "false_alarms_type": _share(good[..., Question.TYPE], threshold),
    }
    first = UNSEEN + 10_000
    copies = np.array([_seen_twice(run, first + k, Forgery.COPIED) for k in range(FORGED)])
    types = np.array([_seen_twice(run, first + k, Forgery.FOREIGN_TYPE) for k in range(FORGED)])
    papers = np.array([_paper(run, first + k) for k in range(FORGED)])
    for name, bad, question in (
        ("copies_clean", copies[:, 0, Question.PRINT], Question.PRINT),
        ("copies_worn", copies[:, 1, Question.PRINT], Question.PRINT),
        ("other_papers", papers, Question.PRINT),
        ("foreign_type_clean", types[:, 0, Question.TYPE], Question.TYPE),
        ("foreign_type_worn", types[:, 1, Question.TYPE], Question.TYPE),
    ):
        figures[f"auc_{name}"] = _auc(bad, good[..., question].ravel())
        figures[f"missed_{name}"] = round(1 - _share(bad, threshold), 4)
    return round(threshold, 4), figures


def _seen_twice(run: Runner, seed: int, forgery: Forgery | None) -> list[list[float]]:
    """Return the scores [clean, worn][question] of one page."""
    rng = np.random.default_rng([seed, 0x0DD])
    dpi = float(rng.choice([200, 260, 300, 400]))
    page = passport(seed, dpi, forgery)[Light.WHITE]
    worn = degrade(page, rng, 0.3)
    return [_asked(run, _laid_out(image, dpi, rng), seed) for image in (page, worn)]


def _asked(run: Runner, page: Image, seed: int) -> list[float]:
    printed = score(run(fed(list(_tiles(page)))), Question.PRINT)
    return [printed, score(run(fed(list(_characters(page, seed)))), Question.TYPE)]


def _paper(run: Runner, seed: int) -> float:
    page = security_paper(704, 1000, np.random.default_rng([seed, 0x0DE]))
    return score(run(fed(list(_tiles(page)))), Question.PRINT)


def _laid_out(page: Image, dpi: float, rng: np.random.Generator) -> Image:
    """Return the page as the registration lays it out, nearly."""
    scale = dpi / 25.4 / SCALE
    source = cv2.GaussianBlur(page, (0, 0), max(0.25, 0.35 * scale))
    turn = np.deg2rad(rng.normal(0, 0.15))
    way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * scale
    matrix = np.hstack([way, rng.normal(0, 0.8, (2, 1))])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(source, matrix, (1000, 704), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(seen + rng.normal(0, 2, seen.shape), 0, 255), np.uint8)


def _tiles(page: Image) -> Iterator[Image]:
    for left, top, width, height in AREAS:
        for y in range(0, height, 8):
            for x in range(0, width, 8):
                row, column = round((top + y) * SCALE), round((left + x) * SCALE)
                yield page[row : row + SIDE, column : column + SIDE]


def _characters(page: Image, seed: int) -> Iterator[Image]:
    """Yield patches of three characters of the zone of a TD3 (Doc 9303-4)."""
    for line, y in zip(utopian_zone(seed), (88 - 9.4 - 6.35, 88 - 9.4), strict=True):
        for at in range(1, 43, 3):
            if line[at - 1 : at + 2].count("<") < 2:
                row = round(y * SCALE) - SIDE // 2
                column = round((6 + (at + 0.5) * 2.54) * SCALE) - SIDE // 2
                yield page[row : row + SIDE, max(column, 0) : max(column, 0) + SIDE]


def _share(scores: Scores, threshold: float) -> float:
    return round(float((scores >= threshold).mean()), 4)


def _auc(bad: Scores, good: Scores) -> float:
    above = (bad[:, None] > good).mean() + 0.5 * (bad[:, None] == good).mean()
    return round(float(above), 4)


def write_card(
    path: Path, seed: int, minutes: float, threshold: float, figures: dict[str, float]
) -> None:
    """Write the card beside the network."""
    entry = {
        **_ABOUT,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "recipe": f"python -m models.training.optical --seed {seed} --minutes {minutes:g}",
    }
    text = [f'{key} = "{value}"' for key, value in entry.items()]
    text += [f"threshold = {threshold}", "", "[metrics]"]
    text += [f"{key} = {value}" for key, value in figures.items()]
    (WEIGHTS / f"{NAME}.toml").write_text("\n".join(text) + "\n", encoding="utf-8")


_ABOUT = {
    "name": NAME,
    "role": "document-patches",
    "version": "1",
    "grade": "simulation",
    "input": "patches: float32 (n, 3, 64, 64), BGR, 0 to 255, 8 pixels to the mm",
    "output": "told: float32 (n, 2): logits of forged print, of a zone set in foreign type",
    "trained_on": "rendered sheets of one fictitious state and rendered forgeries "
    "(simulators/world/documents_light*.py), the typefaces of the training machine; no real "
    "document",
    "licence": "as the project",
    "source": "trained from random weights by models/training/optical.py",
    "limits": "knows one design of one state that does not exist: any other print is forged to it. "
    "At 8 pixels to the mm it sees the dots of screens up to some 5 lines to the mm (130 to the "
    "inch); a continuous-tone copy, or a finer screen, is not shown to be seen, nor are worn, "
    "stained or folded pages. Its copies are rendered, not printed. The figures are of rendered "
    "pages, some hundred of each kind, and say nothing about a real document. A first training, "
    "with few typefaces, missed 63 of 100 pages in the foreign type; more typefaces were added "
    "for it, so that figure is not blind. Trained for a time, not a number of steps: another "
    "machine gets other weights",
}
