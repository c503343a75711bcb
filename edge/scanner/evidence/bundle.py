"""From what was kept of an item to the parts of its bundle. Pure, but for the files it reads.

1. What is in it: findings, pictures as they travelled, the portal's passages, telemetry, the trail,
   and the operators' decisions as central sealed them. The lane's own decisions have no seal but
   the bundle's.
2. The item's time is that of its arrival: of its end, less what that says it took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.envelope import Event
from contract.inspection import Disposition, Ended, Scanned
from edge.scanner.config import ScannerConfig
from edge.scanner.evidence.errors import NotKept
from edge.scanner.evidence.open_items import ENDED, SCANNED, OpenItems
from edge.scanner.formats.evidence import About, Part
from edge.scanner.formats.lane_record import Taken, evidence_parts
from edge.scanner.formats.record import Scanner


@dataclass(frozen=True)
class Case:
    """One item that has ended: what was found, how it ended, and its events as recorded."""

    scanned: Scanned
    ended: Ended
    began: datetime
    at: datetime  # its end
    trail: tuple[bytes, ...]

    @property
    def was_stopped(self) -> bool:
        """Whether it was held, if only for a while, or diverted."""
        ways = {self.scanned.disposition, self.ended.disposition}
        return ways != {Disposition.RELEASE}


def case_of(trail: Mapping[bytes, Event]) -> Case:
    """Return the case that ``trail`` tells. Raises NotKept where something of it is missing."""
    last = {event.type: event for event in trail.values()}
    if SCANNED not in last or ENDED not in last:
        raise NotKept("what was found, or how it ended, is not in the item's trail")
    scanned = Scanned.model_validate(last[SCANNED].data)
    ended = Ended.model_validate(last[ENDED].data)
    at = last[ENDED].time
    began = min(at - timedelta(seconds=ended.seconds), last[SCANNED].time)
    return Case(scanned, ended, began, at, tuple(trail))


def about(case: Case, config: ScannerConfig) -> About:
    """Return what the bundle says of itself."""
    return About(
        inspection=case.scanned.inspection,
        item=case.scanned.item,
        site=config.site,
        unit=config.unit,
        made=case.at,
    )


def parts(case: Case, config: ScannerConfig, kept: OpenItems) -> list[Part]:
    """Return the parts. Raises DiskError, and FormatError where a picture is not there."""
    named = {picture.kind: picture.blob.sha256 for picture in case.scanned.pictures}
    read = {kind: kept.picture(sha256) for kind, sha256 in named.items()}
    pictures = {kind: content for kind, content in read.items() if content is not None}
    return evidence_parts(
        case.scanned,
        pictures,
        how(config),
        case.began,
        case.trail,
        ended=case.ended,
        commands=kept.commands(case.scanned.inspection),
        passages=kept.passages(case.scanned.inspection),
    )


def how(config: ScannerConfig) -> Taken:
    """Return what the lane's file says of the machine."""
    tube, geometry = config.devices.xray_source, config.geometry
    machine = Scanner(
        station=config.unit,
        site=config.site,
        kilovolts=tube.kilovolts,
        microamperes=tube.milliamperes * 1000,
        belt_mm_s=geometry.scan_speed,
    )
    return Taken(scanner=machine, pitch_mm=(geometry.pitch, geometry.pitch))
