"""What counts as evidence today, as data: algorithms, key sizes, and how old a list may be.

1. A policy is one TOML file; ``policies/default.toml`` is ours. An unknown key, algorithm or curve
   is refused: a misspelt rule would be no rule.
2. What is weaker than the policy allows is undetermined or failed, as the policy says; never passed
   over in silence.
3. A list older than its limit answers nothing any more: undetermined.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from edge.documents.curves import CURVES
from edge.documents.result import Check, failed, successful, undetermined
from settings.files import Section, load

SHIPPED = Path(__file__).parent / "policies"
CURVE_NAMES = frozenset(curve.name for curve in CURVES)

HashName = Literal["sha1", "sha224", "sha256", "sha384", "sha512"]
CurveName = Literal[
    "secp224r1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP224r1",
    "brainpoolP256r1",
    "brainpoolP320r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
]


class Algorithms(Section):
    """What may sign and hash."""

    weak: Literal["undetermined", "failed"]
    hashes: frozenset[HashName]
    signatures: frozenset[Literal["rsa", "rsa-pss", "ecdsa"]]
    least_rsa_bits: int = Field(ge=1024, le=16384)
    curves: frozenset[CurveName]

    def judge(self, hashes: set[str], families: set[str], keys: set[str]) -> Check:
        """Say whether all of these are strong enough. ``keys``: ``rsa-2048``, curve names."""
        weak = {*(hashes - self.hashes), *(families - self.signatures)}
        weak |= {key for key in keys if not self._strong(key)}
        if not weak:
            return successful(", ".join(sorted(keys | hashes)))
        detail = f"too weak to be evidence: {', '.join(sorted(weak))}"
        return failed(detail) if self.weak == "failed" else undetermined(detail)

    def _strong(self, key: str) -> bool:
        if key.startswith("rsa-"):
            return int(key.removeprefix("rsa-")) >= self.least_rsa_bits
        return key in self.curves


class Oldest(Section):
    """Days after which a list answers nothing any more."""

    master_list: int = Field(ge=1)
    revocation_list: int = Field(ge=1)
    defect_list: int = Field(ge=1)
    snapshot: int = Field(ge=1)


class Policy(Section):
    """One authority's rules."""

    algorithms: Algorithms
    oldest: Oldest


def load_policy(name: str | Path) -> Policy:
    """Return the policy called ``name`` (one of ours), or in that file; ConfigError otherwise."""
    return load(located(name, SHIPPED), Policy)


def located(name: str | Path, shipped: Path) -> Path:
    """Return the path that ``name`` means: a shipped file's stem, or a path."""
    ours = shipped / f"{name}.toml"
    return ours if isinstance(name, str) and "/" not in name and ours.exists() else Path(name)


def stale(issued: datetime, days: int, at: datetime) -> bool:
    """Whether what was issued then is older than ``days`` on ``at``."""
    return at - issued > timedelta(days=days)


DEFAULT = load_policy("default")
