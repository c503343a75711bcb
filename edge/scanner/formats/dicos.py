"""What every DICOS file has: identities, times, file header; how one is written and taken apart.

NEMA IIC 1 v03. Tags are DICOM's where pydicom knows them; the few that DICOS adds are written by
number, with its own value type. What the vendor toolkit calls required is always there.

1. Unique identifiers are 2.25.<UUID> (X.667), made from the inspection's name: the same scan
   always gets the same, and image and report find each other.
2. Text is cut to the length that its type allows, never refused for being long.
3. A file is read only if it says DICM in its place; a deflated one is refused, as its size after
   inflation is not known before.
4. The parser makes an object of every tag: it gets ``MOST_READS`` looks at the file, and what is
   not pixels may have ``MOST_HEADER`` bytes and ``MOST_ITEMS`` items.
5. Whatever the parser stumbles over is one FormatError.
"""

from __future__ import annotations

import struct
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import Any

from pydicom import config, dcmread, dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import UNKNOWN, Scan, Scanner

# IIC 1 v03, the SOP classes
DX_PROCESSING = UID("1.2.840.10008.5.1.4.1.1.501.2.2")
TDR = UID("1.2.840.10008.5.1.4.1.1.501.3")
VERSION = "V03"

# Tags whose meaning or type in DICOS is not the one in DICOM's dictionary
PIXELS = Tag(0x7FE0_0010)
META_VERSION = 0x0002_0004
IMAGE_ORIGIN = 0x0008_0118
COORDINATE_SYSTEM = 0x0008_2108
EFFECTIVE_ENERGY = 0x4300_0902
IMAGE_SCALE = 0x4010_1075
PTO_START, PTO_END, PTO_MS = 0x4010_1080, 0x4010_1081, 0x4010_1082

_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "border-edge")
_ITEM = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
IMPLEMENTATION = UID(f"2.25.{_SPACE.int}")
MOST_READS = 100_000  # 512 MiB of compressed pixels take two thirds of them
MOST_HEADER = 8 << 20
MOST_ITEMS = 20_000  # of a sequence; a second's work

_PREAMBLE = b"\0" * 128
_DEFLATED = b"1.2.840.10008.1.2.1.99"  # looked for everywhere: the parser inflates before it asks
_STUMBLES = (
    InvalidDicomError, BytesLengthException, EOFError, OSError, struct.error, ValueError, TypeError,
    KeyError, AttributeError, IndexError, NotImplementedError, OverflowError, RecursionError,
)  # fmt: skip


def uid(inspection: str, part: str) -> UID:
    """Return the unique identifier of a part of an inspection: scan, series, frame, dx-high, …."""
    return UID(f"2.25.{uuid.uuid5(_SPACE, f'{inspection}/{part}').int}")


def common(scan: Scan, made: datetime) -> Dataset:
    """Return what image and report of ``scan`` share; ``made`` is when the file was."""
    found = Dataset()
    found.SpecificCharacterSet = "ISO_IR 192"
    _stamp(found, made, "InstanceCreation", "Content")
    _stamp(found, scan.began, "Study", "Series")
    found.StudyInstanceUID = uid(scan.inspection, "scan")
    found.StudyID = clipped(scan.inspection, 16)
    found.DICOSVersion = VERSION
    found.AcquisitionStatus = "SUCCESSFUL"
    found.ScanType = "OPERATIONAL"
    _item(found, scan)
    _machine(found, scan.scanner, scan.began)
    return found


def _item(found: Dataset, scan: Scan) -> None:
    found.PatientID = clipped(scan.item.name, 64)
    found.IssuerOfPatientID = clipped(scan.item.authority, 64)
    found.TypeOfPatientID = "TEXT"
    found.OOIType = scan.item.kind.value


def _machine(found: Dataset, scanner: Scanner, began: datetime) -> None:
    found.Manufacturer = clipped(scanner.manufacturer, 64)
    found.ManufacturerModelName = clipped(scanner.model, 64)
    found.DeviceSerialNumber = clipped(scanner.serial, 64)
    found.SoftwareVersions = clipped(scanner.software, 64)
    found.StationName = clipped(scanner.station, 16)
    found.InstitutionName = clipped(scanner.site, 64)
    found.InstitutionAddress = clipped(scanner.address, 1024)
    calibrated = scanner.calibrated or began
    found.DateOfLastCalibration = date_of(calibrated)
    found.TimeOfLastCalibration = time_of(calibrated)


def _stamp(found: Dataset, at: datetime, *names: str) -> None:
    for name in names:
        setattr(found, f"{name}Date", date_of(at))
        setattr(found, f"{name}Time", time_of(at))


def date_of(at: datetime) -> str:
    """Return the date as DICOM writes it."""
    return f"{at:%Y%m%d}"


def time_of(at: datetime) -> str:
    """Return the time of day as DICOM writes it, to the microsecond."""
    return f"{at:%H%M%S.%f}"


def moment(at: datetime) -> str:
    """Return date, time and zone in one."""
    return f"{at:%Y%m%d%H%M%S.%f%z}"


def clipped(text: str, most: int) -> str:
    """Return ``text`` as a value of at most ``most`` characters, on one line, never empty."""
    plain = "".join(c if c.isprintable() and c != "\\" else " " for c in text)
    return plain[:most].strip() or UNKNOWN


def items(*parts: Mapping[str, Any]) -> list[Dataset]:
    """Return the items of a sequence from keywords and values."""
    made = []
    for part in parts:
        item = Dataset()
        for keyword, value in part.items():
            setattr(item, keyword, value)
        made.append(item)
    return made


def encode(found: Dataset, transfer_syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """Return ``found`` as a file; raise FormatError for a value that DICOS cannot hold."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = found.SOPClassUID
    meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    meta.TransferSyntaxUID = transfer_syntax
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.add_new(META_VERSION, "CS", VERSION)
    target = BytesIO()
    whole = FileDataset(BytesIO(), found, file_meta=meta, preamble=_PREAMBLE)
    try:
        dcmwrite(target, whole, enforce_file_format=True)
    except _STUMBLES as error:
        raise FormatError(f"cannot be written as DICOS: {error}") from error
    return target.getvalue()


def is_dicos(data: bytes) -> bool:
    """Whether the file claims to be DICOM, and so perhaps DICOS."""
    return data[128:132] == b"DICM"


@contextmanager
def opened(data: bytes) -> Iterator[FileDataset]:
    """Yield the tags of a file, each taken apart when it is looked at; raise FormatError.

    What the parser stumbles over in the body of the ``with`` is a FormatError as well.
    """
    if not is_dicos(data):
        raise FormatError("not a DICOS file: there is no DICM at byte 128")
    if _DEFLATED in data:
        raise FormatError("deflated DICOS files are not read; export it without deflation")
    try:
        with warnings.catch_warnings(), config.disable_value_validation():
            warnings.simplefilter("ignore")  # others' identifiers are often malformed
            found = dcmread(_Counted(data))
            _check_header(found)
            _check_end(data, found)
            yield found
    except _STUMBLES as error:
        raise FormatError(f"the DICOS file is damaged or breaks off: {error}") from error


class _Counted(BytesIO):
    """A file that is not read for ever."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes; raise FormatError when there were too many turns."""
        self.reads += 1
        if self.reads > MOST_READS:
            raise FormatError("the DICOS file has more tags than any image or report")
        return super().read(size)


def _check_header(found: FileDataset) -> None:
    raw = [found.get_item(tag) for tag in found.keys() - {PIXELS}]
    values = [element.value for element in raw if element and isinstance(element.value, bytes)]
    if (size := sum(map(len, values))) > MOST_HEADER:
        raise FormatError(
            f"{size >> 20} MiB of tags beside the pixels; at most {MOST_HEADER >> 20}"
        )
    if any(value.count(mark) > MOST_ITEMS for value in values for mark in _ITEM):
        raise FormatError(f"a sequence of more than {MOST_ITEMS} items")


def _check_end(data: bytes, found: FileDataset) -> None:
    """Refuse a file that breaks off in the mark behind its pixels; the parser does not mind."""
    last = found[max(found.keys())]
    if last.is_undefined_length and not data.endswith(_SEQUENCE_END):
        raise FormatError("the DICOS file breaks off in its last bytes; fetch it again")


def require(found: Dataset, *keywords: str) -> None:
    """Raise FormatError naming those of ``keywords`` that are not in ``found``, or empty."""
    if missing := [keyword for keyword in keywords if found.get(keyword) in (None, "", b"")]:
        raise FormatError(f"the DICOS file lacks {', '.join(missing)}; it may break off")
