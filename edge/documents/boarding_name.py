"""Whether a boarding pass is made out to the holder of a zone (IATA Resolution 792; Doc 9303-3).

1. A pass has 20 characters for ``SURNAME/GIVEN TITLE``, a zone 30 or so for its names: either may
   be cut where there is no more room. Spaces, hyphens, apostrophes and digits count on no side; of
   letters that are written in two ways (Ä: AE or A) neither way counts more.
2. Surname: the same, or as far as one of the two was cut. One letter alone may be doubled, or run
   together with the given names. A part of a double surname is *undetermined*.
3. Given names: a beginning of the zone's, run together: an initial, the first name, all. A title
   behind is no name. One that begins with another of the given names, or none where the zone has
   some, is *undetermined*; anything else is another person's: *failed*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from edge.documents.mrz import Mrz
from edge.documents.mrz_layout import LAYOUTS
from edge.documents.result import Check, failed, successful, undetermined

__all__ = ["made_out_to"]

PLACES = 20  # characters of a pass for a name
TITLES = ("MR", "MRS", "MS", "MX", "MISS", "MSTR", "MST", "DR", "PROF", "SIR", "CHD", "INF")
NO_GIVEN_NAME = frozenset({"", "FNU"})  # first name unknown
_OTHER_WAYS = re.compile(r"(?<=[AOU])E|(?<=A)A|(?<=S)S")  # Ä, Ö, Ü, Å and ß, written in two letters


def made_out_to(name: str, printed: Mrz) -> Check:
    """Return whether a pass with that ``name``, as it is in the pass, is the zone's holder's."""
    surname, _, given = name.partition("/")
    cut = len(name) >= PLACES
    wanted, others = _plain(printed.fields["surname"]), printed.fields["given_names"]
    rest = _behind_surname(_plain(surname), wanted, _plain(others), cut=cut and "/" not in name)
    if rest is None:
        parts = _runs(printed.fields["surname"])
        if _plain(surname) in parts:
            return undetermined("the pass has one part of the surname")
        return failed("the surname is another")
    whole = rest + given
    return _given(whole, _runs(others), cut=cut, zone_cut=_cut(printed))


def _behind_surname(shown: str, wanted: str, others: str, *, cut: bool) -> str | None:
    """Return what of the given names stands with the surname; None where it is another one."""
    if shown == wanted or (cut and shown and wanted.startswith(shown)):
        return ""
    if len(wanted) == 1 and shown.startswith(wanted):
        behind = shown[1:]
        if behind == wanted:
            return ""
        return behind if others.startswith(behind) else None
    return None


def _given(shown: str, wanted: list[str], *, cut: bool, zone_cut: bool) -> Check:
    """Compare given names; ``wanted`` are the zone's, from the first on, from the second."""
    names = list(_without_title(shown, cut=cut))
    if not wanted or any(name in NO_GIVEN_NAME for name in names):
        return _no_given_name(names, wanted, cut=cut)
    if any(_begins(name, wanted[0], zone_cut=zone_cut) for name in names):
        return successful()
    if any(run.startswith(name) for run in wanted[1:] for name in names if len(name) > 1):
        return undetermined("the pass begins with another of the given names")
    return failed("the given names are others")


def _no_given_name(names: list[str], wanted: list[str], *, cut: bool) -> Check:
    if not wanted:
        nothing = any(name in NO_GIVEN_NAME for name in names)
        return successful() if nothing else undetermined("the zone has no given name")
    if any(name and wanted[0].startswith(name) for name in names):
        return successful()  # what looks like a title is the beginning of a name
    return successful("as far as there was room") if cut else undetermined("no given name")


def _begins(shown: str, whole: str, *, zone_cut: bool) -> bool:
    return whole.startswith(shown) or (zone_cut and shown.startswith(whole))


def _without_title(shown: str, *, cut: bool) -> Iterator[str]:
    """Yield ``shown`` as it is and without each title that may stand behind it, or begin to."""
    name = _plain(shown)
    yield name
    for title in map(_plain, TITLES):
        for size in range(1 if cut else len(title), len(title) + 1):
            if name.endswith(title[:size]):
                yield name[:-size]


def _runs(words: str) -> list[str]:
    """Return the words run together, from the first, from the second and so on, and each alone."""
    parts = words.split()
    return [_plain("".join(parts[at:])) for at in range(len(parts))] + [*map(_plain, parts)]


def _plain(text: str) -> str:
    return _OTHER_WAYS.sub("", re.sub(r"[^A-Z]", "", text.upper()))


def _cut(printed: Mrz) -> bool:
    """Whether the zone's names fill their place: more may have been cut off."""
    layout = LAYOUTS[printed.format]
    line, start, end = layout.given_names or layout.names
    return printed.lines[line][start:end][-1] != "<"
