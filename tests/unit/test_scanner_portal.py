import asyncio
from collections.abc import Callable

from contract.inspection import Finding
from drivers.radiation.codec import Background, OccupancyEnd, Ray, Scan, Tamper
from drivers.radiation.verdict import Thresholds
from edge.scanner.portal import STILL, PortalWatch, Word

SOON = 0.02  # s; nothing is coming


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watch(clock: Callable[[], float] | None = None) -> PortalWatch:
    made = PortalWatch(Thresholds(), clock or Clock())
    for ray, counts in ((Ray.GAMMA, (770,) * 4), (Ray.NEUTRON, (3,) * 4)):
        made.feed(Background(ray, counts))
    return made


def pass_by(portal: PortalWatch, gamma: int = 150, number: int | None = 1) -> None:
    for _ in range(6):
        portal.feed(Scan(Ray.GAMMA, (gamma,) * 4))
        portal.feed(Scan(Ray.NEUTRON, (0,) * 4))
    if number is not None:
        portal.feed(OccupancyEnd(number, (3080,)))


def word(portal: PortalWatch, within: float = SOON) -> Word | None:
    return asyncio.run(portal.word(within))


def finding(portal: PortalWatch) -> Finding:
    said = word(portal)
    assert said is not None
    return said.check.finding


def test_a_quiet_passage_is_clear_and_counts_once() -> None:
    portal = watch()
    pass_by(portal, number=7)
    said = word(portal)
    assert said is not None
    assert said.check.finding is Finding.CLEAR
    assert said.radiation.occupancy == 7
    assert said.radiation.alarms == []
    assert word(portal) is None, "what was said of one item is not said of the next"


def test_a_hot_passage_is_suspect_and_says_which_ray() -> None:
    portal = watch()
    pass_by(portal, gamma=400)
    said = word(portal)
    assert said is not None
    assert said.check.finding is Finding.SUSPECT
    assert said.radiation.alarms == ["gamma"]
    assert said.radiation.gamma_sigma is not None
    assert said.radiation.gamma_sigma > 6


def test_two_passages_are_one_items_and_the_worse_one_holds_it() -> None:
    portal = watch()
    pass_by(portal, gamma=400, number=1)
    pass_by(portal, number=2)
    assert finding(portal) is Finding.SUSPECT


def test_a_passage_without_an_end_is_undetermined_and_counts_for_the_next_one_too() -> None:
    portal = watch()
    pass_by(portal, number=None)
    said = word(portal)
    assert said is not None
    assert said.check.finding is Finding.UNREADABLE
    assert STILL in said.check.detail
    pass_by(portal, gamma=400, number=3)
    assert finding(portal) is Finding.SUSPECT


def test_an_end_that_never_comes_is_given_up() -> None:
    clock = Clock()
    portal = watch(clock)
    pass_by(portal, number=None)
    clock.now = 10.0
    portal.tick()
    assert finding(portal) is Finding.UNREADABLE
    assert word(portal) is None


def test_a_cabinet_that_was_open_in_between_is_undetermined() -> None:
    portal = watch()
    portal.feed(Scan(Ray.GAMMA, (150,) * 4))
    portal.feed(Tamper(open=True))
    portal.feed(Tamper(open=False))
    pass_by(portal)
    assert finding(portal) is Finding.UNREADABLE


def test_what_was_not_understood_makes_a_passage_undetermined() -> None:
    portal = watch()
    portal.feed(Scan(Ray.GAMMA, (150,) * 4))
    portal.spoil()
    pass_by(portal)
    assert finding(portal) is Finding.UNREADABLE


def test_the_word_is_given_as_soon_as_the_passage_ends() -> None:
    async def meanwhile() -> Word | None:
        portal = watch()
        portal.feed(Scan(Ray.GAMMA, (150,) * 4))
        asking = asyncio.create_task(portal.word(30.0))
        await asyncio.sleep(0)
        assert not asking.done()
        pass_by(portal)
        return await asyncio.wait_for(asking, 5.0)

    assert asyncio.run(meanwhile()) is not None
