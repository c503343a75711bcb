"""The diagrams in the documents are the tables in the code."""

import pytest

from tools.draw_tables import DOCS, drawings, with_drawing


@pytest.mark.parametrize("name", sorted(drawings()))
def test_the_diagram_is_the_table(name: str) -> None:
    """If this fails: ``python tools/draw_tables.py``, and look whether the text still holds."""
    text = (DOCS / name).read_text(encoding="utf-8")
    assert with_drawing(text, drawings()[name]) == text


def test_a_document_without_a_place_for_it_is_an_error() -> None:
    with pytest.raises(ValueError, match="drawn from the table"):
        with_drawing("no markers", "diagram")
