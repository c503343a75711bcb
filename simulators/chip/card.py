"""A chip in a folder: its files, its keys, its manners.

EF_COM.bin … EF_DG16.bin, EF_CardAccess.bin, EF_CardSecurity.bin, EF_CVCA.bin   the files
DG14_sk.pkcs8 (DG14_sk_13.pkcs8 for key number 13), DG15_sk.pkcs8               the private keys
CVCA.cvcert                                                                      a trust point
chip.json                                                                        can, zone, faults
Only the files have to be there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from edge.documents import folder
from edge.documents.chip.cv_certificate import CvCertificate
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.keys import (
    AgreementSecret,
    ChipKeys,
    SigningKey,
    read_agreement,
    write_agreement,
)
from simulators.chip.offers import spelt_out
from simulators.faults import inject

MANNERS = "chip.json"
_BESIDES = ("CardAccess", "CardSecurity", "CVCA", "ATR_INFO")
_AGREEMENT = re.compile(r"DG14_sk(?:_(\d+))?\.pkcs8")
_SIGNING = "DG15_sk.pkcs8"


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that makes one chip. ``key_input`` is empty where the zone is that of EF.DG1."""

    files: Mapping[str, bytes] = field(repr=False)
    keys: ChipKeys = field(default_factory=ChipKeys)
    faults: Mapping[str, float] = field(default_factory=dict)
    key_input: str = ""

    def chip(self, faults: ChipFaults | None = None, key_input: str = "") -> Chip:
        """Return the chip, with ``faults`` besides its own."""
        chosen = faults or ChipFaults()
        for name, value in self.faults.items():
            inject(chosen, name, value)
        return Chip(self.files, key_input or self.key_input, faults=chosen, keys=self.keys)


def load(where: Path) -> Card:
    """Read a chip from its folder; FolderError, ValueError or OSError if it is none."""
    files = folder.load(where)
    for name in _BESIDES:
        path = where / f"EF_{name}.bin"
        if path.exists():
            files[name] = path.read_bytes()
    manners: dict[str, Any] = {}
    if (where / MANNERS).exists():
        manners = json.loads((where / MANNERS).read_text())
    keys = ChipKeys(manners.get("can", ""), _agreement(where), _signing(where), _points(where))
    return Card(files, keys, manners.get("faults", {}), manners.get("key_input", ""))


def _agreement(where: Path) -> dict[int | None, AgreementSecret]:
    found: dict[int | None, AgreementSecret] = {}
    for path in sorted(where.iterdir()):
        if match := _AGREEMENT.fullmatch(path.name):
            number = int(match[1]) if match[1] else None
            found[number] = read_agreement(path.read_bytes())
    return found


def _signing(where: Path) -> SigningKey | None:
    path = where / _SIGNING
    if not path.exists():
        return None
    key = serialization.load_der_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} holds no key that signs")  # noqa: TRY004 the file is wrong
    return key


def _points(where: Path) -> tuple[CvCertificate, ...]:
    path = where / "CVCA.cvcert"
    return (CvCertificate.load(path.read_bytes()),) if path.exists() else ()


def save(card: Card, where: Path) -> None:
    """Write ``card`` into the folder ``where``, which is made if need be."""
    where.mkdir(parents=True, exist_ok=True)
    for name, raw in card.files.items():
        (where / f"EF_{name}.bin").write_bytes(raw)
    for number, key in card.keys.agreement.items():
        name = "DG14_sk.pkcs8" if number is None else f"DG14_sk_{number}.pkcs8"
        algorithm = spelt_out(key.group, x942=True)
        (where / name).write_bytes(write_agreement(key, algorithm))
    if card.keys.signing is not None:
        (where / _SIGNING).write_bytes(_pkcs8(card.keys.signing))
    for point in card.keys.trust_points:
        (where / "CVCA.cvcert").write_bytes(point.raw)
    manners = {"can": card.keys.can, "faults": dict(card.faults), "key_input": card.key_input}
    (where / MANNERS).write_text(json.dumps(manners, indent=2) + "\n")


def _pkcs8(key: SigningKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def save_terminal(key: SigningKey, certificates: tuple[CvCertificate, ...], where: Path) -> None:
    """Write a terminal's certificates and key into the folder ``where``."""
    where.mkdir(parents=True, exist_ok=True)
    for certificate in certificates:
        (where / f"{certificate.holder}.cvcert").write_bytes(certificate.raw)
    (where / "terminal.pkcs8").write_bytes(_pkcs8(key))
