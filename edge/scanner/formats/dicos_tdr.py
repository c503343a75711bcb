"""DICOS threat detection reports: what an algorithm found in a scan (IIC 1 v03, section 10).

1. A box is Threat ROI Base (x, y, 0) and Extents (w, h, 0); its shape a bitmap of w·h bits, row by
   row, the lowest bit of a byte first; without a shape the bitmap is empty.
2. Mass and density are wanted by the standard and cannot be known from one view: 0.
3. A report on an item that could not be judged says ABORT and never CLEAR.
4. An alarm has something to point at: one without a region points at the whole picture.
5. Reading returns the same ``Report``; a report that contradicts its own counts is refused.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset

from edge.scanner.formats import dicos, dicos_dx
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import UNKNOWN, Mask, Report, Scan, Threat, Verdict

MOST_THREATS = 4096
FIRST_THREAT = 1  # Potential Threat Object IDs count from here
PROHIBITED, ANOMALY = "PI", "ANOMALY"

_DECISIONS = {Verdict.ALARM: "ALARM", Verdict.CLEAR: "CLEAR", Verdict.UNREADABLE: "UNKNOWN"}


def encode(scan: Scan, report: Report, made: datetime) -> bytes:
    """Return ``report`` on ``scan`` as a file; FormatError for values DICOS cannot hold."""
    if len(report.threats) > MOST_THREATS:
        raise FormatError(f"{len(report.threats)} threats; at most {MOST_THREATS} in a report")
    if report.verdict is Verdict.ALARM and not report.alarms:
        report = replace(report, threats=(*report.threats, _everything(scan)))
    found = dicos.common(scan, made)
    found.SOPClassUID, found.SOPInstanceUID = dicos.TDR, dicos.uid(scan.inspection, "tdr")
    found.SeriesInstanceUID = dicos.uid(scan.inspection, "tdr-series")
    found.FrameOfReferenceUID = dicos.uid(scan.inspection, "frame")
    found.PositionReferenceIndicator = ""
    found.Modality, found.InstanceNumber, found.TDRType = "TDR", 1, "MACHINE"
    found.ReferencedStudySequence = dicos.items(*_references(scan))
    _algorithm(found, report)
    _decision(found, report)
    found.ThreatSequence = [
        _threat(scan, report, number, threat)
        for number, threat in enumerate(report.threats, FIRST_THREAT)
    ]
    return dicos.encode(found)


def _everything(scan: Scan) -> Threat:
    lines, pixels = scan.shape
    return Threat(0, 0, pixels, lines)


def _references(scan: Scan) -> list[dict[str, Any]]:
    return [
        {
            "ReferencedSOPClassUID": dicos.DX_PROCESSING,
            "ReferencedSOPInstanceUID": dicos_dx.instance(scan, energy),
        }
        for energy in scan.energies
    ]


def _algorithm(found: Dataset, report: Report) -> None:
    settings = [f"-{name}={value}" for name, value in sorted(report.parameters.items())]
    found.ThreatDetectionAlgorithmAndVersion = [
        dicos.clipped(text, 64) for text in (report.algorithm, report.version, *settings)
    ]
    found.TotalProcessingTime = report.processing_ms
    found.add_new(dicos.IMAGE_SCALE, "FD", 1.0)  # a pixel of the report is one of the image
    found.AdditionalScreeningPerformed = "NO"


def _decision(found: Dataset, report: Report) -> None:
    found.AlarmDecision = _DECISIONS[report.verdict]
    found.AlarmDecisionTime = dicos.moment(report.decided)
    found.AbortFlag = "SUCCESS"
    if report.verdict is Verdict.UNREADABLE:
        found.AbortFlag, found.AbortReason = "ABORT", "INCOMPLETE_SCAN"
    found.NumberOfTotalObjects = len(report.threats)
    found.NumberOfAlarmObjects = report.alarms


def _threat(scan: Scan, report: Report, number: int, threat: Threat) -> Dataset:
    (item,) = dicos.items({
        "PotentialThreatObjectID": number,
        "PTORepresentationSequence": dicos.items({
            "ReferencedInstanceSequence": dicos.items(*_references(scan)),
            "ThreatROIVoxelSequence": dicos.items({
                "ThreatROIBase": [float(threat.x), float(threat.y), 0.0],
                "ThreatROIExtents": [float(threat.w), float(threat.h), 0.0],
                "ThreatROIBitmap": _bitmap(threat.mask),
            }),
            "Mass": 0.0,
            "Density": 0.0,
        }),
        "ATDAssessmentSequence": [_assessment(threat)],
    })  # fmt: skip
    item.add_new(dicos.PTO_START, "DT", dicos.moment(report.decided))
    item.add_new(dicos.PTO_END, "DT", dicos.moment(report.decided))
    item.add_new(dicos.PTO_MS, "FL", report.processing_ms)
    return item


def _assessment(threat: Threat) -> Dataset:
    (item,) = dicos.items({
        "ThreatCategory": PROHIBITED if threat.kind else ANOMALY,
        "ThreatCategoryDescription": threat.kind,
        "ATDAbilityAssessment": "SHIELD" if threat.opaque else "NO_INTERFERENCE",
        "ATDAssessmentFlag": "THREAT" if threat.alarm else "NO_THREAT",
    })  # fmt: skip
    if threat.score is not None:
        item.ATDAssessmentProbability = threat.score
    return item


def _bitmap(mask: Mask | None) -> bytes | None:
    if mask is None:
        return None
    packed = np.packbits(mask.ravel(), bitorder="little").tobytes()
    return packed + b"\0" * (len(packed) % 2)


def decode(data: bytes) -> Report:
    """Return the report in ``data``; raise FormatError."""
    with dicos.opened(data) as found:
        if found.get("Modality") != "TDR":
            raise FormatError(f"a {found.get('Modality')} file, not a threat detection report")
        return _report(found)


def _report(found: FileDataset) -> Report:
    dicos.require(
        found, "ThreatDetectionAlgorithmAndVersion", "AlarmDecision", "AlarmDecisionTime",
        "AbortFlag", "NumberOfTotalObjects", "TotalProcessingTime", "ImageScaleRepresentation",
    )  # fmt: skip
    items = list(found.get("ThreatSequence") or [])
    if len(items) != int(found.NumberOfTotalObjects):
        raise FormatError(f"{len(items)} threats where {found.NumberOfTotalObjects} are announced")
    said = found["ThreatDetectionAlgorithmAndVersion"]
    texts = [said.value] if said.VM == 1 else list(said.value)
    name, version, *settings = [*texts, UNKNOWN][: max(2, len(texts))]
    return Report(
        verdict=_verdict(found),
        algorithm=name,
        version=version,
        decided=_moment(str(found.AlarmDecisionTime)),
        processing_ms=float(found.TotalProcessingTime),
        threats=tuple(_read_threat(item) for item in items),
        parameters=dict(_setting(text) for text in settings),
    )


def _setting(text: str) -> tuple[str, str]:
    name, _, value = text.removeprefix("-").partition("=")
    return name, value


def _verdict(found: FileDataset) -> Verdict:
    if found.AbortFlag != "SUCCESS":
        return Verdict.UNREADABLE
    known = {text: verdict for verdict, text in _DECISIONS.items()}
    return known.get(str(found.AlarmDecision), Verdict.UNREADABLE)


def _moment(text: str) -> datetime:
    day, zone = text[:21], text[21:]
    form = "%Y%m%d%H%M%S.%f" if "." in day else "%Y%m%d%H%M%S"
    return datetime.strptime(day + (zone or "+0000"), form + "%z")


def _read_threat(item: Dataset) -> Threat:
    region = item.PTORepresentationSequence[0].ThreatROIVoxelSequence[0]
    assessment = item.ATDAssessmentSequence[0]
    x, y = (int(value) for value in region.ThreatROIBase[:2])
    w, h = (int(value) for value in region.ThreatROIExtents[:2])
    flat = int(region.ThreatROIExtents[2]) <= 1
    score = assessment.get("ATDAssessmentProbability")
    return Threat(
        x, y, w, h,
        score=None if score is None else round(float(score), 6),
        kind=str(assessment.get("ThreatCategoryDescription") or ""),
        mask=_mask(region.get("ThreatROIBitmap"), w, h) if flat else None,
        alarm=assessment.ATDAssessmentFlag in ("THREAT", "HIGH_THREAT"),
        opaque=assessment.ATDAbilityAssessment == "SHIELD",
    )  # fmt: skip


def _mask(packed: bytes | None, w: int, h: int) -> Mask | None:
    if not packed:
        return None
    if len(packed) < -(-w * h // 8):
        raise FormatError(f"a bitmap of {len(packed)} bytes for {w}×{h} pixels")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=w * h, bitorder="little")
    return bits.reshape(h, w).astype(np.bool_)
