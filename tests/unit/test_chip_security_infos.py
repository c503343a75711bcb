"""What chips offer: files of real chips, of the standard, ours, and bytes that are none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import lds, tlv
from edge.documents.chip import card_security, domain, protocols, security_infos
from edge.documents.chip.domain import PKCS3, UnknownGroup
from edge.documents.chip.groups import NumberGroup
from edge.documents.chip.standard_groups import STANDARDIZED
from edge.documents.lds import LdsError
from simulators.chip import offers
from tests.unit.chip_world import issued

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")
CARD_ACCESS = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
# Doc 9303-11 appendix I.1, the static key of a chip with chip authentication mapping.
CHIP_KEY = bytes.fromhex(
    "3062060904007F0007020201023052300C060704007F0007010202010D0342000418727094"
    "94399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC884D256A40E35EFCB59"
    "BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F02010D"
)


def read(*entries: bytes) -> security_infos.SecurityInfos:
    return security_infos.read(offers.security_infos(entries), "DG14")


def test_card_access_of_the_standard() -> None:
    infos = security_infos.read(CARD_ACCESS, "CardAccess")
    (info,) = infos.pace
    assert (str(info.protocol), info.group.name) == ("PACE-ECDH-GM-AES128", "brainpoolP256r1")
    assert (info.parameter_id, infos.pace_offered, infos.unusable) == (13, True, ())
    way = next(p for p in protocols.PACE_PROTOCOLS.values() if str(p) == "PACE-ECDH-GM-AES128")
    assert offers.security_infos([offers.pace(way, 13)]) == CARD_ACCESS


def test_the_static_key_of_the_standard() -> None:
    (key,) = read(CHIP_KEY).keys
    assert (key.key_id, key.key.group) == (13, STANDARDIZED[13])
    assert key.key.public.hex().startswith("0418727094")
    assert offers.chip_key(STANDARDIZED[13], key.key.public, 13, offers.by_number(13)) == CHIP_KEY


@here
@pytest.mark.parametrize("chip", ["bsi_tr03105_ref", "bsi2008_erika", "etsi_prototype"])
def test_dg14_of_real_chips(chip: str) -> None:
    raw = (DATA / chip / "EF_DG14.bin").read_bytes()
    infos = security_infos.read(lds.security_infos(raw), "DG14")
    (info,), (key,) = infos.chip_authentication, infos.keys
    assert str(info.protocol) == "CA-ECDH-3DES"
    assert key.key.group.name == "brainpoolP224r1"  # spelt out, and lacking in the library
    assert infos.key_for(info) is key
    assert infos.terminal_authentication
    assert infos.unusable == ()


@pytest.mark.parametrize("number", sorted(STANDARDIZED))
def test_a_key_survives_every_way_to_write_it(number: int) -> None:
    group = STANDARDIZED[number]
    public = group.public(0x1234567)
    ways = [offers.by_number(number), offers.spelt_out(group), offers.spelt_out(group, x942=True)]
    for algorithm in ways:
        (key,) = read(offers.chip_key(group, public, 7, algorithm)).keys
        assert key.key.public == public
        assert (key.key.group.p, key.key.group.order) == (group.p, group.order)


def test_a_curve_with_another_generator_is_no_curve() -> None:
    """The look-alike of CVE-2020-0601: everything right but the generator."""
    group = STANDARDIZED[13]
    honest = offers.spelt_out(group)
    forged = honest.replace(group.public(1), group.public(2))
    infos = read(offers.chip_key(group, group.public(5), None, forged))
    assert infos.keys == ()
    assert "none of Doc 9303-12" in infos.unusable[0]


@pytest.mark.parametrize(
    ("numbers", "why"),
    [((15, 2), "modulo 4 bits"), ((2**5000 + 1, 2), "5001 bits"), ((2**2047 + 9, 1), "modulo")],
)  # fmt: skip
def test_numbers_that_are_too_small_or_too_large(numbers: tuple[int, int], why: str) -> None:
    group = NumberGroup("bad", *numbers, None)
    infos = read(offers.chip_key(group, b"\x03", None, offers.spelt_out(group)))
    assert infos.keys == ()
    assert why in infos.unusable[0]


def test_what_we_cannot_use_spoils_nothing_else() -> None:
    oid = tlv.encode(0x06, protocols.PACE + b"\x02\x02")
    other_version = tlv.encode(0x30, oid + b"\x02\x01\x03\x02\x01\x0d")
    own_parameters = tlv.encode(0x30, oid + b"\x02\x01\x02")
    unknown_number = tlv.encode(0x30, oid + b"\x02\x01\x02\x02\x01\x1e")
    wrong_group = tlv.encode(0x30, oid + b"\x02\x01\x02\x02\x01\x00")
    stranger = bytes.fromhex("3008060301020304017F".replace("3008", "3008"))
    infos = read(other_version, own_parameters, unknown_number, wrong_group, stranger, CHIP_KEY)
    assert (len(infos.pace), len(infos.unusable), len(infos.keys)) == (0, 4, 1)
    assert infos.pace_offered
    assert len(infos.pace_entries) == 4


def test_the_hash_of_active_authentication() -> None:
    for name in ("sha1", "sha224", "sha256", "sha384", "sha512"):
        assert read(offers.active_authentication(name)).active_hash == name


def test_card_security_of_ours() -> None:
    raw = issued("PACE-ECDH-CAM-AES128@12").files["CardSecurity"]
    held = card_security.read(raw)
    assert [k.key_id for k in held.infos.keys] == [12]
    assert held.signed.digest_holds()
    with pytest.raises(LdsError, match=r"EF\.CardSecurity"):
        card_security.read(raw[:-20])
    with pytest.raises(LdsError, match=r"signs content of type 2\.23\.136\.1\.1\.1"):
        card_security.read(lds.sod(issued("BAC").files["SOD"]))


def test_pkcs3_without_a_known_generator_has_no_order() -> None:
    odd = NumberGroup("odd", STANDARDIZED[1].p, 3, None)
    group = domain.group_of(tlv.read(offers.spelt_out(odd)))
    assert (group.order, PKCS3.hex()) == (odd.p - 1, "2a864886f70d010301")
    with pytest.raises(UnknownGroup, match="domain parameters 7"):
        domain.group_of(tlv.read(offers.by_number(7)))


@settings(max_examples=120)
@given(st.binary(max_size=120), st.booleans())
def test_noise_is_named_or_useless(noise: bytes, wrapped: bool) -> None:
    raw = tlv.encode(0x31, noise) if wrapped else noise
    try:
        infos = security_infos.read(raw, "CardAccess")
    except LdsError as error:
        assert "EF.CardAccess, offset" in str(error)  # noqa: PT017 both ends are right
    else:
        assert infos.pace == ()


@settings(max_examples=120)
@given(st.integers(0, 5000), st.integers(1, 255))
def test_a_bent_file_never_crashes(at: int, flip: int) -> None:
    whole = tlv.read(issued("PACE-DH-GM-AES128@0+CA-DH-AES128@0+AA-ECDSA").files["DG14"]).value
    bent = bytearray(whole)
    bent[at % len(bent)] ^= flip
    try:
        security_infos.read(bytes(bent), "DG14")
    except LdsError as error:
        assert "EF.DG14" in str(error)  # noqa: PT017 both ends are right


def test_a_thousand_entries_are_refused() -> None:
    many = tlv.encode(0x31, tlv.encode(0x30, b"\x06\x01\x01\x02\x01\x01") * 1000)
    with pytest.raises(LdsError, match="entry 64"):
        security_infos.read(many, "CardAccess")
