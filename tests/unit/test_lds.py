"""The files of real chips, and the same files torn, bent and made of noise."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.documents import lds, tlv
from edge.documents.face import Codec, dg2, faces
from edge.documents.lds import LdsError

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")


def raw(name: str) -> bytes:
    return (DATA / name).read_bytes()


@here
def test_ef_com() -> None:
    com = lds.com(raw("bsi2008_erika/EF_COM.bin"))
    assert com == lds.Com("0107", "040000", (1, 2, 3, 14))


def test_ef_com_of_the_worked_example() -> None:
    com = lds.com(bytes.fromhex("60145F0104303130365F36063034303030305C026175"))
    assert com == lds.Com("0106", "040000", (1, 2))


@here
@pytest.mark.parametrize("chip", ["bsi2008_erika", "bsi_tr03105_ref", "etsi_prototype"])
def test_dg1_is_a_valid_zone(chip: str) -> None:
    mrz = lds.dg1(raw(f"{chip}/EF_DG1.bin"))
    assert mrz.valid
    assert (mrz.format, mrz.fields["surname"]) == ("TD3", "MUSTERMANN")


@here
def test_dg2_of_the_specimen() -> None:
    expected = json.loads(raw("bsi2008_erika/expected.json"))["sha256_of_image"]["DG2"]
    found = dg2(raw("bsi2008_erika/EF_DG2.bin"))
    assert [hashlib.sha256(face.image).hexdigest() for face in found] == expected
    assert [face.codec for face in found] == [Codec.JPEG2000]


@here
def test_a_jpeg_record() -> None:
    (face,) = faces(raw("iso19794/ISO19794_Test1_Data.bin"))
    assert face.image == raw("iso19794/ISO19794_Test1_Face.jpg")
    assert (face.codec, face.width, face.height) == (Codec.JPEG, 148, 70)


@here
def test_an_invalid_image_is_named() -> None:
    with pytest.raises(LdsError, match="offset 46: invalid image: ffd8fee0"):
        faces(raw("iso19794/ISO19794_Test2_Data_InvalidImage.bin"))


@here
def test_the_wrong_file_is_named() -> None:
    with pytest.raises(LdsError, match=r"EF\.DG1, offset 0: starts with tag 75"):
        lds.dg1(raw("bsi2008_erika/EF_DG2.bin"))
    assert lds.security_infos(raw("bsi2008_erika/EF_DG14.bin"))[0] == 0x31
    assert lds.active_authentication_key(raw("bsi2008_erika/EF_DG15.bin"))[0] == 0x30
    assert lds.sod(raw("bsi2008_erika/EF_SOD.bin"))[0] == 0x30


READERS = [lds.com, lds.sod, lds.dg1, dg2, faces]


@here
@pytest.mark.parametrize(
    ("read", "name"),
    [(lds.com, "EF_COM"), (lds.dg1, "EF_DG1"), (dg2, "EF_DG2"), (lds.sod, "EF_SOD")],
)
@given(share=st.floats(0, 0.999))
def test_a_torn_file_says_where(read, name: str, share: float) -> None:
    whole = raw(f"bsi2008_erika/{name}.bin")
    with pytest.raises(LdsError, match="offset"):
        read(whole[: int(len(whole) * share)])


@here
@pytest.mark.parametrize(("read", "name"), [(lds.com, "EF_COM"), (dg2, "EF_DG2")])
@given(at=st.integers(0, 99), flip=st.integers(1, 255))
def test_a_bent_file_is_read_or_named(read, name: str, at: int, flip: int) -> None:
    bent = bytearray(raw(f"bsi2008_erika/{name}.bin"))
    bent[at % len(bent)] ^= flip
    try:
        read(bytes(bent))
    except LdsError as error:
        assert "offset" in str(error)  # noqa: PT017 both ends are right


@pytest.mark.parametrize("read", READERS)
@given(noise=st.binary())
def test_noise_is_named(read, noise: bytes) -> None:
    try:
        read(noise)
    except LdsError as error:
        assert "offset" in str(error)  # noqa: PT017 both ends are right


@given(st.sampled_from([0x61, 0x75, 0x5F01, 0x7F61, 0x60]), st.binary(max_size=70_000))
def test_an_element_survives_encoding(tag: int, value: bytes) -> None:
    coded = tlv.encode(tag, value)
    assert tlv.read(coded) == tlv.Tlv(tag, value, len(coded) - len(value), len(coded))


@pytest.mark.parametrize(
    ("coded", "what"),
    [
        ("6180", "indefinite"),
        ("6185", "more than four"),
        ("1FFFFF01", "three bytes"),
        ("", "ends"),
        ("6103AABB", "2 of its 3"),
        ("61847FFFFFFF", "0 of its 2147483647"),
    ],
)
def test_what_is_no_element(coded: str, what: str) -> None:
    with pytest.raises(tlv.TlvError, match=what):
        tlv.read(bytes.fromhex(coded))
