"""Issuing a whole passport: files, keys and, where the chip asks for them, terminals it believes.

EF.CardAccess offers PACE; EF.DG14 repeats it and adds what else the chip can do, EF.CardSecurity
likewise for the master file; EF.DG15 holds the key that signs. EF.SOD covers all data groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edge.documents import tlv
from edge.documents.chip.buffers import declared
from edge.documents.chip.card_security import SECURITY_OBJECT
from edge.documents.chip.groups import new_secret
from edge.documents.chip.keys import Random
from edge.documents.chip.standard_groups import STANDARDIZED
from edge.documents.chip.terminal_authentication import Terminal
from edge.documents.lds import TAGS
from simulators.chip import offers
from simulators.chip.issuer import Signer, ef_sod, signed
from simulators.chip.keys import AgreementSecret, ChipKeys, SigningKey
from simulators.chip.personalisation import ef_com
from simulators.chip.profile import Profile
from simulators.chip.terminal_issuer import terminal

_BUFFERS = 0x7FFF, 0x7FFF  # bytes of a command and of a response
_CVCA_SIZE = 36  # bytes of EF.CVCA, padded with zeros (appendix K.2)


@dataclass(frozen=True, slots=True)
class Issued:
    """One passport's files, its chip's secrets, and a terminal that it believes, if it asks."""

    files: dict[str, bytes] = field(repr=False)
    keys: ChipKeys
    terminal: Terminal | None = None


def issue(
    groups: Mapping[str, bytes],
    signer: Signer,
    profile: Profile,
    random: Random,
    *,
    can: str = "",
    today: date = date(2026, 1, 1),
) -> Issued:
    """Return a passport with the data ``groups`` (``DG1`` …) and what ``profile`` says."""
    agreement = _agreement_keys(profile, random)
    signing = _signing_key(profile)
    authority, reader = terminal("UT", today) if profile.terminals else (None, None)
    held = dict(groups)
    if entries := _entries(profile, agreement):
        held["DG14"] = tlv.encode(TAGS["DG14"], offers.security_infos(entries))
    if signing is not None:
        held["DG15"] = tlv.encode(TAGS["DG15"], _public(signing))
    files = {"COM": ef_com(held), "SOD": ef_sod(held, signer), **held}
    files |= _master_files(profile, agreement, signer)
    if authority is not None:
        name = tlv.encode(0x42, authority.certificate.holder.encode("latin-1"))
        files["CVCA"] = name.ljust(_CVCA_SIZE, b"\0")
    points = () if authority is None else (authority.certificate,)
    return Issued(files, ChipKeys(can, agreement, signing, points), reader)


def _agreement_keys(profile: Profile, random: Random) -> dict[int | None, AgreementSecret]:
    """Return a static key for each group that chip authentication or its mapping is over."""
    numbers = [number for _, number in profile.chip_authentication]
    numbers += [number for way, number in profile.pace if way.mapping == "CAM"]
    keys: dict[int | None, AgreementSecret] = {}
    for number in numbers:
        group = STANDARDIZED[number]
        keys.setdefault(number, AgreementSecret(group, new_secret(group, random)))
    return keys


def _signing_key(profile: Profile) -> SigningKey | None:
    if profile.signer == "AA-RSA":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if profile.signer else None


def _public(key: SigningKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _pace_entries(profile: Profile) -> list[bytes]:
    return [offers.pace(way, number) for way, number in profile.pace]


def _entries(profile: Profile, agreement: Mapping[int | None, AgreementSecret]) -> list[bytes]:
    entries = _pace_entries(profile)
    entries += [offers.chip_authentication(w, n) for w, n in profile.chip_authentication]
    for number in dict.fromkeys(n for _, n in profile.chip_authentication):
        key = agreement[number]
        algorithm = offers.spelt_out(key.group, x942=True)
        entries.append(offers.chip_key(key.group, key.group.public(key.secret), number, algorithm))
    if profile.terminals:
        entries.append(offers.terminal_authentication())
    if profile.signer == "AA-ECDSA":
        entries.append(offers.active_authentication("sha256"))
    return entries


def _master_files(
    profile: Profile, agreement: Mapping[int | None, AgreementSecret], signer: Signer
) -> dict[str, bytes]:
    files = {"ATR_INFO": declared(*_BUFFERS)}
    if not profile.pace:
        return files
    files |= {"CardAccess": offers.security_infos(_pace_entries(profile))}
    mapped = [number for way, number in profile.pace if way.mapping == "CAM"]
    if mapped:
        keys = [(number, agreement[number]) for number in dict.fromkeys(mapped)]
        entries = _pace_entries(profile) + [
            offers.chip_key(k.group, k.group.public(k.secret), n, offers.by_number(n))
            for n, k in keys
        ]
        content = offers.security_infos(entries)
        files["CardSecurity"] = signed(content, SECURITY_OBJECT, signer)
    return files
