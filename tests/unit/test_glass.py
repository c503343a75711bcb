from drivers.document_reader.codec import Detected, Placed, Removed, Unreadable
from edge.egate.glass import Glass

ONE, OTHER = Placed(("A" * 44, "1" * 44)), Placed(("B" * 44, "2" * 44))


def test_a_document_waits_until_it_is_taken() -> None:
    glass = Glass()
    assert not glass.waits
    assert not glass.notice(Detected())
    assert not glass.waits, "it is still being read"
    glass.notice(ONE)
    assert glass.waits
    assert glass.take() == ONE.lines
    assert not glass.waits


def test_the_same_said_again_is_no_news() -> None:
    glass = Glass()
    glass.notice(ONE)
    glass.take()
    assert not glass.notice(ONE)
    assert not glass.waits


def test_a_document_that_was_lifted_or_replaced_is_gone() -> None:
    for leaves in (Removed(), OTHER, Detected(), Unreadable()):
        glass = Glass()
        glass.notice(ONE)
        glass.take()
        assert glass.notice(leaves), leaves
    assert glass.waits
    assert glass.take() is None, "it has no zone that the reader found"


def test_the_same_document_laid_down_again_waits_again() -> None:
    glass = Glass()
    glass.notice(ONE)
    glass.take()
    glass.notice(Detected())  # that it was lifted got lost on the line
    glass.notice(ONE)
    assert glass.waits
