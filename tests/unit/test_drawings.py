"""The diagrams in the documents are the tables in the code."""

import cv2
import numpy as np
import pytest

from tools.draw_scanner import FOLDER, PICTURES
from tools.draw_tables import DOCS, drawings, with_drawing


@pytest.mark.parametrize("name", sorted(drawings()))
def test_the_diagram_is_the_table(name: str) -> None:
    """If this fails: ``python tools/draw_tables.py``, and look whether the text still holds."""
    text = (DOCS / name).read_text(encoding="utf-8")
    assert with_drawing(text, drawings()[name]) == text


def test_a_document_without_a_place_for_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="drawn from the table"):
        with_drawing("no markers", "diagram")


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_the_scanners_pictures_are_what_its_code_draws(name: str) -> None:
    """If this fails: ``python tools/draw_scanner.py``, and look whether the text still holds.

    What the networks mark in the item changes with their weights, and is not compared.
    """
    kept = cv2.imread(str(FOLDER / name))
    drawn = PICTURES[name]()
    assert kept is not None, f"{name} is not in the documents"
    assert kept.shape == drawn.shape
    far = np.abs(kept.astype(np.int16) - drawn).max(axis=2) > 60
    assert far.mean() < 0.02
