"""Signatures: curves that the library lacks, curves that only look like ours, both forms."""

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents import ecdsa
from edge.documents.curves import CURVES
from edge.documents.signatures import Algorithm, NotSupported, curve_of, key_strength, verifies

# Made with OpenSSL 3.0: a key on brainpoolP320r1, its signature with SHA-384 over "border", and the
# same key with its curve spelt out and its points compressed.
KEY_320 = "306A301406072A8648CE3D020106092B2403030208010109035200046AB390921E8FF3E09A3279FB888B8CF8A1725CEC8BFFC42DFCCA33B259EC289F38CC5B86AF4C7D4A12156097E638B80803271673B6597CF9D2DB627440C6F327ADED541E8556F84B119F3B7B47A76816"  # noqa: E501
SIGNATURE_320 = "3055022818B42F2F159D558A4FCD58C3CE27C804B99EC1CB6DDEB07CFE4A5D8B7E6FB1254F58CCB13311947102290097066752D8D3ACFC2145FD6137B875195880C06C0A76F66F75FA3D79C43F861AA7996869C87AFF45"  # noqa: E501
SPELT_OUT_320 = "308201233081F406072A8648CE3D02013081E8020101303406072A8648CE3D0101022900D35E472036BC4FB7E13C785ED201E065F98FCFA6F6F40DEF4F92B9EC7893EC28FCD412B1F1B32E27305404283EE30B568FBAB0F883CCEBD46D3F3BB8A2A73513F5EB79DA66190EB085FFA9F492F375A97D860EB40428520883949DFDBC42D3AD198640688A6FE13F41349554B49ACC31DCCD884539816F5EB4AC8FB1F1A604290343BD7E9AFB53D8B85289BCC48EE5BFE6F20137D10A087EB6E7871E2A10A599C710AF8D0D39E20611022900D35E472036BC4FB7E13C785ED201E065F98FCFA5B68F12A32D482EC7EE8658E98691555B44C59311020101032A00026AB390921E8FF3E09A3279FB888B8CF8A1725CEC8BFFC42DFCCA33B259EC289F38CC5B86AF4C7D4A"  # noqa: E501
HOW = Algorithm("ecdsa", "sha384")


@pytest.mark.parametrize("key", [KEY_320, SPELT_OUT_320])
def test_a_curve_that_the_library_lacks(key: str) -> None:
    public = keys.PublicKeyInfo.load(bytes.fromhex(key))
    signature = bytes.fromhex(SIGNATURE_320)
    assert key_strength(public) == "brainpoolP320r1"
    assert verifies(public, HOW, signature, b"border")
    assert not verifies(public, HOW, signature, b"boarder")
    assert not verifies(public, HOW, signature[:-1] + b"\x46", b"border")


def test_a_spelt_out_curve_with_another_generator_is_none_of_ours() -> None:
    raw = SPELT_OUT_320.replace("43BD7E9AFB53D8B8", "43BD7E9AFB53D8B9")
    assert raw != SPELT_OUT_320
    with pytest.raises(NotSupported, match="none of Doc 9303-12"):
        curve_of(keys.PublicKeyInfo.load(bytes.fromhex(raw)))


def test_plain_signatures() -> None:
    public = keys.PublicKeyInfo.load(bytes.fromhex(KEY_320))
    r, s = (
        "18B42F2F159D558A4FCD58C3CE27C804B99EC1CB6DDEB07CFE4A5D8B7E6FB1254F58CCB133119471",
        ("97066752D8D3ACFC2145FD6137B875195880C06C0A76F66F75FA3D79C43F861AA7996869C87AFF45"),
    )
    plain = Algorithm("ecdsa", "sha384", plain=True)
    assert verifies(public, plain, bytes.fromhex(r + s), b"border")


@pytest.mark.parametrize("name", ["secp256r1", "brainpoolP512r1", "secp521r1"])
@settings(max_examples=4, deadline=None)
@given(st.binary(min_size=32, max_size=64), st.integers(1, 2**64))
def test_our_arithmetic_agrees_with_the_library_s(name: str, digest: bytes, secret: int) -> None:
    curve = next(c for c in CURVES if c.name == name)
    library = {"secp256r1": ec.SECP256R1(), "brainpoolP512r1": ec.BrainpoolP512R1(),
               "secp521r1": ec.SECP521R1()}[name]  # fmt: skip
    private = ec.derive_private_key(secret, library)
    how = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    r, s = utils.decode_dss_signature(private.sign(digest[:32], how))
    numbers = private.public_key().public_numbers()
    point = (numbers.x, numbers.y)
    assert ecdsa.verify(curve, point, digest[:32], r, s)
    assert not ecdsa.verify(curve, point, digest[:32], r, (s + 1) % curve.n)
    assert not ecdsa.verify(curve, point, digest[:32], 0, s)
    assert not ecdsa.verify(curve, (point[0], point[1] + 1), digest[:32], r, s)
