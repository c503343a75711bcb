"""The data groups beside zone and face: a real specimen against what others read in it."""

import hashlib
import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.documents import data_groups, picture, tlv
from edge.documents.face import Codec, dg2
from edge.documents.lds import LdsError
from edge.documents.picture import PictureError

DATA = Path(__file__).parents[2].parent / "shared" / "data"
ERIKA = DATA / "emrtd" / "bsi2008_erika"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")


def raw(name: str) -> bytes:
    return (ERIKA / f"EF_{name}.bin").read_bytes()


def expected(name: str) -> dict:
    return json.loads((ERIKA / "expected.json").read_text())[name]


def digests(images) -> list[str]:
    return [hashlib.sha256(image).hexdigest() for image in images]


@here
def test_details_of_person_and_document() -> None:
    for name, read in (("DG11", data_groups.person), ("DG12", data_groups.document)):
        texts = {
            k: list(v) if isinstance(v, tuple) else v for k, v in read(raw(name)).texts.items()
        }
        assert texts == expected(f"EF_{name}")


@here
def test_pictures() -> None:
    images = expected("sha256_of_image")
    assert digests(data_groups.portraits(raw("DG5"))) == images["DG5"]
    assert digests(data_groups.signatures(raw("DG7"))) == images["DG7"]
    assert [data_groups.templates(f"DG{n}", raw(f"DG{n}")) for n in (2, 3, 4)] == [1, 2, 2]


def test_whom_to_notify() -> None:
    person = (
        tlv.encode(0x5F50, b"20240101")
        + tlv.encode(0x5F51, b"SMITH<<JANE<ANN")
        + tlv.encode(0x5F52, b"+15551")
        + tlv.encode(0x5F53, b"1 MAIN ST<TOWN")
    )
    ef = tlv.encode(0x70, b"\x02\x01\x01" + tlv.encode(0xA1, person))
    assert data_groups.to_notify(ef) == (
        {
            "recorded": "20240101",
            "name": ("SMITH", "JANE ANN"),
            "telephone": "+15551",
            "address": ("1 MAIN ST", "TOWN"),
        },
    )


@pytest.mark.parametrize(
    ("read", "ef", "why"),
    [
        (data_groups.person, "6B035F0E", r"EF\.DG11, offset"),
        (data_groups.person, "6B085F0E01415F0E0142", "name_of_holder is there twice"),
        (data_groups.person, "6B045F0E01FF", "not UTF-8"),
        (data_groups.signatures, "67030201" + "02", "says 2 pictures, has 0"),
    ],
)
def test_what_is_wrong_is_named(read, ef: str, why: str) -> None:
    with pytest.raises(LdsError, match=why):
        read(bytes.fromhex(ef))


# ISO/IEC 39794-5 ------------------------------------------------------------------------------


def icao_39794(image: bytes, size: bytes = b"\x80\x02\x01\x9d\x81\x02\x02\x13") -> bytes:
    """Return DG2 by the schema ID-ICAO-ISO-IEC-39794-5-ed-1-v1, tag by tag."""
    about = tlv.encode(0xA1, b"\xa0\x03\x80\x01\x03" + tlv.encode(0xA7, size))
    two_d = tlv.encode(0xA0, tlv.encode(0x80, image) + about)
    representation = tlv.encode(0x30, b"\x80\x01\x00" + tlv.encode(0xA1, tlv.encode(0xA0, two_d)))
    version = tlv.encode(0xA0, b"\x80\x01\x03\x81\x02\x07\xe3")
    block = tlv.encode(0x65, version + tlv.encode(0xA1, representation))
    record = tlv.encode(0x7F2E, tlv.encode(0xA1, block))
    template = tlv.encode(0x7F60, b"\xa1\x00" + record)
    return tlv.encode(0x75, tlv.encode(0x7F61, b"\x02\x01\x01" + template))


@here
def test_a_face_of_iso_39794() -> None:
    image = (DATA / "faces" / "icao39794_specimen_face.jpg").read_bytes()
    (face,) = dg2(icao_39794(image))
    assert (face.codec, face.width, face.height) == (Codec.JPEG2000, 413, 531)
    assert (face.image, face.size) == (image, (413, 531))
    (unsized,) = dg2(icao_39794(image, b""))
    assert (unsized.width, unsized.height, unsized.size) == (0, 0, (413, 531))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("65", "66", r"no face image data block \(65\)"),
        ("a0038001", "a1038001", ""),
        ("800161", "810161", r"no picture \(80\)"),
    ],
)
def test_what_is_no_face_of_iso_39794(old: str, new: str, why: str) -> None:
    ef = icao_39794(b"a").hex().replace(old, new, 1)
    with pytest.raises(LdsError, match=why or "invalid image"):
        dg2(bytes.fromhex(ef))


@given(st.integers(0, 90), st.integers(1, 255), st.integers(0, 90))
def test_a_bent_face_is_read_or_named(at: int, flip: int, cut: int) -> None:
    bent = bytearray(icao_39794(b"\xff\xd8\xff\xe0" + bytes(20)))
    bent[at % len(bent)] ^= flip
    try:
        dg2(bytes(bent[: len(bent) - cut // 30]))
    except LdsError as error:
        assert "offset" in str(error)  # noqa: PT017 both ends are right


# Pictures -------------------------------------------------------------------------------------


@here
@pytest.mark.parametrize(
    ("name", "size"),
    [("emrtd/iso19794/ISO19794_Test1_Face.jpg", (148, 70)), ("faces/bsi_erika_specimen.jp2", None),
     ("faces/biden.jpg", None)],
)  # fmt: skip
def test_the_size_is_that_of_the_pixels(name: str, size) -> None:
    image = (DATA / name).read_bytes()
    if size:
        assert picture.size(image) == size
    height, width = picture.decode(image).shape[:2]
    assert picture.size(image) == (width, height)


def _codestream(width: int, height: int, *, colours: int = 3, tile: int = 1 << 20) -> bytes:
    sizes = b"".join(n.to_bytes(4, "big") for n in (width, height, 0, 0, tile, tile, 0, 0))
    return b"\xff\x4f\xff\x51\x00\x2f\x00\x00" + sizes + colours.to_bytes(2, "big") + bytes(9)


def test_a_jpeg_that_goes_over_its_pixels_again_and_again() -> None:
    image = bytes(imagecodecs.jpeg8_encode(np.zeros((300, 400, 3), np.uint8)))
    assert picture.decode(image).shape == (300, 400, 3)
    with pytest.raises(PictureError, match="scans of 400 × 300"):
        picture.decode(image + b"\xff\xda" * (picture.MOST_SCANNED // (300 * 400)))


def test_a_picture_that_claims_too_much() -> None:
    huge = _codestream(65536, 65536)
    with pytest.raises(PictureError, match="65536 × 65536"):
        picture.decode(huge)
    for excess in (_codestream(100, 100, colours=5), _codestream(100, 100, tile=2)):
        with pytest.raises(PictureError, match="more than a portrait has"):
            picture.decode(excess)
    with pytest.raises(PictureError, match="65536 × 65536"):
        picture.decode(_codestream(100, 100) + huge)  # the decoder may follow the second
    with pytest.raises(PictureError, match="neither"):
        picture.size(b"GIF89a")


@given(st.binary(max_size=80), st.sampled_from([b"\xff\xd8\xff\xe0", b"\xff\x4f\xff\x51"]))
def test_noise_after_a_start(noise: bytes, start: bytes) -> None:
    try:
        width, height = picture.size(start + noise)
    except PictureError:
        return
    assert width > 0 < height


READERS = [
    data_groups.portraits,
    data_groups.signatures,
    data_groups.person,
    data_groups.document,
    data_groups.optional_details,
    data_groups.to_notify,
]


@pytest.mark.parametrize("read", READERS)
@given(
    noise=st.binary(max_size=60), tag=st.sampled_from([b"", b"\x6b\x10", b"\x70\x0a", b"\x6e\x06"])
)
def test_noise_is_named(read, noise: bytes, tag: bytes) -> None:
    try:
        read(tag + noise)
    except LdsError as error:
        assert "offset" in str(error)  # noqa: PT017 both ends are right
