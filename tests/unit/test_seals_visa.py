"""A visa's seal beside the passport it was issued for: another zone, the same bearer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from edge.documents import mrz
from edge.documents.mrz import Mrz
from edge.documents.mrz_layout import Format
from edge.documents.result import Status
from edge.documents.seals.match import matches
from edge.documents.seals.vds import Header, Vds
from simulators.world.documents_holder import Holder, fictitious, zone

DAY = date(2026, 1, 1)
HEADER = Header(4, "UTO", "UTDS", "1", DAY, DAY, 0x5D, 0x01)
BEARER = replace(fictitious(7), surname="ERIKSSON", given_names="ANNA MARIA")
LONG = replace(BEARER, surname="ERIKSSON", given_names="ANNA MARIA WILHELMA ROXELANE YSOLDE")


def visa(holder: Holder, kind: Format = Format.MRVA, passport: str = "") -> Vds:
    lines = zone(replace(holder, number="V12345678"), kind)
    sealed = (lines[0] + lines[1][:28]).replace("<", " ")
    features = {"mrz": sealed} | ({"passport_number": passport} if passport else {})
    tag = 1 if kind is Format.MRVA else 2
    return Vds(HEADER, "visa", {tag: b""}, features, b"", b"")


def passport(holder: Holder) -> Mrz:
    return mrz.parse(zone(holder, Format.TD3))


@pytest.mark.parametrize("kind", [Format.MRVA, Format.MRVB])
@pytest.mark.parametrize("holder", [BEARER, LONG])
def test_the_bearer_s_own(kind: Format, holder: Holder) -> None:
    assert matches(visa(holder, kind), passport(holder)).status is Status.SUCCESSFUL


def test_with_the_passport_s_number() -> None:
    own = visa(BEARER, passport=BEARER.number)
    assert matches(own, passport(BEARER)).status is Status.SUCCESSFUL
    another = replace(BEARER, number="X99999999")
    assert matches(own, passport(another)).status is Status.FAILED


@pytest.mark.parametrize(
    "change",
    [
        {"surname": "ERIKSEN"},
        {"given_names": "ANNA"},
        {"birth_date": "010203"},
        {"nationality": "XXA"},
    ],
)
def test_somebody_else_s(change: dict[str, str]) -> None:
    assert matches(visa(BEARER), passport(replace(BEARER, **change))).status is Status.FAILED


def test_the_visa_itself_on_the_glass_is_compared_whole() -> None:
    lines = zone(replace(BEARER, number="V12345678"), Format.MRVA)
    assert matches(visa(BEARER), mrz.parse(lines)).status is Status.SUCCESSFUL
    other = mrz.parse(zone(replace(BEARER, number="V12345679"), Format.MRVA))
    assert matches(visa(BEARER), other).status is Status.FAILED


def test_a_sealed_text_that_is_no_zone() -> None:
    bent = replace(visa(BEARER), features={"mrz": "V" * 72})
    assert matches(bent, passport(BEARER)).status is Status.FAILED
