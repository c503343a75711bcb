"""How much each check counts, as data (BSI TR-03135-1 §5.4; the profiles of TR-03135-2).

1. *Mandatory* checks must be successful; *optional* ones must not have failed; *evaluatory* ones
   are recorded and never decide.
2. A profile is one TOML file, its checks in tables by kind; ``profiles/self-service.toml`` is ours.
   A key, a check or a need that nobody knows is refused.
3. A check that the profile does not name counts as ``unnamed`` says; mandatory where it says
   nothing: nothing is let through by being unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import Field, model_validator

from edge.documents.chip.binding import NAMES as CHIP_NAMES
from edge.documents.passive_authentication import NAMES
from edge.documents.policy import located
from edge.documents.result import Check, Status, Verdict
from edge.documents.seals.checks import NAMES as SEAL_NAMES
from settings.files import Section, load

__all__ = ["CHECKS", "Need", "Profile", "load_profile"]

SHIPPED = Path(__file__).parent / "profiles"

#: Every check that may be named, by the table it belongs in.
CHECKS: Mapping[str, frozenset[str]] = {
    "optical": frozenset(
        {"mrz", "mrz.country", "mrz.dates", "page", "spectral", "document-model", "ink"}
    ),
    "electronic": frozenset(
        {"chip", "authenticity"}
        | {f"authenticity.{name}" for name in NAMES}
        | {f"chip.{name}" for name in CHIP_NAMES}
    ),
    "combined": frozenset(
        {"expiry", "chip-data", "document-pages", "several-documents"}
        | {"printed-contents", "printed-face", "boarding-pass"}
    ),
    "seal": frozenset({"seal"} | {f"seal.{name}" for name in SEAL_NAMES}),
    "traveller": frozenset({"face-image", "face-quality", "face-pad", "face-comparison"}),
}


class Need(StrEnum):
    """How much a check counts."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    EVALUATORY = "evaluatory"


class _File(Section):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    source: str = ""
    unnamed: Need = Need.MANDATORY
    optical: dict[str, Need] = Field(default_factory=dict)
    electronic: dict[str, Need] = Field(default_factory=dict)
    combined: dict[str, Need] = Field(default_factory=dict)
    seal: dict[str, Need] = Field(default_factory=dict)
    traveller: dict[str, Need] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _only_known(self) -> _File:
        for table, known in CHECKS.items():
            strange = sorted(set(getattr(self, table)) - known)
            if strange:
                raise ValueError(
                    f"[{table}] names no check of ours: {', '.join(strange)}; "
                    f"there are: {', '.join(sorted(known))}"
                )
        return self


@dataclass(frozen=True, slots=True)
class Profile:
    """What each check counts for. ``needs`` maps a check's name; the rest is ``unnamed``."""

    name: str
    needs: Mapping[str, Need]
    unnamed: Need = Need.MANDATORY

    def need(self, check: str) -> Need:
        """Return how much the check of that name counts."""
        return self.needs.get(check, self.unnamed)

    def stands_against(self, check: str, status: str) -> bool:
        """Whether the check of that name, so answered, keeps its bearer from passing alone."""
        need = self.need(check)
        if need is Need.MANDATORY:
            return status != Status.SUCCESSFUL
        return need is Need.OPTIONAL and status == Status.FAILED

    def missing(self, checks: Iterable[str]) -> tuple[str, ...]:
        """Return the mandatory checks that are not among ``checks``: nobody made them."""
        made = set(checks)
        needed = (name for name, need in self.needs.items() if need is Need.MANDATORY)
        return tuple(name for name in needed if name not in made)

    def verdict(self, checks: Mapping[str, Check], prefix: str = "") -> Verdict:
        """Return what ``checks`` say; ``prefix`` (``authenticity.``) is added to their names."""
        against = [
            check.status
            for name, check in checks.items()
            if self.stands_against(prefix + name, check.status)
        ]
        if Status.FAILED in against:
            return Verdict.REJECT
        return Verdict.UNDETERMINED if against or not checks else Verdict.ACCEPT


def load_profile(name: str | Path) -> Profile:
    """Return the profile called ``name`` (one of ours), or in that file; ConfigError otherwise."""
    file = load(located(name, SHIPPED), _File)
    needs = {check: need for table in CHECKS for check, need in getattr(file, table).items()}
    return Profile(file.name, needs, file.unnamed)
