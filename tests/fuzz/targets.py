"""What may be thrown at every parser of travel documents, and how it may refuse.

A target is a function of bytes and the exceptions that are clear refusals. Anything else that it
raises is a crash; so is a second of work, and 200 MB. ``seeds`` are good inputs to start from.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import imagecodecs
import numpy as np

from drivers.barcode_reader.codec import Dialect, decoder
from edge.documents import (
    boarding_pass,
    data_groups,
    defect_list,
    lds,
    master_list,
    mrz,
    picture,
    tlv,
)
from edge.documents.certificate import DECODING_ERRORS, Certificate, CertificateError
from edge.documents.face import dg2
from edge.documents.passive_authentication import authenticate
from edge.documents.result import Verdict
from edge.documents.revocation import RevocationList
from edge.documents.seals import checks as seals
from edge.documents.trust import TrustStore

AT = datetime(2026, 6, 1, tzinfo=UTC)
ZONE = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
PASS = "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 106>60000"
SEAL = bytes.fromhex("dc036abc6d32c8a72cb18d7ad88d7ad8fb0602026d32ff020000")
COM = bytes.fromhex("60145F0104303130365F36063034303030305C026175")
DG1 = b"\x61\x5b\x5f\x1f\x58" + "".join(ZONE).encode()
DG11 = bytes.fromhex("6B105C025F0E5F0E03412042A00402015F0F")
JSON = b'{"data":{"hdr":{"t":"icao.test","v":1,"is":"UTO"},"msg":{}},"sig":{"alg":"ES256"}}'
#: Octet strings in octet strings, without end: a decoder that calls itself falls over.
NESTED = b"\x24\x80" * 20_000


_PIXELS = np.random.default_rng(0).integers(0, 255, (40, 30, 3), np.uint8)
JPEG = bytes(imagecodecs.jpeg8_encode(_PIXELS))
JPEG2000 = bytes(imagecodecs.jpeg2k_encode(_PIXELS, level=30))


@dataclass(frozen=True)
class Target:
    """One parser."""

    run: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()
    seeds: tuple[bytes, ...] = field(default=())


def _walk(raw: bytes, depth: int = 0) -> None:
    for element in tlv.elements(raw):
        if depth < 20 and element.tag & 0x20:
            _walk(element.value, depth + 1)


def _files(raw: bytes) -> None:
    for read in (lds.com, lds.dg1, lds.sod, dg2, *_GROUPS):
        try:
            read(raw)
        except lds.LdsError as error:
            assert "offset" in str(error)  # noqa: PT017 both ends are right


_GROUPS = (
    data_groups.person,
    data_groups.document,
    data_groups.portraits,
    data_groups.signatures,
    data_groups.to_notify,
    data_groups.optional_details,
)


def _authenticate(raw: bytes) -> None:
    outcome = authenticate({"SOD": raw, "DG1": DG1, "COM": raw}, TrustStore(), AT)
    assert outcome.verdict is not Verdict.ACCEPT


def _certificate(raw: bytes) -> None:
    found = Certificate.load(raw)
    try:
        found.signed(found)
        _ = found.valid, found.is_authority, found.authority_key_id, str(found)
    except (*DECODING_ERRORS, seals.NotSupported):
        return


def _boarding_pass(raw: bytes) -> None:
    found = boarding_pass.parse(raw)
    for leg in found.legs:
        leg.flies(found.issued(date(2026, 1, 1)), date(2026, 1, 1))


def _seal(raw: bytes) -> None:
    outcome = seals.check(raw, TrustStore(), AT, mrz.parse(ZONE))
    assert outcome.verdict is not Verdict.ACCEPT


def _bar_code(raw: bytes) -> None:
    for dialect in Dialect:
        known = decoder(dialect)
        list(known.feed(raw))
        if known.half:
            known.give_up()


TARGETS = {
    "mrz": Target(
        lambda raw: mrz.parse(raw.decode("latin-1")), (mrz.MrzError,), ("\n".join(ZONE).encode(),)
    ),
    "tlv": Target(_walk, (tlv.TlvError,), (COM, DG1)),
    "picture": Target(picture.decode, (picture.PictureError,), (JPEG, JPEG2000)),
    "lds": Target(_files, (), (COM, DG1, DG11, NESTED)),
    "cms": Target(_authenticate, (), (b"\x77\x82\x9c\x40" + NESTED, b"\x77\x00")),
    "master_list": Target(master_list.read, (master_list.MasterListError,), (NESTED,)),
    "defect_list": Target(defect_list.load, (defect_list.DefectListError,), (NESTED,)),
    "revocation": Target(RevocationList.load, (CertificateError,), (NESTED,)),
    "certificate": Target(_certificate, (CertificateError,), (b"\x30\x00",)),
    "boarding_pass": Target(_boarding_pass, (boarding_pass.BoardingPassError,), (PASS.encode(),)),
    "seal": Target(_seal, (), (SEAL, JSON, b"[" * 8000, b'{"a":' * 1600)),
    "bar_code": Target(_bar_code, (), (b"]Q3" + PASS.encode() + b"\r\n", b"\x02\x00\x06]Q3")),
}


def throw(name: str, raw: bytes) -> None:
    """Throw ``raw`` at target ``name``; whatever is no clear refusal goes through."""
    target = TARGETS[name]
    try:
        target.run(raw)
    except target.refusals:
        return
