"""A lane's projections: made of whole, cleared items that have left, and no part of its work."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import imagecodecs
import numpy as np
import pytest

from contract.inspection import Disposition, Finding
from contract.names import Address
from contract.projection import Made, Sealed
from contract.topics import Stream
from edge.runtime.lane import Lane
from edge.scanner import projecting
from edge.scanner.analysis import Analysis
from edge.scanner.calibration import calibrate
from edge.scanner.config import (
    DetectorDevice,
    Examinations,
    Geometry,
    InspectionPolicy,
    ScannerConfig,
    ScannerDevices,
)
from edge.scanner.materials.nominal import nominal
from edge.scanner.materials.wedges import save
from edge.scanner.phantom.perform import perform
from edge.scanner.pictures import as_counts
from edge.scanner.projecting import Projecting
from edge.scanner.story import Story
from edge.scanner.tip.measured import Noise
from edge.scanner.tip.projector import Projector
from edge.uplink.blobs import BlobSpool
from edge.uplink.errors import OutboxFull
from edge.uplink.outbox import Outbox
from models.xray.projection import air_counts, dark_counts, make_detector, raw_counts
from models.xray.tip import library
from models.xray.tip.errors import TipError
from models.xray.tip.record import opened
from settings.files import ConfigError
from simulators.world.goods import OPEN, scene
from simulators.world.phantom import Lying, phantom_tau

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Time:
    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return NOW


@pytest.fixture(scope="module")
def bag() -> Any:
    """The transmission (2, lines, pixels) of a harmless bag, as an analysis has it."""
    things = scene(4, lines=320, pixels=512)
    full = np.stack([things.low, things.high]).astype(np.float32) / OPEN
    return as_counts(np.clip(full, 0, 1)).astype(np.float32) * np.float32(1 / 65_535)


class Desk:
    """A lane's disk, its record, and what is drawn on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outbox = Outbox(folder / "outbox.db", Address(site="s", unit="u"), Time())
        self.lane = Lane(self.outbox, Time(), lambda: "idle", {})
        self.spool = BlobSpool(folder / "pictures")

    def projecting(
        self,
        share: float = 1.0,
        pitch: float = 1.0,
        pixels: int = 512,
        noise: Callable[[], Noise | None] = lambda: None,
        **more: Any,
    ) -> Projecting:
        detector = DetectorDevice(url="socket://127.0.0.1:1", pixels=pixels)
        config = ScannerConfig.model_construct(
            data=self.folder,
            devices=ScannerDevices.model_construct(detector=detector),
            policy=InspectionPolicy(tip_share=share),
            geometry=Geometry(pitch=pitch),
            examinations=Examinations(**more),
        )
        return Projecting(config, self.lane, self.spool, Time(), draw=lambda: 0.5, noise=noise)

    def leaves(self, story: Story, how: Projecting | None = None, times: int = 1) -> None:
        """Let ``story``'s item leave, and wait for what comes of it."""

        async def run() -> None:
            lane = how or self.projecting()
            for _ in range(times):
                lane.left(story)
            async with asyncio.timeout(30):
                await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

        asyncio.run(run())

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        rows = [json.loads(row.body) for row in self.outbox.pending(Stream.DECISION, 0, 100)]
        return [(row["type"], row["data"]) for row in rows]

    @property
    def untouched(self) -> bool:
        return not self.events and not self.spool.pending() and not self.lane.faults.all


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.outbox.close()


def cleared(picture: Any, **more: Any) -> Story:
    analysis = Analysis(
        Finding.CLEAR, 0.1, [], [], [], {}, 0.5, lines=picture.shape[1], overview=picture
    )
    story = Story(0.0, clear=True, disposition=Disposition.RELEASE)
    story.analysis = replace(analysis, **more)
    return story


def test_a_projection_is_sealed_before_it_is_told_of(desk: Desk, bag: Any) -> None:
    story = cleared(bag)
    desk.leaves(story)
    (first, sealed), (second, told) = desk.events
    assert (first, second) == ("projection.sealed", "projection.made")
    kept, made = Sealed.model_validate(sealed), Made.model_validate(told)
    record = opened(kept.record.encode(), bytes.fromhex(kept.nonce), made.seal)
    assert record.item == story.inspection
    assert record.projection == kept.projection == made.projection
    assert (made.reveal_by - NOW).total_seconds() == 2100.0
    assert story.inspection not in json.dumps(told)
    assert record.kind not in json.dumps(told)


def test_the_pictures_are_the_item_s_but_for_the_threat(desk: Desk, bag: Any) -> None:
    before = bag.copy()
    desk.leaves(cleared(bag))
    (_, sealed), (_, told) = desk.events
    files = {held.blob.sha256: held.path.read_bytes() for held in desk.spool.pending()}
    shown = Made.model_validate(told).pictures
    assert [picture.kind for picture in shown] == ["low", "high"]
    planes = [imagecodecs.jpegxl_decode(files[picture.blob.sha256]) for picture in shown]
    record = json.loads(sealed["record"])
    hashes = [hashlib.sha256(plane.tobytes()).hexdigest() for plane in planes]
    assert hashes == record["pictures"]
    changed = np.argwhere((np.stack(planes) != as_counts(bag)).any(0))
    (top, left), (bottom, right) = changed.min(0), changed.max(0)
    rim = 2  # of the blur
    assert record["row"] - rim <= top
    assert bottom < record["row"] + record["height"] + rim
    assert record["column"] - rim <= left
    assert right < record["column"] + record["width"] + rim
    assert np.array_equal(before, bag)  # a copy was projected into


def test_long_pictures_come_in_parts_as_any_item_s(desk: Desk, bag: Any) -> None:
    long = np.tile(bag, (1, 8, 1))[:, :2500]
    desk.leaves(cleared(long))
    shown = Made.model_validate(desk.events[1][1]).pictures
    assert [picture.kind for picture in shown] == ["low", "high", "low-2", "high-2"]
    assert [picture.height for picture in shown] == [2048, 2048, 452, 452]


def test_photons_are_those_of_this_scanner_s_wedges(desk: Desk, bag: Any) -> None:
    path = desk.folder / "wedges.json"
    save(nominal(0.0, photons=5_000.0), path)
    with patch.object(projecting, "Projector", wraps=Projector) as made:
        desk.leaves(cleared(bag), desk.projecting(wedges=path))
    [used] = [call.args[1] for call in made.call_args_list]
    assert used.photons == pytest.approx((5_000, 5_000), rel=0.01)
    assert len(desk.events) == 2


def test_a_threat_is_seen_as_the_lane_s_references_and_its_self_test_say(
    desk: Desk, bag: Any
) -> None:
    worn = make_detector(512, seed=1, dead=0.0, photons=5_000.0, spread=0.8)
    known = calibrate(dark_counts(128, worn, 1), air_counts(128, worn, 2), at=0.0)
    phantom = known.normalise(raw_counts(phantom_tau(Lying(turned=1.0)), worn, 3))
    perform(phantom, NOW.timestamp(), desk.folder)
    noise = Noise(air=known.noise, dark=np.array([1e-4, 1e-4]))
    wedges = desk.folder / "none.json"  # whose photons are not asked for
    with patch.object(projecting, "Projector", wraps=Projector) as made:
        desk.leaves(cleared(bag), desk.projecting(noise=lambda: noise, wedges=wedges))
    [used] = [call.args[1] for call in made.call_args_list]
    assert used.photons == pytest.approx((5_000, 5_000), rel=0.03)
    assert used.read == pytest.approx(1e-4)
    assert used.spread == pytest.approx(0.8, abs=0.03)
    assert len(desk.events) == 2


def test_a_self_test_that_cannot_be_read_leaves_the_design_s_spread(desk: Desk, bag: Any) -> None:
    (desk.folder / "selftest.db").write_bytes(b"no database")
    desk.leaves(cleared(bag))
    assert len(desk.events) == 2


@pytest.mark.parametrize(
    ("lane", "why"),
    [
        ({"pixels": 1281}, "at most 1280 pixels, this detector has 1281"),
        ({"pitch": 0.4}, "for pixels of 1 mm, this lane's are 0.4 mm"),
    ],
)
def test_a_lane_that_can_never_project_does_not_start(
    desk: Desk, lane: dict[str, Any], why: str
) -> None:
    with pytest.raises(ConfigError, match=f"policy.tip_share: .*{why}"):
        desk.projecting(**lane)
    desk.projecting(share=0.0, **lane)
    desk.projecting(pixels=1280, pitch=1.01)
    with (
        patch.object(library, "load", side_effect=TipError("it is torn")),
        pytest.raises(ConfigError, match=r"policy.tip_share: it is torn"),
    ):
        desk.projecting()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_what_is_not_drawn_is_left_alone(desk: Desk, bag: Any, share: float) -> None:
    desk.leaves(cleared(bag), desk.projecting(share))
    assert desk.untouched


def test_nothing_is_projected_unless_the_authority_wants_it() -> None:
    assert InspectionPolicy().tip_share == 0.0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda story: setattr(story, "clear", False),
        lambda story: setattr(story, "disposition", Disposition.DIVERT),
        lambda story: setattr(story, "disposition", Disposition.HOLD),
        lambda story: setattr(story, "phantom", True),
        lambda story: setattr(story, "analysis", None),
    ],
    ids=["not clear", "diverted", "held", "phantom", "not analysed"],
)
def test_only_cleared_and_released_items(
    desk: Desk, bag: Any, spoil: Callable[[Story], None]
) -> None:
    story = cleared(bag)
    spoil(story)
    desk.leaves(story)
    assert desk.untouched


@pytest.mark.parametrize("flaw", [{"lost": 1}, {"overview_pitch": 2.0}, {"lines": 5000}], ids=str)
def test_only_pictures_that_are_whole(desk: Desk, bag: Any, flaw: dict[str, Any]) -> None:
    desk.leaves(cleared(bag, **flaw))
    assert desk.untouched


def test_where_no_threat_fits_there_is_none(desk: Desk) -> None:
    desk.leaves(cleared(np.ones((2, 320, 512), np.float32)))
    assert desk.untouched


def test_no_threat_no_wedges_and_no_foresight_are_no_faults(desk: Desk, bag: Any) -> None:
    for error in (TipError("none fits"), RuntimeError("unforeseen")):
        with patch.object(Projector, "project", side_effect=error):
            desk.leaves(cleared(bag))
    desk.leaves(cleared(bag), desk.projecting(wedges=desk.folder / "none.json"))
    assert desk.untouched


def test_a_disk_that_takes_no_more_is_no_fault(desk: Desk, bag: Any) -> None:
    with patch.object(desk.outbox, "record", side_effect=OutboxFull("full")):
        desk.leaves(cleared(bag))
    assert desk.untouched  # the pictures are gone again


def test_none_is_begun_while_one_is_under_way(desk: Desk, bag: Any) -> None:
    desk.leaves(cleared(bag), times=3)
    assert len(desk.events) == 2
