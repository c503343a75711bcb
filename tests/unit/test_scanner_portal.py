import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.health import DeviceState
from contract.inspection import Finding
from contract.signing import public_text
from drivers.errors import Garbled, LinkLost
from drivers.radiation.codec import Background, OccupancyEnd, Ray, Scan, Tamper
from drivers.radiation.verdict import Thresholds
from edge.runtime.clock import SystemClock
from edge.runtime.worker import Condition, Happening, Seen, Trouble
from edge.scanner.config import ScannerConfig
from edge.scanner.devices import PORTAL, workers
from edge.scanner.identify import Known
from edge.scanner.identifying import Identifier
from edge.scanner.portal import STILL, PortalWatch, Word

SOON = 0.02  # s; nothing is coming
EMPTY = [Background(Ray.GAMMA, (770,) * 4), Background(Ray.NEUTRON, (3,) * 4)]
KEY = public_text(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key())


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watch(clock: Callable[[], float] | None = None) -> PortalWatch:
    made = PortalWatch(Thresholds(), clock or Clock())
    for background in EMPTY:
        made.feed(background)
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


def test_a_garbled_first_scan_makes_the_passage_undetermined() -> None:
    portal = watch()
    portal.spoil()
    pass_by(portal)
    assert finding(portal) is Finding.UNREADABLE
    pass_by(portal, number=2)
    assert finding(portal) is Finding.UNREADABLE, "nothing has said that the portal was empty"
    for background in EMPTY:
        portal.feed(background)
    pass_by(portal, number=3)
    assert finding(portal) is Finding.CLEAR


LOST = Condition(PORTAL, DeviceState.RECONNECTING, LinkLost("cable pulled"))
BACK = Condition(PORTAL, DeviceState.CONNECTED)
GARBLED = Trouble(PORTAL, Garbled("GS: field 3 is not a count"))
COUNTED = ((Ray.GAMMA, 150), (Ray.NEUTRON, 0))
SCANS = [Seen(PORTAL, Scan(ray, (n,) * 4)) for _ in range(6) for ray, n in COUNTED]
IDLE = [Seen(PORTAL, background) for background in EMPTY]


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        ([*SCANS], Finding.CLEAR),
        ([LOST, BACK, *SCANS], Finding.UNREADABLE),  # it entered while the link was away
        ([GARBLED, *SCANS], Finding.UNREADABLE),
        ([*SCANS[:4], LOST, BACK, *SCANS[4:]], Finding.UNREADABLE),
        ([*SCANS[:4], LOST, LOST, BACK, *SCANS[4:]], Finding.UNREADABLE),
        ([LOST, *SCANS[:4], BACK, *SCANS[4:]], Finding.UNREADABLE),
        ([LOST, BACK, *IDLE, *SCANS], Finding.CLEAR),
    ],
)
def test_what_the_lane_finds_of_a_passage_whose_link_was_away(
    talk: list[Happening], expected: Finding, tmp_path: Path
) -> None:
    found = asyncio.run(
        identified([*IDLE, *talk, Seen(PORTAL, OccupancyEnd(4, (3080,)))], tmp_path)
    )
    [check] = [check for check in found.checks if check.name == "radiation"]
    assert check.finding is expected, check.detail
    assert found.passages[0].occupancy.complete


async def identified(talk: list[Happening], folder: Path) -> Known:
    """Return what the lane knows of the item that stands at its barrier after ``talk``."""
    urls = {name: {"url": "loop://"} for name in ("conveyor", "xray_source", "detector")}
    config = ScannerConfig.model_validate(
        {
            "site": "s", "unit": "u", "kind": "scanner", "data": folder,
            "central": {"broker": "mqtt://h:1", "blobs": "http://h:2", "key": KEY},
            "devices": urls | {"radiation_portal": {"url": "loop://"}},
        }
    )  # fmt: skip
    made = workers(config.devices, config.geometry, lambda _: None)
    identifier = Identifier(config, made, SystemClock())
    for happening in talk:
        identifier.hear(happening)
    return await identifier.identify()


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
