"""The configuration files of a demonstration: the same a site would write, with other addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulators.broker import RunningBroker
from simulators.world.issuer import Issuer

SCANNER_SECTIONS = """
[policy]
air_fresh_for = 3600.0
silent_for = 1.0  # a busy demonstration is no lost link
"""


@dataclass(frozen=True)
class Place:
    """What every lane of the demonstration has to know."""

    folder: Path
    central: str
    broker: RunningBroker
    central_key: str


def egate_sections(screen: str) -> str:
    """Return what only an e-gate's file has."""
    return f"""
[display]
listen = "{screen}"

[documents]
trust = ["trust"]
"""


def write_central(folder: Path, listen: str, broker: RunningBroker) -> Path:
    """Write central's file; return its path."""
    path = folder / "central.toml"
    path.write_text(
        f"""listen = "{listen}"
data = "central"
signing_key = "signing.pem"

[mqtt]
url = "{broker.url}"
username = "{broker.username}"
password_file = "{broker.password_file}"
protocol = "3.1.1"
""",
        encoding="utf-8",
    )
    return path


def write_lane(place: Place, unit: str, urls: Mapping[str, str], sections: str) -> Path:
    """Write the file of ``unit``, whose devices are at ``urls``; return its path."""
    devices = "\n".join(f'[devices.{name}]\nurl = "{url}"\n' for name, url in urls.items())
    path = place.folder / f"{unit}.toml"
    path.write_text(
        f"""site = "demo"
unit = "{unit}"
kind = "{unit.partition("-")[0]}"
data = "{unit}"
hardware = "simulated"

[central]
broker = "{place.broker.url}"
protocol = "3.1.1"
username = "{place.broker.username}"
password_file = "{place.broker.password_file}"
blobs = "http://{place.central}"
key = "{place.central_key}"

{devices}{sections}""",
        encoding="utf-8",
    )
    return path


def write_policy(folder: Path) -> Path:
    """Write what the authority of the demonstration's site decided; return the file's path."""
    path = folder / "policy.toml"
    path.write_text(
        """site = "demo"
authority = "nobody: a demonstration"
on_fire = "exit-opens"
on_power_loss = "leaves-open"
watchlist_hours = 24.0
false_match_rate = 0.001

[without_central]
hours = 8.0
then = "refer-everybody"
""",
        encoding="utf-8",
    )
    return path


def write_watchlist(folder: Path) -> Path:
    """Write the demonstration's watchlist, one document that nobody has; return its path."""
    path = folder / "watchlist.txt"
    path.write_text("# issuing state, document number\nUTO,WATCHED01\n", encoding="utf-8")
    return path


def write_trust(folder: Path, issuer: Issuer) -> None:
    """Write what the gate has to believe about ``issuer``."""
    trust = folder / "trust"
    trust.mkdir()
    (trust / "csca.cer").write_bytes(issuer.csca)
    (trust / "csca.crl").write_bytes(issuer.crl)
