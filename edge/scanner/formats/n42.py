"""ANSI N42.42-2011 files: taken apart, checked, and written again without loss.

1. The tree itself is kept: what is written is what was read, known to us or not, with its comments.
2. Read is the 2011 format only; one of 2006 is refused by name.
3. ``problems`` checks the structure by the standard's own rules: what has to be there, codes,
   references that lead to something, lists that are numbers. It is no replacement of the schema.
4. Zeroes are unpacked (CountedZeroes) to at most ``MOST_CHANNELS``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from edge.scanner.formats import safe_xml
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.n42_model import (
    Alarm,
    Counts,
    Detector,
    Instrument,
    Measurement,
    Recording,
    Spectrum,
)
from edge.scanner.formats.safe_xml import Element

NAMESPACE = "http://physics.nist.gov/N42/2011/N42"
OLD_ROOT = "N42InstrumentData"  # of 2006
MOST_CHANNELS = 1 << 20

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?)?")
_CLASSES = frozenset(
    {"Foreground", "Background", "Calibration", "IntrinsicActivity", "NotSpecified"}
)
_RAYS = frozenset({"Gamma", "Neutron", "Alpha", "Beta", "X-ray", "Other"})
_NEEDED = {
    "RadInstrumentInformation": (
        "RadInstrumentManufacturerName", "RadInstrumentModelName", "RadInstrumentClassCode",
        "RadInstrumentVersion",
    ),
    "RadDetectorInformation": ("RadDetectorCategoryCode", "RadDetectorKindCode"),
    "RadMeasurement": ("MeasurementClassCode", "StartDateTime", "RealTimeDuration"),
    "GrossCounts": ("LiveTimeDuration", "CountData"),
    "Spectrum": ("LiveTimeDuration", "ChannelData"),
    "RadAlarm": ("RadAlarmCategoryCode",),
}  # fmt: skip
_CODES = {"MeasurementClassCode": _CLASSES, "RadDetectorCategoryCode": _RAYS}


def read(data: bytes) -> Element:
    """Return the root of an N42 file of 2011; raise FormatError."""
    root = safe_xml.parse(data)
    name = _local(root)
    if name == OLD_ROOT:
        raise FormatError("N42.42 of 2006; only that of 2011 is read")
    if root.tag != f"{{{NAMESPACE}}}RadInstrumentData":
        raise FormatError(f"not an N42.42-2011 file: its root is {name}")
    return root


write = safe_xml.write


def recording(data: bytes) -> Recording:
    """Return what is recorded in an N42 file; raise FormatError."""
    root = read(data)
    try:
        return Recording(
            instrument=_instrument(root),
            detectors=tuple(map(_detector, _children(root, "RadDetectorInformation"))),
            measurements=tuple(_measurement(e, root) for e in _children(root, "RadMeasurement")),
            alarms=tuple(map(_alarm, root.iter(_tag("RadAlarm")))),
            nuclides=tuple(text for e in root.iter(_tag("NuclideName")) if (text := _said(e))),
        )
    except (ValueError, OverflowError) as error:
        raise FormatError(f"the N42 file is damaged: {error}") from error


def _instrument(root: Element) -> Instrument:
    info = _child(root, "RadInstrumentInformation")
    return Instrument(
        manufacturer=_text(info, "RadInstrumentManufacturerName"),
        model=_text(info, "RadInstrumentModelName"),
        identifier=_maybe(info, "RadInstrumentIdentifier"),
        kind=_text(info, "RadInstrumentClassCode"),
        version=next((_said(e) for e in info.iter(_tag("RadInstrumentComponentVersion"))), ""),
    )


def _detector(element: Element) -> Detector:
    return Detector(
        element.get("id", ""),
        _text(element, "RadDetectorCategoryCode"),
        _text(element, "RadDetectorKindCode"),
    )


def _measurement(element: Element, root: Element) -> Measurement:
    occupied = _maybe(element, "OccupancyIndicator")
    speed = next(element.iter(_tag("SpeedValue")), None)
    return Measurement(
        id=element.get("id", ""),
        kind=_text(element, "MeasurementClassCode"),
        start=datetime.fromisoformat(_text(element, "StartDateTime")),
        real_s=seconds(_text(element, "RealTimeDuration")),
        gross=tuple(map(_counts, _children(element, "GrossCounts"))),
        spectra=tuple(_spectrum(e, root) for e in _children(element, "Spectrum")),
        occupied=None if occupied is None else occupied in ("1", "true"),
        speed=None if speed is None else float(_said(speed)),
        remarks=tuple(map(_said, _children(element, "Remark"))),
    )


def _counts(element: Element) -> Counts:
    return Counts(
        element.get("radDetectorInformationReference", ""),
        seconds(_text(element, "LiveTimeDuration")),
        numbers(_child(element, "CountData")),
    )


def _spectrum(element: Element, root: Element) -> Spectrum:
    wanted = element.get("energyCalibrationReference")
    energy: tuple[float, ...] = ()
    for calibration in _children(root, "EnergyCalibration"):
        found = calibration.find(_tag("CoefficientValues"))
        if calibration.get("id") == wanted and found is not None:
            energy = numbers(found)
    return Spectrum(
        element.get("radDetectorInformationReference", ""),
        seconds(_text(element, "LiveTimeDuration")),
        numbers(_child(element, "ChannelData")),
        energy,
    )


def _alarm(element: Element) -> Alarm:
    return Alarm(
        _text(element, "RadAlarmCategoryCode"),
        _maybe(element, "RadAlarmDescription") or "",
        tuple(element.get("radDetectorInformationReferences", "").split()),
    )


def numbers(element: Element) -> tuple[float, ...]:
    """Return the list in ``element``, its zeroes unpacked; raise ValueError."""
    values = [float(word) for word in _said(element).split()]
    if element.get("compressionCode") == "CountedZeroes":
        values = list(_unpacked(values))
    if len(values) > MOST_CHANNELS or not all(-1e18 < value < 1e18 for value in values):
        raise ValueError(f"{_local(element)} in line {element.sourceline} is no list of counts")
    return tuple(values)


def _unpacked(values: list[float]) -> Iterator[float]:
    """Yield ``values``; a zero is followed by how many there are in its place."""
    left, rest = MOST_CHANNELS, iter(values)
    for value in rest:
        many = 1 if value else int(next(rest, 1))
        if many < 1 or (left := left - many) < 0:
            raise ValueError(f"{many} zeroes in a row")
        yield from (value,) * many


def seconds(duration: str) -> float:
    """Return the length of an XML duration of days and less; raise ValueError."""
    if (found := _DURATION.fullmatch(duration)) is None or not any(found.groups()):
        raise ValueError(f"not a duration: {duration[:32]!r}")
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def problems(root: Element) -> list[str]:
    """Return in what ``root`` departs from the standard's structure, each with its line."""
    return [*_missing(root), *_wrong_codes(root), *_lost_references(root), *_unreadable(root)]


def _missing(root: Element) -> Iterator[str]:
    for name in ("RadInstrumentInformation", "RadDetectorInformation"):
        if root.find(_tag(name)) is None:
            yield f"{name} is missing"
    for name, needed in _NEEDED.items():
        for element in root.iter(_tag(name)):
            for part in needed:
                if element.find(_tag(part)) is None:
                    yield f"line {element.sourceline}: {name} has no {part}"


def _wrong_codes(root: Element) -> Iterator[str]:
    for name, allowed in _CODES.items():
        for element in root.iter(_tag(name)):
            if _said(element) not in allowed:
                yield f"line {element.sourceline}: {name} is {_said(element)[:40]!r}"


def _lost_references(root: Element) -> Iterator[str]:
    names = Counter(e.get("id") for e in root.iter("*") if e.get("id") is not None)
    for name, times in names.items():
        if times > 1:
            yield f"the id {name!r} is given {times} times"
    for element in root.iter("*"):
        for attribute, value in element.attrib.items():
            if str(attribute).endswith(("Reference", "References")):
                for name in set(str(value).split()) - names.keys():
                    yield f"line {element.sourceline}: {attribute!s} leads to no {name!r}"


def _unreadable(root: Element) -> Iterator[str]:
    for name in ("CountData", "ChannelData", "LiveTimeDuration", "RealTimeDuration"):
        for element in root.iter(_tag(name)):
            try:
                seconds(_said(element)) if name.endswith("Duration") else numbers(element)
            except (ValueError, OverflowError) as error:
                yield f"line {element.sourceline}: {error}"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _said(element: Element) -> str:
    return (element.text or "").strip()


def _children(parent: Element, name: str) -> list[Element]:
    return parent.findall(_tag(name))


def _child(parent: Element, name: str) -> Element:
    if (found := parent.find(_tag(name))) is None:
        raise ValueError(f"{_local(parent)} in line {parent.sourceline} has no {name}")
    return found


def _text(parent: Element, name: str) -> str:
    return _said(_child(parent, name))


def _maybe(parent: Element, name: str) -> str | None:
    found = parent.find(_tag(name))
    return None if found is None else _said(found)
