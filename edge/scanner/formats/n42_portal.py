"""One passage through the radiation portal as an N42.42-2011 file, and back.

1. Eight detectors, four for gamma and four for neutrons, each with its own counts.
2. The background is one measurement of a second; every scan of 200 ms is one of its own, in order.
3. The portal's alarms are RadAlarm elements, by its own verdict and not by ours; σ is described.
4. An occupancy whose end was lost says so in the description of its group.
5. What makes counts doubtful is a fault: an open cabinet, lines that were spoilt or not heard, a
   background out of bounds. With one, or without an end, the analysis is a failure: that there is
   no alarm says nothing. A background of unknown age is put a second before the passage, and says
   so.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from drivers.radiation.codec import DETECTORS, SCAN, Level, Ray, Speed
from drivers.radiation.occupancy import Counting, Occupancy
from edge.scanner.formats import n42
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.n42_model import Instrument, Measurement, Recording
from edge.scanner.formats.safe_xml import Element

CREATOR = "border-edge"
GROUP, ITEM, PORTAL = "occupancy", "item", "portal"
UNENDED = "occupancy without an end"
AGELESS = "the age of this background is not known"
TAMPER, SPOILT = "tamper", "spoilt"
MPH, KPH = 0.44704, 1 / 3.6  # m/s

_RAYS = {Ray.GAMMA: "Gamma", Ray.NEUTRON: "Neutron"}
_NAMESPACES: dict[Any, str] = {None: n42.NAMESPACE}
_LENGTH = re.compile(r"passed in ([0-9.]+) s")


def encode(occupancy: Occupancy, began: datetime, instrument: Instrument, item: str) -> bytes:
    """Return ``occupancy`` of ``item`` as a file. ``began`` is the time of the first scan.

    Raises FormatError for a name that XML cannot hold.
    """
    try:
        return _encode(occupancy, began, instrument, item)
    except ValueError as error:
        raise FormatError(f"cannot be written as N42: {error}") from error


def _encode(occupancy: Occupancy, began: datetime, instrument: Instrument, item: str) -> bytes:
    root = etree.Element(_tag("RadInstrumentData"), nsmap=_NAMESPACES)
    root.set("n42DocUUID", str(uuid.uuid5(uuid.NAMESPACE_OID, f"{item}/{began.isoformat()}")))
    root.set("n42DocDateTime", began.isoformat())
    _add(root, "RadInstrumentDataCreatorName", CREATOR)
    _describe(root, instrument)
    _add(_add(root, "RadItemInformation", id=ITEM), "RadItemDescription", item)
    group = _add(root, "RadMeasurementGroup", id=GROUP)
    _add(group, "RadMeasurementGroupDescription", _told(occupancy))
    _background(root, occupancy, began)
    _scans(root, occupancy, began)
    _verdict(root, occupancy, began)
    etree.indent(root)
    return n42.write(root)


def _describe(root: Element, instrument: Instrument) -> None:
    info = _add(root, "RadInstrumentInformation", id=PORTAL)
    _add(info, "RadInstrumentManufacturerName", instrument.manufacturer)
    if instrument.identifier is not None:
        _add(info, "RadInstrumentIdentifier", instrument.identifier)
    _add(info, "RadInstrumentModelName", instrument.model)
    _add(info, "RadInstrumentClassCode", instrument.kind)
    version = _add(info, "RadInstrumentVersion")
    _add(version, "RadInstrumentComponentName", "Software")
    _add(version, "RadInstrumentComponentVersion", instrument.version)
    for ray, name in _RAYS.items():
        for number in range(DETECTORS):
            detector = _add(root, "RadDetectorInformation", id=_detector(ray, number))
            _add(detector, "RadDetectorCategoryCode", name)
            _add(detector, "RadDetectorKindCode", "Other")  # the portal does not say of what


def _background(root: Element, occupancy: Occupancy, began: datetime) -> None:
    for ray, counting in _countings(occupancy).items():
        if counting.background:
            age = counting.background_age
            start = began - timedelta(seconds=1.0 if age is None else age)
            name = f"background-{_RAYS[ray].lower()}"
            measured = _measurement(root, name, "Background", start, 1.0)
            if age is None:
                measured.insert(0, _remark(AGELESS))
            _gross(measured, {ray: counting.background}, 1.0)
            _add(measured, "OccupancyIndicator", "false")


def _scans(root: Element, occupancy: Occupancy, began: datetime) -> None:
    countings = _countings(occupancy)
    for number in range(max(len(counting.scans) for counting in countings.values())):
        start = began + timedelta(seconds=SCAN * number)
        measured = _measurement(root, f"scan-{number:05d}", "Foreground", start, SCAN)
        _gross(
            measured,
            {ray: c.scans[number] for ray, c in countings.items() if number < len(c.scans)},
            SCAN,
        )
        if occupancy.speed is not None and number == 0:
            state = _add(measured, "RadItemState", radItemInformationReference=ITEM)
            speed = _add(state, "StateVector")
            _add(speed, "SpeedValue", f"{occupancy.speed.kph * KPH:.6f}")
        _add(measured, "OccupancyIndicator", "true")


def _measurement(root: Element, name: str, kind: str, start: datetime, real: float) -> Element:
    measured = _add(root, "RadMeasurement", id=name, radMeasurementGroupReferences=GROUP)
    _add(measured, "MeasurementClassCode", kind)
    _add(measured, "StartDateTime", start.isoformat())
    _add(measured, "RealTimeDuration", f"PT{real:.1f}S")
    return measured


def _gross(measured: Element, counts: dict[Ray, tuple[int, ...]], live: float) -> None:
    for ray, values in counts.items():
        for number, value in enumerate(values):
            detector = _detector(ray, number)
            gross = _add(measured, "GrossCounts", id=f"{measured.get('id')}-{detector}")
            gross.set("radDetectorInformationReference", detector)
            _add(gross, "LiveTimeDuration", f"PT{live:.1f}S")
            _add(gross, "CountData", str(value))


def _verdict(root: Element, occupancy: Occupancy, began: datetime) -> None:
    result = _add(root, "AnalysisResults", radMeasurementGroupReferences=GROUP)
    _add(result, "AnalysisStartDateTime", began.isoformat())
    faults = _faults(occupancy)
    doubts = [*([] if occupancy.complete else [UNENDED]), *faults.values()]
    _add(result, "AnalysisResultStatusCode", "Failure" if doubts else "Success")
    if doubts:
        _add(result, "AnalysisResultDescription", "; ".join(doubts))
    for ray, counting in _countings(occupancy).items():
        if counting.alarm:
            detectors = " ".join(_detector(ray, number) for number in range(DETECTORS))
            alarm = _add(result, "RadAlarm", radDetectorInformationReferences=detectors)
            _add(alarm, "RadAlarmCategoryCode", _RAYS[ray])
            _add(alarm, "RadAlarmDescription", _measured(counting))
    for code, told in faults.items():
        fault = _add(result, "Fault")
        _add(fault, "FaultCodeValue", code)
        _add(fault, "FaultDescription", told)
        _add(fault, "FaultSeverityCode", "Error")


def _faults(occupancy: Occupancy) -> dict[str, str]:
    """Return what makes the counts doubtful, by code."""
    found = {TAMPER: "a cabinet was open"} if occupancy.tampered else {}
    if occupancy.spoilt:
        found[SPOILT] = f"{occupancy.spoilt} lines were spoilt or not heard"
    for ray, counting in _countings(occupancy).items():
        if counting.level is not Level.NORMAL:
            level = counting.level.name.lower()
            found[f"{_RAYS[ray]}-{level}"] = f"the {_RAYS[ray].lower()} background is too {level}"
    return found


def _measured(counting: Counting) -> str:
    sigma = counting.sigma
    above = "background unknown" if sigma is None else f"{sigma:.1f} sigma above background"
    return f"{counting.foreground} counts in the highest second, {above}"


def _told(occupancy: Occupancy) -> str:
    head = f"occupancy {occupancy.number}" if occupancy.complete else UNENDED
    return head if occupancy.speed is None else f"{head}, passed in {occupancy.speed.seconds} s"


def decode(data: bytes) -> tuple[Occupancy, datetime]:
    """Return the passage that ``encode`` wrote and when it began; raise FormatError."""
    found, root = n42.recording(data), n42.read(data)
    scans = [m for m in found.measurements if m.kind == "Foreground"]
    if not scans:
        raise FormatError("the N42 file has no foreground: it is not of a passage")
    told = root.findtext(f".//{_tag('RadMeasurementGroupDescription')}") or ""
    number = re.match(r"occupancy (\d+)", told)
    faults = {
        fault.findtext(_tag("FaultCodeValue")): fault.findtext(_tag("FaultDescription")) or ""
        for fault in root.iter(_tag("Fault"))
    }
    spoilt = re.match(r"\d+", faults.get(SPOILT, ""))
    return (
        Occupancy(
            gamma=_counting(found, scans, Ray.GAMMA, faults.keys()),
            neutron=_counting(found, scans, Ray.NEUTRON, faults.keys()),
            number=int(number[1]) if number else None,
            speed=_speed(scans[0], told),
            tampered=TAMPER in faults,
            spoilt=int(spoilt[0]) if spoilt else 0,
        ),
        scans[0].start,
    )


def _counting(
    found: Recording, scans: list[Measurement], ray: Ray, faults: Collection[str | None]
) -> Counting:
    before = [m for m in found.measurements if m.kind == "Background" and _by_detector(m, ray)]
    every = (_by_detector(scan, ray) for scan in scans)
    level = next((lv for lv in Level if f"{_RAYS[ray]}-{lv.name.lower()}" in faults), Level.NORMAL)
    return Counting(
        scans=tuple(counts for counts in every if counts),
        background=_by_detector(before[0], ray) if before else None,
        alarm=any(alarm.category == _RAYS[ray] for alarm in found.alarms),
        level=level,
        background_age=_age(before[0], scans[0]) if before else None,
    )


def _age(background: Measurement, first: Measurement) -> float | None:
    if AGELESS in background.remarks:
        return None
    return (first.start - background.start).total_seconds()


def _by_detector(measured: Measurement, ray: Ray) -> tuple[int, ...]:
    counts = {gross.detector: gross.values for gross in measured.gross}
    names = [_detector(ray, number) for number in range(DETECTORS)]
    return tuple(int(sum(counts[name])) for name in names if name in counts)


def _speed(first: Measurement, told: str) -> Speed | None:
    length = _LENGTH.search(told)
    if first.speed is None or length is None:
        return None
    return Speed(float(length[1]), round(first.speed / MPH, 1), round(first.speed / KPH, 1))


def _countings(occupancy: Occupancy) -> dict[Ray, Counting]:
    return {Ray.GAMMA: occupancy.gamma, Ray.NEUTRON: occupancy.neutron}


def _detector(ray: Ray, number: int) -> str:
    return f"{_RAYS[ray].lower()}-{number + 1}"


def _tag(name: str) -> str:
    return f"{{{n42.NAMESPACE}}}{name}"


def _remark(text: str) -> Element:
    element = etree.Element(_tag("Remark"))
    element.text = text
    return element


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    element = etree.SubElement(parent, _tag(name), attributes)
    element.text = text
    return element
