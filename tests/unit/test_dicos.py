"""DICOS images and reports: what is written is what is read, and what is damaged is refused."""

import warnings
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from edge.scanner.formats import dicos, dicos_dx, dicos_tdr
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.errors import FormatError
from edge.scanner.formats.record import (
    Energy,
    Item,
    ItemKind,
    Report,
    Scan,
    Scanner,
    Threat,
    Verdict,
)

SHARED = Path(__file__).parents[2].parent / "shared/data/dicos"
NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, UTC)
MACHINE = Scanner("Maker", "Model 5", "SN-7", "lane-1", "Port", kilovolts=160, microamperes=1000)
SMALL = np.random.default_rng(5).integers(0, 65_536, (6, 7)).astype(np.uint16)
MASK = np.zeros((4, 9), bool)
MASK[0, 0] = MASK[1, 2:5] = MASK[3, 8] = True
REPORT = Report(
    Verdict.ALARM, "xray_anomaly", "3", NOW, 12.5,
    (Threat(1, 2, 9, 4, 0.875, "knife", MASK), Threat(0, 0, 3, 4, alarm=False, opaque=True)),
    {"threshold": "0.5"},
)  # fmt: skip


def scan(*planes, bits=16, pitch=(1.5, 2.0), kind=ItemKind.CARGO):
    item = Item("MSKU1234565", kind, "customs")
    return Scan("insp-1", item, MACHINE, NOW, planes or (SMALL,), bits, pitch)


def dataset(data):
    return pydicom.dcmread(BytesIO(data))


def saved(found, syntax=None):
    """Return a changed data set as bytes, by pydicom and not by our own writer."""
    target = BytesIO()
    if syntax is not None:
        found.file_meta.TransferSyntaxUID = syntax
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(target, found, **({} if syntax is None else {
            "little_endian": syntax.is_little_endian, "implicit_vr": syntax.is_implicit_VR,
        }))  # fmt: skip
    return target.getvalue()


@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize(("kind", "bits"), [(np.uint16, 16), (np.uint16, 12), (np.uint8, 8)])
@pytest.mark.parametrize("shape", [(41, 61), (1, 1), (1, 300), (300, 1), (16, 16)])
def test_pixels_come_back_as_they_were(compression, kind, bits, shape):
    planes = [
        np.random.default_rng(seed).integers(0, 2**bits, shape).astype(kind) for seed in (1, 2)
    ]
    for energy, plane in zip(Energy, planes, strict=True):
        image = dicos_dx.decode(dicos_dx.encode(scan(*planes, bits=bits), energy, NOW, compression))
        assert np.array_equal(image.frames[0], plane)
        assert image.ceiling == 2**bits - 1
        assert (image.energy, image.pitch_mm, image.item) == (energy, (1.5, 2.0), "MSKU1234565")


def test_the_bytes_are_those_of_the_standard():
    """PS3.10: 128 bytes, DICM; IIC 1 v03: SOP class, version, modality; explicit little endian."""
    data = dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.NONE)
    assert data[:132] == bytes(128) + b"DICM"
    for golden in (
        b"\x02\x00\x04\x00CS\x04\x00V03 ",
        b"\x08\x00\x16\x00UI\x20\x001.2.840.10008.5.1.4.1.1.501.2.2\0",
        b"\x08\x00\x60\x00CS\x04\x00XRAY",
        b"\x08\x00\x68\x00CS\x0e\x00FOR PROCESSING",
        b"\x10\x40\x3a\x10CS\x04\x00V03 ",
        b"\x10\x40\x42\x10CS\x06\x00CARGO ",
        b"\xe0\x7f\x10\x00OW\x00\x00\x54\x00\x00\x00" + SMALL.tobytes(),
    ):
        assert golden in data
    report = dicos_tdr.encode(scan(), REPORT, NOW)
    for golden in (
        b"\x08\x00\x16\x00UI\x1e\x001.2.840.10008.5.1.4.1.1.501.3\0",
        b"\x08\x00\x60\x00CS\x04\x00TDR ",
        b"\x10\x40\x31\x10CS\x06\x00ALARM ",
        b"\x10\x40\x33\x10US\x02\x00\x02\x00",
        b"\x10\x40\x34\x10US\x02\x00\x01\x00",
        b"\x10\x40\x04\x10FL\x0c\x00" + np.array([1, 2, 0], "<f4").tobytes(),
        b"\x10\x40\x05\x10FL\x0c\x00" + np.array([9, 4, 0], "<f4").tobytes(),
        # 4 rows of 9 bits, the lowest bit first: 0; 9+2…4; 27+8
        b"\x10\x40\x06\x10OB\x00\x00\x06\x00\x00\x00\x01\x38\x00\x00\x08\x00",
    ):
        assert golden in report


def test_the_compressed_stream_is_what_its_name_says():
    for compression, start in (
        (Compression.JPEG_LS, b"\xff\xd8\xff\xf7\x00\x0b\x10\x00\x06\x00\x07\x01"),  # T.87, SOF55
        (Compression.JPEG_LOSSLESS, b"\xff\xc3\x00\x0b\x10\x00\x06\x00\x07\x01"),  # T.81, SOF3
    ):
        assert start in dicos_dx.encode(scan(), Energy.HIGH, NOW, compression)


def test_files_of_one_inspection_know_each_other():
    both = scan(SMALL, SMALL // 2)
    low, high = (dataset(dicos_dx.encode(both, energy, NOW)) for energy in Energy)
    report = dataset(dicos_tdr.encode(both, REPORT, NOW))
    assert low.StudyInstanceUID == high.StudyInstanceUID == report.StudyInstanceUID
    assert low.FrameOfReferenceUID == report.FrameOfReferenceUID
    assert low.SOPInstanceUID != high.SOPInstanceUID
    named = {item.ReferencedSOPInstanceUID for item in report.ReferencedStudySequence}
    assert named == {low.SOPInstanceUID, high.SOPInstanceUID}
    assert [low.ImageType[1], high.ImageType[1]] == ["LOW ENERGY", "HIGH ENERGY"]
    assert low.SeriesInstanceUID == high.SeriesInstanceUID != report.SeriesInstanceUID


def test_a_report_comes_back_as_it_was():
    found = dicos_tdr.decode(dicos_tdr.encode(scan(), REPORT, NOW))
    assert found.as_json() == REPORT.as_json()
    assert np.array_equal(found.threats[0].mask, MASK)
    assert found.threats[1].mask is None


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_any_mask_comes_back(w, h, data):
    bits = data.draw(st.lists(st.booleans(), min_size=w * h, max_size=w * h))
    threat = Threat(3, 4, w, h, mask=np.array(bits, bool).reshape(h, w))
    found = dicos_tdr.decode(dicos_tdr.encode(scan(), replace(REPORT, threats=(threat,)), NOW))
    assert np.array_equal(found.threats[0].mask, threat.mask)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_could_not_be_judged_is_never_clear(verdict):
    data = dicos_tdr.encode(scan(), replace(REPORT, verdict=verdict), NOW)
    assert dicos_tdr.decode(data).verdict is verdict
    said = dataset(data)
    assert (said.AlarmDecision == "CLEAR") == (verdict is Verdict.CLEAR)
    assert (said.AbortFlag == "ABORT") == (verdict is Verdict.UNREADABLE)


def test_a_report_that_contradicts_itself_is_refused():
    found = dataset(dicos_tdr.encode(scan(), REPORT, NOW))
    found.NumberOfTotalObjects = 3
    with pytest.raises(FormatError, match="2 threats where 3 are announced"):
        dicos_tdr.decode(saved(found))
    found = dataset(dicos_tdr.encode(scan(), REPORT, NOW))
    roi = found.ThreatSequence[0].PTORepresentationSequence[0].ThreatROIVoxelSequence[0]
    roi.ThreatROIBitmap = b"\0\0"
    with pytest.raises(FormatError, match="bitmap of 2 bytes"):
        dicos_tdr.decode(saved(found))


def test_an_image_is_no_report_and_a_report_no_image():
    with pytest.raises(FormatError, match="not a threat detection report"):
        dicos_tdr.decode(dicos_dx.encode(scan(), Energy.HIGH, NOW))
    with pytest.raises(FormatError, match="not an image"):
        dicos_dx.decode(dicos_tdr.encode(scan(), REPORT, NOW))


@pytest.mark.parametrize("depth", [8, 16])
def test_others_encodings_are_read(depth):
    plane = (SMALL >> (16 - depth)).astype(f"u{depth // 8}")
    plain = dicos_dx.encode(scan(plane, bits=depth), Energy.HIGH, NOW, Compression.NONE)

    def read(syntax, content=None):
        found = dataset(plain)
        if content is not None:
            found.PixelData = content
        if syntax.is_encapsulated:
            found["PixelData"].VR, found["PixelData"].is_undefined_length = "OB", True
        return dicos_dx.decode(saved(found, syntax)).frames[0]

    big = plane.astype(plane.dtype.newbyteorder(">")).tobytes()
    rle = RLELosslessEncoder.encode(
        plane, rows=6, columns=7, samples_per_pixel=1, bits_allocated=depth, bits_stored=depth,
        number_of_frames=1, photometric_interpretation="MONOCHROME2", pixel_representation=0,
    )  # fmt: skip
    wavelets = bytes(imagecodecs.jpeg2k_encode(plane, reversible=True, codecformat="j2k"))
    assert np.array_equal(read(ImplicitVRLittleEndian), plane)
    assert np.array_equal(read(ExplicitVRBigEndian, big), plane)
    assert np.array_equal(read(RLELossless, encapsulate([rle])), plane)
    assert np.array_equal(read(JPEG2000Lossless, encapsulate([wavelets])), plane)


def test_pictures_come_out_upright():
    def read(**changes):
        found = dataset(dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.NONE))
        with pydicom.config.disable_value_validation():
            for name, value in changes.items():
                setattr(found, name, value)
            return dicos_dx.decode(saved(found))

    assert np.array_equal(read(PixelIntensityRelationshipSign=-1).frames[0], 65_535 - SMALL)
    assert np.array_equal(read(PhotometricInterpretation="MONOCHROME1").frames[0], SMALL)
    assert "not linear" in read(PixelIntensityRelationship="LOG").remarks[0]
    two = read(NumberOfFrames=2, PixelData=SMALL.tobytes() + (SMALL // 2).tobytes())
    assert np.array_equal(two.frames[1], SMALL // 2)
    assert read(ImagerPixelSpacing=None).pitch_mm is None
    assert read(ImagerPixelSpacing=["0", "nan"]).pitch_mm is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Rows": 40_000, "Columns": 40_000}, "40000×40000 pixels; at most 64 million"),
        ({"Rows": 7}, "84 bytes of pixels instead of 98"),
        ({"Rows": 0}, "no size"),
        ({"NumberOfFrames": 300}, "300 frames"),
        ({"BitsAllocated": 32}, "of 32 bits"),
        ({"BitsStored": 17}, "17 of 16 bits"),
        ({"SamplesPerPixel": 3}, "one sample"),
        ({"PixelRepresentation": 1}, "unsigned"),
        ({"PhotometricInterpretation": "RGB"}, "RGB pixels"),
        ({"PixelData": b""}, "lacks PixelData|no pixels"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(changes, reason):
    found = dataset(dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.NONE))
    for name, value in changes.items():
        setattr(found, name, value)
    with pytest.raises(FormatError, match=reason):
        dicos_dx.decode(saved(found))


@pytest.mark.parametrize("compression", [Compression.JPEG_LS, Compression.JPEG_LOSSLESS])
def test_a_stream_larger_than_the_file_says_is_not_decoded(compression):
    data = dicos_dx.encode(scan(), Energy.HIGH, NOW, compression)
    bomb = data.replace(b"\x00\x0b\x10\x00\x06\x00\x07", b"\x00\x0b\x10\xff\xff\xff\xff")
    assert bomb != data
    with pytest.raises(FormatError, match="the frame is 65535×65535, the file says 7×6"):
        dicos_dx.decode(bomb)


def test_a_file_of_nothing_but_tags_is_given_up(monkeypatch):
    monkeypatch.setattr(dicos, "MOST_READS", 5000)
    monkeypatch.setattr(dicos, "MOST_HEADER", 100_000)
    data = dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.NONE)
    dicos_dx.decode(data)
    many = b"".join(b"\xe1\x7f" + n.to_bytes(2, "little") + b"LO\0\0" for n in range(9000))
    with pytest.raises(FormatError, match="more tags than"):
        dicos_dx.decode(data + many)
    item = b"\xfe\xff\x00\xe0\0\0\0\0"
    nested = b"\xe1\x7f\x10\x10SQ\0\0" + (8 * 20_000).to_bytes(4, "little") + item * 20_000
    with pytest.raises(FormatError, match="tags beside the pixels"):
        dicos_dx.decode(data + nested)
    monkeypatch.setattr(dicos, "MOST_HEADER", 1 << 20)
    monkeypatch.setattr(dicos, "MOST_ITEMS", 19_000)
    with pytest.raises(FormatError, match="more than 19000 items"):
        dicos_dx.decode(data + nested)


def test_deflated_files_are_refused_unopened():
    found = dataset(dicos_dx.encode(scan(), Energy.HIGH, NOW, Compression.NONE))
    with pytest.raises(FormatError, match="deflated"):
        dicos_dx.decode(saved(found, DeflatedExplicitVRLittleEndian))


@pytest.mark.parametrize("compression", [Compression.NONE, Compression.JPEG_LS])
def test_an_image_cut_anywhere_is_refused(compression):
    data = dicos_dx.encode(scan(), Energy.HIGH, NOW, compression)
    for length in range(len(data)):
        with pytest.raises(FormatError):
            dicos_dx.decode(data[:length])


def test_a_report_cut_anywhere_is_refused():
    data = dicos_tdr.encode(scan(), replace(REPORT, threats=REPORT.threats[:1]), NOW)
    for length in range(len(data)):
        with pytest.raises(FormatError):
            dicos_tdr.decode(data[:length])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*Compression, None]), st.data())
def test_damage_gives_a_file_or_a_reason(compression, data):
    encode, decode = (
        (lambda: dicos_tdr.encode(scan(), REPORT, NOW), dicos_tdr.decode)
        if compression is None
        else (lambda: dicos_dx.encode(scan(), Energy.HIGH, NOW, compression), dicos_dx.decode)
    )
    bad = bytearray(encode())
    for _ in range(data.draw(st.integers(1, 5))):
        bad[data.draw(st.integers(132, len(bad) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        decode(bytes(bad))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_rubbish_behind_a_good_beginning_is_refused(rubbish):
    with pytest.raises(FormatError):
        dicos_dx.decode(bytes(128) + b"DICM" + rubbish)


def test_long_and_strange_names_are_cut_not_refused():
    strange = Scan("x" * 64, Item("é\\\n" * 80, ItemKind.CARGO), Scanner("ж" * 200), NOW, (SMALL,))
    image = dicos_dx.decode(dicos_dx.encode(strange, Energy.HIGH, NOW))
    assert 0 < len(image.item) <= 64
    assert "\\" not in image.item


def _sample(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"no {name} in ../shared/data/dicos")
    return path.read_bytes()


@pytest.mark.parametrize("name", ["SimpleProcessingDX", "SimplePresentationDX"])
def test_the_vendors_images_are_the_ramp_they_were_made_as(name):
    image = dicos_dx.decode(_sample(f"{name}.dcs"))
    assert np.array_equal(image.frames[0], np.arange(128 * 256).reshape(128, 256))


def test_the_vendors_palette_is_averaged():
    image = dicos_dx.decode(_sample("SimpleColorPaletteDX.dcs"))
    assert image.frames[0].shape == (128, 256)
    assert (np.diff(image.frames[0][:, 0].astype(int)) >= 0).all()
    assert "coloured" in image.remarks[0]


@pytest.mark.parametrize(
    ("name", "verdict", "boxes"),
    [
        ("SimpleBaggageNoThreatTDR", Verdict.CLEAR, []),
        ("SimpleBaggageTDR", Verdict.CLEAR, [(12, 23, 50, 50)]),
        ("MultiplePTOsTDR", Verdict.ALARM, [(1, 23, 22, 33), (12, 23, 50, 50)]),
    ],
)
def test_the_vendors_reports_say_what_they_were_made_to_say(name, verdict, boxes):
    report = dicos_tdr.decode(_sample(f"{name}.dcs"))
    assert report.verdict is verdict
    assert [(t.x, t.y, t.w, t.h) for t in report.threats] == boxes
    assert (report.algorithm, report.version) == ("Alchemy", "0.999")


def test_an_alarm_points_at_something():
    alarm = replace(REPORT, threats=())
    (threat,) = dicos_tdr.decode(dicos_tdr.encode(scan(), alarm, NOW)).threats
    assert (threat.x, threat.y, threat.w, threat.h) == (0, 0, 7, 6)
    assert not dicos_tdr.decode(
        dicos_tdr.encode(scan(), replace(alarm, verdict=Verdict.CLEAR), NOW)
    ).threats
