"""Passports by name: in order, or wrong in one way each (``--variant``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_FOR_EVER = 1_000_000


@dataclass(frozen=True, slots=True)
class Variant:
    """What is the matter with a passport.

    ``faults`` are the chip's (see ``faults``); ``protocol`` replaces the profile; the others say
    what the state, the forger or time did.
    """

    what: str
    faults: Mapping[str, float] = field(default_factory=dict)
    protocol: str = ""
    other_keys: bool = False  # the chip does not have the keys that its files name
    unlisted_signer: bool = False  # EF.SOD does not list EF.DG15
    without_keys: bool = False  # EF.DG14 and EF.DG15 are signed and not there
    revoked: bool = False
    expired: bool = False
    signer_expired: bool = False
    stranger: bool = False  # the certificate in trust/ is another authority's


VARIANTS = {
    "genuine": Variant("in order"),
    "cloned": Variant("a copy of all files on a chip without their keys", other_keys=True),
    "stripped": Variant("a copy without the files that name keys", without_keys=True),
    "altered": Variant("another portrait than was signed", faults={"clone": 1}),
    "unlisted-key": Variant("a key that nobody signed", unlisted_signer=True),
    "revoked": Variant("its signer was revoked", revoked=True),
    "expired": Variant(
        "the document has expired, and with it its signer's certificate",
        expired=True,
        signer_expired=True,
    ),
    "signer-expired": Variant("its signer's certificate has expired", signer_expired=True),
    "stranger": Variant("of an authority that nobody here knows", stranger=True),
    "downgraded": Variant("offers PACE, only BAC works", faults={"pace_step": 4}),
    "hidden-pace": Variant("hides that it has PACE", faults={"hides_card_access": 1}),
    "keyless": Variant("agrees on keys and does not keep them", faults={"no_answer_to_key": 1}),
    "mute": Variant("does not answer", faults={"mute": _FOR_EVER}),
    "slow": Variant("thinks half a second over everything", faults={"slow": 0.5}),
    "torn": Variant("is lifted while its portrait is read", faults={"torn": 4000}),
    "old": Variant(
        "of 2006: BAC, short lengths, 160 bytes at once",
        faults={"no_extended": 1, "short": 160},
        protocol="BAC",
    ),
    "tag-84": Variant("wants its domain parameters named", faults={"wants_tag_84": 1}),
    "strict-le": Variant("takes a stray Le for an error", faults={"no_stray_le": 1}),
    "no-kat": Variant(
        "knows no MSE:Set KAT",
        faults={"no_agreement_template": 1},
        protocol="PACE-ECDH-GM-AES128+CA-ECDH-3DES",
    ),
    "within-file": Variant("refuses reads past the end of a file", faults={"within_file": 1}),
    "short-reads": Variant("refuses long reads with a bare 6700", faults={"refuse_long": 128}),
}


def variant(name: str) -> Variant:
    """Return the variant called ``name``; ValueError with all of them for another name."""
    if name not in VARIANTS:
        raise ValueError(f"no variant {name!r}; there are: {', '.join(VARIANTS)}")
    return VARIANTS[name]
