"""Whether the zone that is printed is the one that is sealed (BSI TR-03135-1 §5.7.7, §5.7.4.3).

1. A sealed zone may be cut short (a visa's second line to 28 characters: Doc 9303-13 §3.2): what is
   there must be the printed zone's, character by character; fillers are spaces in a seal.
2. A visa's seal shown with a passport seals another zone than the one printed: names, nationality
   and birth must be the same, and the passport's number where it is sealed.
3. A seal without a zone is compared by its document or passport number, and a VDS-NC by its
   number and birth date.
4. Nothing to compare is *not supported*; nothing printed was read: *aborted*.
"""

from __future__ import annotations

from edge.documents.mrz import Mrz, MrzError, parse
from edge.documents.result import Check, aborted, failed, not_supported, successful
from edge.documents.seals.vds import Vds
from edge.documents.seals.vds_nc import VdsNc

_SECOND_LINE_SEALED = 28  # characters, of a visa
_WIDTH_OF_VISA = {True: 44, False: 36}  # characters: MRV-A has tag 1, MRV-B tag 2
_NUMBERS = ("document_number", "passport_number")


def matches(seal: Vds | VdsNc, printed: Mrz | None) -> Check:
    """Whether ``seal`` is of the document with that zone."""
    if printed is None:
        return aborted("no printed zone was read")
    if isinstance(seal, VdsNc):
        return _same_person(seal, printed)
    if "mrz" in seal.features:
        if seal.use_case == "visa" and not printed.fields["document_code"].startswith("V"):
            return _same_bearer(seal, printed)
        return _same_zone(seal.features["mrz"], printed)
    sealed = [seal.features[name] for name in _NUMBERS if name in seal.features]
    if not sealed:
        return not_supported(f"a seal of a {seal.use_case} names no document")
    return _same({"document_number": sealed[0]}, printed)


def _same_zone(sealed: str, printed: Mrz) -> Check:
    width = len(printed.lines[0])
    whole = "".join(printed.lines).replace("<", " ")
    cut = whole[: width + _SECOND_LINE_SEALED] if len(printed.lines) == 2 else whole
    padded = sealed.ljust(len(cut))
    if padded in (whole, cut):
        return successful("" if padded == whole else "as far as it is sealed")
    return failed("the zone that is sealed is not the one printed")


def _same_bearer(seal: Vds, printed: Mrz) -> Check:
    """Compare a visa's zone with the passport's; of the visa's names as much as there is."""
    width = _WIDTH_OF_VISA[1 in seal.elements]
    text = seal.features["mrz"].replace(" ", "<").ljust(2 * width, "<")
    try:
        visa = parse((text[:width], text[width : 2 * width])).fields
    except MrzError:
        return failed("the zone that is sealed is none")
    sealed = {name: visa[name] for name in ("nationality", "birth_date")}
    if "passport_number" in seal.features:
        sealed["document_number"] = seal.features["passport_number"]
    names, whole = (f"{it['surname']}  {it['given_names']}" for it in (visa, printed.fields))
    cut = text[width - 1] != "<"
    if names != whole and not (cut and whole.startswith(names)):
        return failed("sealed and printed differ: names")
    return _same(sealed, printed)


def _same_person(seal: VdsNc, printed: Mrz) -> Check:
    number = seal.person.get("i", seal.person.get("dn"))
    born = seal.person.get("dob")
    sealed = {"document_number": number} if isinstance(number, str) else {}
    if isinstance(born, str):
        sealed["birth_date"] = born.replace("-", "")[2:8]
    return _same(sealed, printed) if sealed else not_supported("the seal names no document")


def _same(sealed: dict[str, str], printed: Mrz) -> Check:
    wrong = [k for k, v in sealed.items() if _plain(printed.fields.get(k, "")) != _plain(v)]
    if wrong:
        return failed(f"sealed and printed differ: {', '.join(wrong)}")
    return successful(", ".join(sealed))


def _plain(text: str) -> str:
    return text.replace("<", "").replace(" ", "").upper()
