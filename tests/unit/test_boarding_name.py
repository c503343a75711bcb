"""Names on boarding passes against zones: an airline's published examples, cuts, and others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.documents.boarding_name import PLACES, made_out_to
from edge.documents.mrz import Mrz, parse
from edge.documents.mrz_layout import Format
from edge.documents.result import Status
from simulators.world.documents_holder import fictitious, zone

YES, NO, PERHAPS = Status.SUCCESSFUL, Status.FAILED, Status.UNDETERMINED


def of(surname: str, given: str, kind: Format = Format.TD3) -> Mrz:
    holder = replace(fictitious(1), surname=surname, given_names=given)
    return parse(zone(holder, kind))


@pytest.mark.parametrize(
    ("surname", "given", "name"),
    [  # how an airline prints names (its page for agents)
        ("CHAN", "TAI MAN PETER", "CHAN/TAI MAN PETER MR"),
        ("SZE TO", "TAI MAN PETER", "SZETO/TAI MAN PETER MR"),
        ("LAU WONG", "MEI LIN", "LAUWONG/MEI LIN MRS"),
        ("OLSEN JR", "JOHN", "OLSENJR/JOHN MR"),
        ("PETERSON", "MATTHEW IAN III", "PETERSON/MATTHEW IAN III MR"),
        ("U", "PETER", "UU/PETER MR"),
        ("U", "PETER", "UPETER/MR"),
        ("U", "PETER WILLIAM", "UPETERWILLIAM/MR"),
        ("CHAN", "U", "CHAN/UMR"),
        ("CHANCHALRANI", "", "CHANCHALRANI/MRS"),
        ("CHANCHALRANI", "", "CHANCHALRANI/FNU"),
        ("JOHN", "WILLIAM TAI", "JOHN/WILLIAMTAI MSTR"),
        # and others
        ("DESMARAIS", "LUC", "DESMARAIS/LUC"),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON/A"),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON/ANNA"),
        ("MUELLER", "JOERG", "MULLER/JORG MR"),
        ("O CONNOR", "SEAN", "O'CONNOR/SEAN"),
        ("MARTIN", "MR", "MARTIN/MR"),
        ("DISSANAYAKEMUDIYANSELAGE", "MAHINDA", "DISSANAYAKEMUDIYANSELAGE/MAHINDA"),
    ],
)
def test_the_same_person(surname: str, given: str, name: str) -> None:
    assert made_out_to(name[:PLACES].strip(), of(surname, given)).status is YES


@pytest.mark.parametrize(
    ("surname", "given", "name", "status"),
    [
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON/MARIA", PERHAPS),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON", PERHAPS),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON/MS", PERHAPS),
        ("GARCIA LOPEZ", "LUIS", "GARCIA/LUIS", PERHAPS),
        ("ERIKSSON", "", "ERIKSSON/ANNA", PERHAPS),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON/BERTA", NO),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON/B", NO),
        ("ERIKSEN", "ANNA", "ERIKSSON/ANNA", NO),
        ("ERIKSSON", "ANNA", "ERIK/ANNA", NO),
        ("ERIKSSON", "ANNA", "/ANNA", NO),
        ("ERIKSSON", "ANNA", "", NO),
        ("U", "PETER", "UKAROLINA/MR", NO),
    ],
)
def test_another_person_or_perhaps(surname: str, given: str, name: str, status: Status) -> None:
    assert made_out_to(name, of(surname, given)).status is status


def test_a_zone_that_was_cut_itself() -> None:
    printed = of("ABCDEFGHIJK", "LMNOPQRSTUVWXYZABCDEFGHIJ", Format.TD1)
    assert printed.lines[2][-1] != "<"
    assert made_out_to("ABCDEFGHIJK/LMNOPQRS", printed).status is YES
    assert made_out_to("ABCDEFGHIJK/XMNOPQRS", printed).status is NO


def test_no_detail_has_a_name() -> None:
    for name in ("ERIKSSON/BERTA", "ERIK/ANNA", "ERIKSSON/MARIA"):
        detail = made_out_to(name, of("ERIKSSON", "ANNA MARIA")).detail
        assert detail == detail.lower(), "names are in capitals"


@given(st.integers(0, 10**6), st.sampled_from(["", " MR", "MRS", " MSTR"]))
def test_every_pass_that_an_airline_would_print_is_its_holder_s(seed: int, title: str) -> None:
    who = fictitious(seed)
    name = f"{who.surname.replace(' ', '')}/{who.given_names}{title}"[:PLACES].strip()
    assert made_out_to(name, parse(zone(who, Format.TD3))).status is YES


@given(st.text(max_size=30))
def test_anything_gets_an_answer(name: str) -> None:
    assert made_out_to(name, of("ERIKSSON", "ANNA MARIA")).status in (YES, NO, PERHAPS)
