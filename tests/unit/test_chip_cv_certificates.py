"""Card-verifiable certificates: some of other people's making, and bytes that are none."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import tlv
from edge.documents.chip.cv_certificate import CvCertificate, CvCertificateError, date_digits
from edge.documents.chip.terminal_authentication import (
    Terminal,
    TerminalError,
    name_after_bac,
    trust_points,
)
from simulators.chip.card import save_terminal
from simulators.chip.terminal_issuer import terminal

# A CVCA of the German passport's tests of 2007, over brainpoolP224r1.
EPASS = bytes.fromhex(
    "7F218201897F4E8201495F290100420E44454356434145504153533030317F4981FD060A04007F0007020202020281"
    "1CD7C134AA264366862A18302575D1D787B09F075797DA89F57EC8C0FF821C68A5E62CA9CE6C1C299803A6C1530B51"
    "4E182AD8B0042A59CAD29F43831C2580F63CCFE44138870713B1A92369E33E2135D266DBB372386C400B8439040D90"
    "29AD2C7E5CF4340823B2A87DC68C9E4CE3174C1E6EFDEE12C07D58AA56F772C0726F24C6B89E4ECDAC24354B9E99CA"
    "A3F6D3761402CD851CD7C134AA264366862A18302575D0FB98D116BC4B6DDEBCA3A5A7939F863904393EE8E06DB6C7"
    "F528F8B4260B49AA93309824D92CDB1807E5437EE2E26E29B73A7111530FA86B350037CB9415E15370439446379713"
    "9E148701015F200E44454356434145504153533030317F4C0E060904007F00070301020153 01C15F250600070004"
    "00015F24060009000400015F37384CCF25C59F3612EEE18875F6C5F2E2D21F0395683B532A26E4C189B71EFE659C3F"
    "26E0EB9AEAE99863107F9B0DADA16414FFA204516AEE2B".replace(" ", "")
)
# The CVCA of the EAC worked example (BSI, 2011, DH chain): RSA PKCS #1 v1.5 with SHA-1.
WORKED_RSA = bytes.fromhex(
    "7f2182016a7f4e81e25f290100420f4445544553544356434130303030337f498194060a04007f0007020202010181"
    "8180b5ada440f264803dbeec57ab1ffbd12b42687423ec299dd52a6bb0345193d1e2a5bbc11955908a08760f400fa0"
    "3d56097b5f2165648d85071a80a1b66ffa9321526dda41e146d532991ca0c1dcfc8d0bbe298c1f0edb57400faed67e"
    "135d542471c82e351b06d43c946604fcbd5045056c4b8a7b98ec3872e41bb3d7a591ccad82030100015f200f444554"
    "4553544356434130303030337f4c0e060904007f0007030102015301c35f25060100000302045f2406010100030109"
    "5f378180a27ed830e99082e5813068b9b21662444ed1c8713aba71985b5288f376423608b8eec825173862f8df9f25"
    "9bcd611c96a2dba86ac6c48a3310cfd6fade9b4bd02bb520367ad90b379f6d35ad01d406f8cb1d94d025730a98d7df"
    "be3b0f74183531de6e699d23652ce39067635a8d176c66064b79b7271a0ee600bac94ad51e4f"
)
# The EAC worked example's other chain (BSI, 2011): ECDSA with SHA-512 over brainpoolP512r1.
WORKED_CVCA = bytes.fromhex(
    "7f218202f37f4e82026a5f290100420d444543564341415430303030317f4982021f060a04007f0007020202020581"
    "40aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a3"
    "80e62881ff2f2d82c68528aa6056583a48f382407830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441"
    "caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca83403df91610a83441ca"
    "ea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5"
    "dd2809bd638016f7238481810481aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b"
    "1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f8227dde385d566332ecc0eabfa9cf7822fdf2"
    "09f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892"
    "8540aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197f"
    "ac10471db1d381085ddaddb58796829ca900698681810464f09c617c0d5a4e2e88b2598af06860440c07c5ed353a18"
    "a14e938a6cbce30594d94079594ccfaefe28d9aac9ac1bd37c89b6ccbd10b14fc3aa19deb1fd03ea151a42b892547a"
    "339618c4c9f26fa983855d893f81413cd320ea4230d3415ebccdb5908d91dc23c6566f47b8a0e0a19c175bdc775d88"
    "24676aacfaedea0c160e8701015f200d444543564341415430303030317f4c0e060904007f0007030102015301c35f"
    "25060100000903005f24060101000902055f378180a5e72244d0ac9cd3e8fe9b878ea32a24f4aa060fd17c2a8291d9"
    "797e8a60f28a2978e3f4eae840e95b6a64fda44d8d39a699521cd5382203964945150a6cc4a50c49ee234ab36df675"
    "e44c11499080676dd5b3ac1859d98b302ca9605cd94a51d7da5738beaa49848bca7777b7dc9accdaa1d0b64432b2c1"
    "3889a4854c9ff346"
)
WORKED_DV = bytes.fromhex(
    "7f218201667f4e81de5f290100420d444543564341415430303030317f498190060a04007f00070202020205868181"
    "040a74972e84b7d2c428fbe46d40c92d6cb56ae6a4b0af5b8bc0927e5ef6f73220776d31693e36d685df6cf3763e41"
    "728d967dc1963f7ca70f0ea7adb5ea856d8a133b867b8ef4132e7ffa3e8f32cd0321fc22199b9323376e59d84a0624"
    "91948117178bf4db6c0ee7a235bfc3d4459183d408232ac781c78cf5c54e2ff35ba5165f200d444554455354445644"
    "453031397f4c12060904007f0007030102025305801fffff105f25060100000903005f24060100010003005f378180"
    "98c637befa63058921902896a605206d5be3bff2f7e258eb0bb06ea7e84dfbc98e35276110c684bb23d277350e3862"
    "e6a30520808f417b8911985880a556e1758c7fe6545b3da03383bd7b5b51dec007139cbc44ff320f84f2b6ad44c7b2"
    "8fcaeb2b7b98e3a2bae8322b115a8f10d48349281b4f4645c9aae307cfae9ad6b194"
)
WORKED_TERMINAL = bytes.fromhex(
    "7f218201667f4e81de5f290100420d444554455354445644453031397f498190060a04007f00070202020205868181"
    "043385b484e8e994c93f55adf4a9c92da3c063ac7d744e85d38ee070bf6ff8d7aba2de688724b27d6bae2b1c8ae074"
    "c09bb8808cc83036b0692898711d3f6fc3213846e14b3154845084dfbc0eb70ae2bdea8eebd6796acfa4c56f5703ce"
    "5a6efe0a266e43c3f71a1b7eec60e5c6f0850dc4d3455f53282c9fbca85dc947d13bee5f200d444554455354415444"
    "453031397f4c12060904007f000703010202530500000001105f25060100000903005f24060100010003005f378180"
    "34bb8c280a7a593cf7c7e9f375ffffbfd92c4e3f6188a44824215e11ef47d03428cfc91936a2609c742ef92c5968bc"
    "e65ba42aed7aad70b7b2a31201dc152cec930d7d7954bfbe0021ad1fd2acaa6c349a6c2fb86514b9f03dfab99871fb"
    "d990dd8416d3eda2883ebd0b94401a7dbfe16e5a1db643ee7c2fc0d5d77bae3666af"
)
READER = terminal("UT", date(2026, 6, 1))


@pytest.mark.parametrize(
    ("raw", "holder", "how", "dates", "rights"),
    [
        (WORKED_RSA, "DETESTCVCA00003", ("rsa", "sha1", ""), "2010-03-24 2011-03-19", 0xC3),
        (WORKED_CVCA, "DECVCAAT00001", ("ecdsa", "sha512", "brainpoolP512r1"),
         "2010-09-30 2011-09-25", 0xC3),
    ],
)  # fmt: skip
def test_a_certificate_of_another_s_making(raw, holder, how, dates, rights) -> None:
    found = CvCertificate.load(raw)
    assert (found.holder, found.authority) == (holder, holder)
    curve = found.key.curve.name if found.key.curve else ""
    assert (found.key.family, found.key.hash, curve) == how
    assert f"{found.effective} {found.expires}" == dates
    assert (found.rights, found.is_link) == (bytes([rights]), True)
    assert found.signed_by(found.key, found.key.curve)
    assert tlv.encode(0x7F21, found.command_data) == raw
    bent = CvCertificate.load(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert not bent.signed_by(found.key, found.key.curve)


def test_the_chain_of_the_worked_example() -> None:
    above, verifier, own = map(CvCertificate.load, (WORKED_CVCA, WORKED_DV, WORKED_TERMINAL))
    curve = above.key.curve
    assert verifier.signed_by(above.key, curve)
    assert own.signed_by(verifier.key, curve)
    assert not own.signed_by(above.key, curve)
    assert [c.is_link for c in (above, verifier, own)] == [True, False, False]
    reader = Terminal((own, verifier), READER[1].key, own.holder)
    assert reader.chain(["DECVCAAT00001"]) == [verifier, own]


def test_a_key_that_is_no_point_of_its_curve_signs_nothing() -> None:
    """A sample that goes round in parsers' tests: its point, as printed, is off the curve."""
    found = CvCertificate.load(EPASS)
    assert (found.holder, found.key.hash) == ("DECVCAEPASS001", "sha224")
    assert found.key.curve is not None
    assert found.key.curve.name == "brainpoolP224r1"
    assert not found.signed_by(found.key, found.key.curve)


def test_our_chain_verifies_down_to_the_terminal() -> None:
    authority, reader = READER
    above, curve = authority.certificate, authority.certificate.key.curve
    for below in reader.chain([above.holder]):
        assert below.authority == above.holder
        assert below.key.curve is None  # left to the issuer
        assert below.signed_by(above.key, curve)
        above = below
    assert above.holder == reader.holder


def test_a_terminal_without_a_way_says_so(tmp_path) -> None:
    with pytest.raises(TerminalError, match="no certificates lead from XXCVCA00001"):
        READER[1].chain(["XXCVCA00001"])
    with pytest.raises(TerminalError, match="cannot read"):
        Terminal.load(tmp_path)
    save_terminal(READER[1].key, READER[1].certificates, tmp_path)
    assert Terminal.load(tmp_path).chain(["UTCVCA00001"]) == list(READER[1].certificates)
    (tmp_path / "UTISLANE0001.cvcert").unlink()
    save_terminal(READER[1].key, (READER[0].certificate,), tmp_path)
    assert Terminal.load(tmp_path).holder == "UTDVDE00001"


def test_whose_certificates_a_chip_believes() -> None:
    padded = (tlv.encode(0x42, b"UTCVCA00002") + tlv.encode(0x42, b"UTCVCA00001")).ljust(36, b"\0")
    assert trust_points(padded) == ["UTCVCA00002", "UTCVCA00001"]
    assert trust_points(b"") == trust_points(bytes(36)) == []
    assert trust_points(b"\x42\x7f") == []
    assert name_after_bac("L898902C3674081221204159") == b"L898902C36"


def test_dates_are_digits() -> None:
    assert date_digits(date(2026, 6, 1)) == bytes([2, 6, 0, 6, 0, 1])
    for wrong in (b"\x5f\x25\x06\x02\x06\x01\x03\x00\x01", b"\x5f\x25\x06\x02\x06\x0a\x03\x00\x01"):
        bent = READER[1].certificates[0].raw
        at = bent.index(b"\x5f\x25\x06")
        with pytest.raises(CvCertificateError, match="no date"):
            CvCertificate.load(bent[:at] + wrong + bent[at + 9 :])


@pytest.mark.parametrize("tag", [0x5F29, 0x42, 0x7F49, 0x5F20, 0x7F4C, 0x5F25, 0x5F24])
def test_a_part_that_is_missing_is_named(tag: int) -> None:
    body = tlv.children(tlv.read(READER[1].certificates[0].body))
    kept = b"".join(tlv.encode(e.tag, e.value) for e in body if e.tag != tag)
    raw = tlv.encode(0x7F21, tlv.encode(0x7F4E, kept) + tlv.encode(0x5F37, bytes(64)))
    with pytest.raises(CvCertificateError, match=f"no object {tag:X}"):
        CvCertificate.load(raw)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([WORKED_RSA]), st.integers(0, 400), st.integers(1, 255))
def test_a_bent_certificate_is_an_error_or_unsigned(raw: bytes, at: int, flip: int) -> None:
    key = CvCertificate.load(raw).key
    bent = bytearray(raw)
    bent[at % len(raw)] ^= flip
    try:
        found = CvCertificate.load(bytes(bent))
    except CvCertificateError as error:
        assert "offset" in str(error)  # noqa: PT017 both ends are right
    else:
        assert not found.signed_by(key, key.curve) or found.command_data == raw[5:]


@settings(max_examples=80)
@given(st.binary(max_size=200) | st.integers(0, 300).map(lambda n: EPASS[:n]))
def test_noise_and_torn_certificates_are_named(raw: bytes) -> None:
    with pytest.raises(CvCertificateError):
        CvCertificate.load(raw)


def test_a_huge_one_is_not_even_looked_at() -> None:
    with pytest.raises(CvCertificateError, match="none has over 4096"):
        CvCertificate.load(bytes(5_000))
