"""DICOS DX images "for processing": one energy of one scan to a file (IIC 1 v03, section 8).

1. One file is one energy. Two energies of a scan share scan, series and frame of reference; value
   2 of Image Type says which is which: HIGH ENERGY, LOW ENERGY, or INTENSITY where there is one.
2. Pixels are linear in intensity, a low value a low intensity: what ``Scan`` holds.
3. What the standard wants and the scanner does not know is 0 or "unknown".
4. Read is any DX of one sample: linear or logarithmic, upright or inverted, grey or with a palette
   (its mean), one frame or two (low, then high). Upright and linear is what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID

from edge.scanner.formats import dicos, dicos_pixels
from edge.scanner.formats.dicos_pixels import Compression, Pixels
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import Energy, Scan

_TYPES = {Energy.LOW: "LOW ENERGY", Energy.HIGH: "HIGH ENERGY"}


@dataclass(frozen=True)
class DxImage:
    """What an image file says: frames (lines, pixels), upright and linear, and what they are of.

    ``ceiling`` is the value of an empty beam. ``pitch_mm`` is line to line, pixel to pixel.
    """

    frames: tuple[Pixels, ...]
    ceiling: int
    pitch_mm: tuple[float, float] | None
    energy: Energy | None
    item: str
    remarks: tuple[str, ...]


def instance(scan: Scan, energy: Energy) -> UID:
    """Return the name by which the image of ``energy`` is referred to."""
    return dicos.uid(scan.inspection, f"dx-{energy.value}")


def encode(
    scan: Scan, energy: Energy, made: datetime, compression: Compression = Compression.JPEG_LS
) -> bytes:
    """Return the image of one energy as a file; FormatError for values DICOS cannot hold."""
    index = scan.energies.index(energy)
    found = dicos.common(scan, made)
    found.SOPClassUID, found.SOPInstanceUID = dicos.DX_PROCESSING, instance(scan, energy)
    found.SeriesInstanceUID = dicos.uid(scan.inspection, "dx-series")
    found.FrameOfReferenceUID = dicos.uid(scan.inspection, "frame")
    found.PositionReferenceIndicator = ""
    found.Modality, found.PresentationIntentType = "XRAY", "FOR PROCESSING"
    found.InstanceNumber = index + 1
    found.ImageType = ["ORIGINAL", "INTENSITY" if len(scan.planes) == 1 else _TYPES[energy]]
    _generation(found, scan)
    _meaning(found)
    if scan.pitch_mm is not None:
        found.ImagerPixelSpacing = [f"{pitch:.6g}" for pitch in scan.pitch_mm]
    dicos_pixels.put(found, scan.planes[index], scan.bits, compression)
    return dicos.encode(found, dicos_pixels.SYNTAX[compression])


def _generation(found: Dataset, scan: Scan) -> None:
    """Say how the picture was taken: source, detector, belt."""
    scanner = scan.scanner
    found.KVP = f"{scanner.kilovolts or 0:.6g}"
    found.XRayTubeCurrentInuA = f"{scanner.microamperes or 0:.6g}"
    found.TableSpeed = scanner.belt_mm_s or 0.0
    found.BeltHeight = 0.0
    found.DetectorType = "SCINTILLATOR"
    found.ImagePositionPatient = ["0", "0", "0"]
    found.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    found.AcquisitionContextSequence = []
    found.add_new(dicos.IMAGE_ORIGIN, "CS", "MACHINE")
    found.add_new(dicos.COORDINATE_SYSTEM, "CS", "LHS")
    found.add_new(dicos.EFFECTIVE_ENERGY, "FL", 0.0)


def _meaning(found: Dataset) -> None:
    """Say what a pixel value means."""
    found.BurnedInAnnotation, found.LossyImageCompression = "NO", "00"
    found.PixelIntensityRelationship, found.PixelIntensityRelationshipSign = "LIN", 1
    found.RescaleIntercept, found.RescaleSlope, found.RescaleType = "0", "1", "US"
    found.PresentationLUTShape = "IDENTITY"


def decode(data: bytes) -> DxImage:
    """Return what the image file ``data`` holds; raise FormatError."""
    with dicos.opened(data) as found:
        if found.get("Modality") == "TDR":
            raise FormatError("a threat detection report, not an image")
        return _image(found)


def _image(found: FileDataset) -> DxImage:
    dicos.require(
        found, "Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored",
        "PixelRepresentation", "PhotometricInterpretation", "PixelData",
    )  # fmt: skip
    frames = dicos_pixels.get(found)
    ceiling = 2 ** int(found.BitsStored) - 1
    if found.PhotometricInterpretation == "PALETTE COLOR":
        frames, ceiling = [_painted(frame, found) for frame in frames], 255
    elif found.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
        raise FormatError(f"{found.PhotometricInterpretation} pixels are not an X-ray picture")
    frames = [np.minimum(frame, ceiling) for frame in frames]
    if _inverted(found):
        frames = [ceiling - frame for frame in frames]
    return DxImage(
        tuple(frames), ceiling, _pitch(found), _energy(found),
        str(found.get("PatientID") or "unknown"), tuple(_remarks(found)),
    )  # fmt: skip


def _painted(frame: Pixels, found: FileDataset) -> Pixels:
    """Return the mean of the colours that a palette gives, in 8 bits."""
    colours = apply_color_lut(frame, found).astype(np.uint32)
    bits = int(found.RedPaletteColorLookupTableDescriptor[2])
    return np.asarray((colours.mean(2) * 255 / (2**bits - 1)).clip(0, 255), np.uint8)


def _inverted(found: FileDataset) -> bool:
    """Whether high values are low intensities; where it is not said, how it is to be shown."""
    if (sign := found.get("PixelIntensityRelationshipSign")) is not None:
        return bool(sign == -1)
    return bool(found.PhotometricInterpretation == "MONOCHROME1")


def _pitch(found: FileDataset) -> tuple[float, float] | None:
    value = found.get("ImagerPixelSpacing") or found.get("PixelSpacing")
    if value is None or len(value) != 2:
        return None
    row, column = float(value[0]), float(value[1])
    return (row, column) if min(row, column) >= 0.01 and max(row, column) <= 100 else None


def _energy(found: FileDataset) -> Energy | None:
    said = [str(value).replace("_", " ") for value in found.get("ImageType") or []]
    return next((energy for energy, name in _TYPES.items() if name in said), None)


def _remarks(found: FileDataset) -> list[str]:
    said = []
    if found.get("PixelIntensityRelationship", "LIN") != "LIN":
        said.append("pixels are not linear in intensity: contrast is not what it seems")
    if found.get("PhotometricInterpretation") == "PALETTE COLOR":
        said.append("a coloured picture: its colours were averaged")
    return said
