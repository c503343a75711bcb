"""Whether a signature is right: RSA PKCS#1 v1.5, RSA-PSS and ECDSA, with SHA-1 to SHA-512.

1. The key is taken from its numbers, not from its encoding: states encode keys in many ways.
2. A curve is one of Doc 9303-12's, by name or spelt out in full; its signature is DER, or the two
   halves one after the other where the algorithm says "plain" (TR-03111 §5.2.1).
3. What cannot be computed is NotSupported, which is neither right nor wrong.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from asn1crypto import algos, core, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from edge.documents import ecdsa
from edge.documents.curves import BY_OID, CURVES, Curve

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 old documents have it; policy decides, not arithmetic
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_LIBRARY_CURVES: dict[str, ec.EllipticCurve] = {
    "secp224r1": ec.SECP224R1(),
    "secp256r1": ec.SECP256R1(),
    "secp384r1": ec.SECP384R1(),
    "secp521r1": ec.SECP521R1(),
    "brainpoolP256r1": ec.BrainpoolP256R1(),
    "brainpoolP384r1": ec.BrainpoolP384R1(),
    "brainpoolP512r1": ec.BrainpoolP512R1(),
}
_PLAIN_ECDSA = dict(zip("12345", HASHES, strict=True))  # 0.4.0.127.0.7.1.1.4.1.n
_PLAIN_ECDSA_ARC = "0.4.0.127.0.7.1.1.4.1."


class NotSupported(Exception):
    """An algorithm, curve or key that this software cannot compute with."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How something was signed: ``rsa``, ``rsa-pss`` or ``ecdsa``, and with which hash.

    ``salt`` is RSA-PSS's salt length in bytes; ``plain`` says that an ECDSA signature is not DER.
    """

    family: str
    hash: str
    mask_hash: str = ""
    salt: int = 0
    plain: bool = False

    def __str__(self) -> str:
        return f"{self.family} with {self.hash}"


def algorithm(identifier: algos.SignedDigestAlgorithm, digest: str | None = None) -> Algorithm:
    """Return what ``identifier`` means; ``digest`` is the hash where it names none (CMS)."""
    oid, name = identifier["algorithm"].dotted, identifier["algorithm"].native
    if oid.startswith(_PLAIN_ECDSA_ARC) and oid[-1] in _PLAIN_ECDSA:
        return Algorithm("ecdsa", _PLAIN_ECDSA[oid[-1]], plain=True)
    if name == "rsassa_pss":
        return _pss(identifier["parameters"])
    families = {"rsassa_pkcs1v15": "rsa", "ecdsa": "ecdsa"}
    if name in families and digest:
        return Algorithm(families[name], _hash(digest))
    hash_name, _, family = name.partition("_")
    if family not in ("rsa", "ecdsa"):
        raise NotSupported(f"signature algorithm {name}")
    return Algorithm(family, _hash(hash_name))


def _pss(parameters: core.Asn1Value) -> Algorithm:
    if not isinstance(parameters, algos.RSASSAPSSParams):
        raise NotSupported("RSA-PSS without parameters")
    mask = parameters["mask_gen_algorithm"]
    if mask["algorithm"].native != "mgf1":
        raise NotSupported(f"RSA-PSS with mask {mask['algorithm'].native}")
    return Algorithm(
        "rsa-pss",
        _hash(parameters["hash_algorithm"]["algorithm"].native),
        _hash(mask["parameters"]["algorithm"].native),
        parameters["salt_length"].native,
    )


def _hash(name: str) -> str:
    if name not in HASHES:
        raise NotSupported(f"hash {name}")
    return name


def verifies(key: keys.PublicKeyInfo, how: Algorithm, signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` over ``data`` is right under ``key``; NotSupported if we cannot say."""
    try:
        if how.family == "ecdsa":
            return _verifies_ecdsa(key, how, signature, data)
        return _verifies_rsa(key, how, signature, data)
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        raise NotSupported(f"{how}: {error}") from error


def key_strength(key: keys.PublicKeyInfo) -> str:
    """Return ``rsa-2048``, ``brainpoolP256r1`` and so on; NotSupported where there is no name."""
    if key["algorithm"]["algorithm"].native in ("rsa", "rsassa_pss"):
        return f"rsa-{key['public_key'].parsed['modulus'].native.bit_length()}"
    return curve_of(key).name


def _verifies_rsa(key: keys.PublicKeyInfo, how: Algorithm, signature: bytes, data: bytes) -> bool:
    if key["algorithm"]["algorithm"].native not in ("rsa", "rsassa_pss"):
        raise NotSupported(f"{how} with a key of another kind")
    numbers = key["public_key"].parsed
    public = rsa.RSAPublicNumbers(
        numbers["public_exponent"].native, numbers["modulus"].native
    ).public_key()
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if how.family == "rsa-pss":
        scheme = padding.PSS(padding.MGF1(HASHES[how.mask_hash]), how.salt)
    try:
        public.verify(signature, data, scheme, HASHES[how.hash])
    except InvalidSignature:
        return False
    return True


def _verifies_ecdsa(key: keys.PublicKeyInfo, how: Algorithm, signature: bytes, data: bytes) -> bool:
    curve = curve_of(key)
    point = _point(curve, key["public_key"].native)
    halves = _halves(signature, plain=how.plain)
    if point is None or halves is None:
        return False
    if curve.name not in _LIBRARY_CURVES:
        digest = hashlib.new(how.hash, data).digest()
        return ecdsa.verify(curve, point, digest, *halves)
    public = ec.EllipticCurvePublicNumbers(*point, _LIBRARY_CURVES[curve.name]).public_key()
    try:
        coded = utils.encode_dss_signature(*halves)
        public.verify(coded, data, ec.ECDSA(HASHES[how.hash]))
    except InvalidSignature:
        return False
    return True


def curve_of(key: keys.PublicKeyInfo) -> Curve:
    """Return the curve of an elliptic-curve key; NotSupported if it is none of Doc 9303-12."""
    if key["algorithm"]["algorithm"].native != "ec":
        raise NotSupported(f"an elliptic curve in a key of {key['algorithm']['algorithm'].native}")
    parameters = key["algorithm"]["parameters"]
    if parameters.name == "named":
        oid = parameters.chosen.dotted
        if oid not in BY_OID:
            raise NotSupported(f"curve {parameters.chosen.native}")
        return BY_OID[oid]
    if parameters.name == "specified":
        return _spelt_out(parameters.chosen)
    raise NotSupported("a key whose curve is that of its issuer")


def _spelt_out(domain: keys.SpecifiedECDomain) -> Curve:
    generator = domain["base"].native
    for curve in CURVES:
        given = (
            domain["field_id"]["parameters"].native,
            int.from_bytes(domain["curve"]["a"].native, "big"),
            int.from_bytes(domain["curve"]["b"].native, "big"),
            domain["order"].native,
            _point(curve, generator),
        )
        if given == (curve.p, curve.a, curve.b, curve.n, (curve.gx, curve.gy)):
            return curve
    raise NotSupported("a curve spelt out that is none of Doc 9303-12")


def _point(curve: Curve, coded: bytes) -> tuple[int, int] | None:
    """Return the point that ``coded`` is, None if it is not on the curve."""
    if coded[:1] == b"\x04" and len(coded) == 1 + 2 * curve.size:
        x, y = (int.from_bytes(coded[i : i + curve.size], "big") for i in (1, 1 + curve.size))
    elif coded[:1] in (b"\x02", b"\x03") and len(coded) == 1 + curve.size:
        x = int.from_bytes(coded[1:], "big")
        y = _root(curve, x, odd=coded[0] == 3)
    else:
        return None
    return (x, y) if ecdsa.on_curve(curve, (x, y)) else None


def _root(curve: Curve, x: int, *, odd: bool) -> int:
    """Return the y of ``x`` with that parity, or its opposite where there is none."""
    if curve.p % 4 != 3:
        raise NotSupported(f"a compressed point on {curve.name}")
    y = pow(x**3 + curve.a * x + curve.b, (curve.p + 1) // 4, curve.p)
    return y if y % 2 == odd else curve.p - y


def _halves(signature: bytes, *, plain: bool) -> tuple[int, int] | None:
    if plain:
        half = len(signature) // 2
        return int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    try:
        return utils.decode_dss_signature(signature)
    except ValueError:
        return None
