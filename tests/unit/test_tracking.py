from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from drivers.conveyor.registers import Belt, ConveyorState, Diverter, Fault
from edge.scanner.tracking import Span, Tracked

EMPTY = ConveyorState(
    belt=Belt.FORWARD,
    speed=400.0,
    position=0.0,
    entry_barrier=False,
    exit_barrier=False,
    emergency_stop=False,
    person_in_zone=False,
    door_open=False,
    interlock_closed=True,
    beam_permitted=False,
    host_silent=False,
    diverter=Diverter.HOLD,
    faults=Fault(0),
    heartbeat=0,
    controller_beat=0,
    items_in=0,
    items_out=0,
)


def followed(looks: list[tuple[float, bool, int]], tracked: Tracked | None = None) -> Tracked:
    tracked = tracked or Tracked()
    before = EMPTY
    for position, broken, count in looks:
        now = replace(EMPTY, position=position, entry_barrier=broken, items_in=count)
        tracked, before = tracked.follow(before, now), now
    return tracked


def test_an_item_from_front_to_tail() -> None:
    tracked = followed([(100, False, 0), (110, True, 0), (400, True, 0), (410, False, 1)])
    assert tracked.item == Span(100, 410), "front early, tail late"
    assert tracked.arrived
    assert tracked.front_past(700) == 600
    assert tracked.item.tail_past(700) == 290


def test_an_item_that_passes_between_two_looks_is_seen_by_the_counter() -> None:
    tracked = followed([(100, False, 0), (120, False, 1)])
    assert tracked.arrived
    assert tracked.item is not None
    assert tracked.item.tail_at == 120


def test_one_that_follows_closely_belongs_to_the_item() -> None:
    looks = [(110, True, 0), (410, False, 1), (430, True, 1)]
    assert followed(looks).item == Span(0, None)
    assert followed([*looks, (700, False, 2)]).item == Span(0, 700)


def test_one_that_follows_the_scan_is_another_item() -> None:
    scanned = Tracked(Span(0, 400), scanned=True)
    assert not scanned.arrived
    for looks, behind in (([(900, True, 0)], Span(0)), ([(900, False, 1)], Span(0, 900))):
        after = followed(looks, scanned)
        assert after.arrived
        assert (after.item, after.behind) == (Span(0, 400), behind)


def test_the_next_one_is_begun_while_the_one_before_leaves() -> None:
    both = Tracked(Span(0, 400), scanned=True, behind=Span(900)).begun()
    assert (both.item, both.ahead, both.behind) == (Span(900), Span(0, 400), None)
    assert not both.scanned
    whole = followed([(1000, True, 0), (1300, False, 1)], both)
    assert whole.item == Span(900, 1300)
    assert not whole.scanned_by(2000, 660), "the one before is still on the belt"
    assert whole.gone_by(2800, 2400)
    alone = whole.left()
    assert alone == Tracked(Span(900, 1300))
    assert alone.scanned_by(2000, 660)


def test_what_is_begun_again_stays_the_same_item() -> None:
    one = Tracked(Span(5))
    assert one.begun() == one


def test_what_came_behind_an_item_that_left_is_the_next() -> None:
    assert Tracked(Span(0, 400), scanned=True, behind=Span(900)).left() == Tracked(Span(900))
    assert Tracked(Span(0, 400), scanned=True).left() == Tracked()


@given(
    front=st.floats(50, 500), length=st.floats(5, 900), step=st.floats(1, 60),
)  # fmt: skip
def test_front_is_never_late_and_tail_never_early(front: float, length: float, step: float) -> None:
    """Whatever the looks, an item of any length is assumed at least as long as it is."""
    looks, position = [(0.0, False, 0)], 0.0
    while position < front + length + 100:
        position += step
        gone = position > front + length
        looks.append((position, front <= position <= front + length, int(gone)))
    tracked = followed(looks)
    assert tracked.item is not None
    assert tracked.item.front_at <= front
    assert tracked.item.tail_at is not None
    assert tracked.item.tail_at >= front + length
