"""Was this printed as its maker prints? A network's chance of *not*, patch by patch.

1. A patch is 64 × 64 pixels, BGR, of a page laid out at 8 pixels to the mm.
2. Two questions, one network: is this *print* (background, guilloche) what the state's press
   prints, and is this *type* the OCR-B of a machine-readable zone (three characters wide)?
3. The score of several patches is the sigmoid of their mean logit, each held to ±``FIRM``: one odd
   patch decides nothing, most of them do.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from models.catalogue import Grade
from models.session import open_session

__all__ = ["NAME", "SIDE", "Judge", "Question", "score", "shipped"]

Image = NDArray[np.uint8]
Logits = NDArray[np.float32]
Runner = Callable[[NDArray[np.float32]], Logits]
"""(n, 3, 64, 64), 0 to 255 → (n, 2): logit of forged print, of foreign type."""

NAME = "optical_patches"
SIDE = 64  # pixels
FIRM = 6.0


class Question(IntEnum):
    """What is asked of a patch: the column of the network's answer."""

    PRINT = 0
    TYPE = 1


class Judge:
    """The shipped network and the score from which it says no."""

    def __init__(self, run: Runner, threshold: float) -> None:
        self._run = run
        self.threshold = threshold

    def __call__(self, patches: list[Image], question: Question) -> float:
        """Return the score, 0 (genuine) to 1, of a page's patches. Raises ValueError for none."""
        return score(self._run(fed(patches)), question)


def score(logits: Logits, question: Question) -> float:
    """Return the score of one page's patches."""
    mean = float(np.clip(logits[:, question], -FIRM, FIRM).mean())
    return 1 / (1 + float(np.exp(-mean)))


def fed(patches: list[Image]) -> NDArray[np.float32]:
    """Return patches as the network takes them. Raises ValueError for other shapes, or none."""
    if not patches or any(patch.shape != (SIDE, SIDE, 3) for patch in patches):
        raise ValueError(f"patches are {SIDE} × {SIDE} × 3 and at least one: got {len(patches)}")
    return np.ascontiguousarray(np.stack(patches).transpose(0, 3, 1, 2), np.float32)


def shipped(*, real_hardware: bool = False) -> Judge | None:
    """Return our own network; None on a lane with real travellers that its grade does not reach.

    Raises CatalogueError where the file is not what its card says.
    """
    session = open_session(NAME)
    if real_hardware and session.card.grade is not Grade.FIELD:
        return None
    name, threshold = session.input_name, session.card.threshold
    assert threshold is not None
    return Judge(lambda x: np.asarray(session.run({name: x})[0], np.float32), threshold)
