"""How a state equips its chips: which protocols, over which groups (``--protocol``).

A profile is written as its parts with + between them: ``PACE-ECDH-GM-AES128``, ``CA-DH-AES128``,
``AA-RSA``, ``AA-ECDSA``, ``TA``, ``BAC``; ``@NUMBER`` after one names the standardized domain
parameters. ``PACE-ECDH-CAM-…`` brings EF.CardSecurity and its static key along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from edge.documents.chip.protocols import (
    CHIP_AUTHENTICATION_PROTOCOLS,
    PACE_PROTOCOLS,
    ChipAuthenticationProtocol,
    PaceProtocol,
)
from edge.documents.chip.standard_groups import STANDARDIZED

USUAL = "PACE-ECDH-GM-AES128+CA-ECDH-AES128+AA-ECDSA+TA"
_USUAL_GROUP = {"ECDH": 13, "DH": 2}
_SIGNERS = ("AA-RSA", "AA-ECDSA")
Way = TypeVar("Way", PaceProtocol, ChipAuthenticationProtocol)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a chip can do. The numbers are those of standardized domain parameters."""

    pace: tuple[tuple[PaceProtocol, int], ...] = ()
    chip_authentication: tuple[tuple[ChipAuthenticationProtocol, int], ...] = ()
    signer: str = ""
    terminals: bool = False


def parse(text: str) -> Profile:
    """Read a profile as it is written; ValueError, with what there is, for an unknown part."""
    pace: list[tuple[PaceProtocol, int]] = []
    chip_authentication: list[tuple[ChipAuthenticationProtocol, int]] = []
    signer, terminals = "", False
    for part in text.split("+"):
        name, _, number = part.strip().partition("@")
        if (way := _named(PACE_PROTOCOLS.values(), name)) is not None:
            pace.append((way, _group(way.agreement, number)))
        elif (proof := _named(CHIP_AUTHENTICATION_PROTOCOLS.values(), name)) is not None:
            chip_authentication.append((proof, _group(proof.agreement, number)))
        elif name in _SIGNERS:
            signer = name
        elif name == "TA":
            terminals = True
        elif name != "BAC":
            raise ValueError(f"no protocol {name!r}; there are: {', '.join(_menu())}")
    return Profile(tuple(pace), tuple(chip_authentication), signer, terminals)


def _named(ways: Iterable[Way], name: str) -> Way | None:
    return next((way for way in ways if str(way) == name), None)


def _group(agreement: str, number: str) -> int:
    chosen = int(number) if number else _USUAL_GROUP[agreement]
    if chosen not in STANDARDIZED or STANDARDIZED[chosen].family != agreement:
        raise ValueError(f"domain parameters {chosen} are none for {agreement}")
    return chosen


def _menu() -> list[str]:
    ways = [*PACE_PROTOCOLS.values(), *CHIP_AUTHENTICATION_PROTOCOLS.values()]
    return ["BAC", *map(str, ways), *_SIGNERS, "TA"]
