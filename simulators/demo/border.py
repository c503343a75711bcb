"""Sets up a whole border in one folder and runs it: what ``border-sim demo`` stands on.

1. Broker and devices live in this process; central and the lanes are programmes of their own.
2. Every key, password and link is made for this run and ends with it.
3. The lanes start closed, as always; a supervisor opens them over central, like any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from central import administer
from central.accounts.roles import Role
from central.config import load as load_central
from contract.lists import ListKind
from contract.names import Address
from contract.presence import Kind
from contract.signing import load_private_key, public_text
from edge.agent import unit_key
from simulators.broker import embedded_broker
from simulators.demo import files
from simulators.demo.operator import CentralClient
from simulators.demo.processes import Programme, ProgrammeError
from simulators.lanes.egate import EGateLane
from simulators.lanes.scanner import ScannerLane
from simulators.ports import free_port
from simulators.world.issuer import Issuer

SITE, EGATE, SCANNER = "demo", "egate-01", "scanner-01"
STAND_IN, PERSON = "stand-in", "operator"
START_WITHIN = 60.0  # s for a programme to be there; a busy machine takes its time
COUNTRY = "UT"


@dataclass(frozen=True)
class Border:
    """A running border."""

    url: str
    sign_in_link: str
    screen: str
    client: CentralClient
    egate: EGateLane
    scanner: ScannerLane
    issuer: Issuer
    programmes: dict[str, Programme]

    def must_run(self) -> None:
        """Raise ProgrammeError if one of the programmes has ended."""
        for programme in self.programmes.values():
            programme.must_run()


@contextmanager
def border(folder: Path, port: int | None = None) -> Iterator[Border]:
    """Run a border out of ``folder`` while the block runs; central listens on ``port``.

    Raises ProgrammeError if a part of it does not come up.
    """
    with ExitStack() as parts:
        broker = parts.enter_context(embedded_broker(folder))
        issuer = Issuer(COUNTRY, datetime.now(UTC))
        egate = parts.enter_context(EGateLane().served())
        scanner = parts.enter_context(ScannerLane().served())
        listen = f"127.0.0.1:{port or free_port()}"
        config = files.write_central(folder, listen, broker)
        with ThreadPoolExecutor(1) as apart:  # whoever calls may have a loop of their own
            links = apart.submit(lambda: asyncio.run(_administer(config, folder))).result()
        central = parts.enter_context(
            Programme("central", "central", "serve", str(config), folder=folder)
        )
        screen = f"127.0.0.1:{free_port()}"
        central_key = public_text(load_private_key(folder / "signing.pem").public_key())
        place = files.Place(folder, listen, broker, central_key)
        files.write_trust(folder, issuer)
        lanes = [
            files.write_lane(place, EGATE, egate.urls, files.egate_sections(screen)),
            files.write_lane(place, SCANNER, scanner.urls, files.SCANNER_SECTIONS),
        ]
        programmes = {"central": central} | {
            path.stem: parts.enter_context(
                Programme(path.stem, "edge", "run", str(path), folder=folder)
            )
            for path in lanes
        }
        url = f"http://{listen}"
        central.wait_for("answer", lambda: _answers(url), START_WITHIN)
        client = CentralClient(url, links[STAND_IN].rpartition("/")[2])
        parts.callback(client.close)
        running = Border(
            url, links[PERSON], f"http://{screen}", client, egate, scanner, issuer, programmes
        )
        open_lanes(running)
        yield running


async def _administer(config: Path, folder: Path) -> dict[str, str]:
    """Migrate, enrol the lanes, publish the lists, add two users; return their sign-in links."""
    central = load_central(config)
    await administer.migrate_database(central)
    for unit, kind in ((EGATE, Kind.EGATE), (SCANNER, Kind.SCANNER)):
        key = public_text(unit_key(folder / unit).public_key())
        await administer.enrol_unit(central, Address(site=SITE, unit=unit), kind, key)
    await administer.publish_list(central, ListKind.POLICY, files.write_policy(folder))
    await administer.publish_list(central, ListKind.WATCHLIST, files.write_watchlist(folder))
    return {
        name: (await administer.add_user(central, name, [Role.SUPERVISOR], None)).split()[-1]
        for name in (STAND_IN, PERSON)
    }


def open_lanes(running: Border) -> None:
    """Open every lane over central, as soon as it is there to be opened."""
    closed = {EGATE, SCANNER}
    deadline = time.monotonic() + START_WITHIN
    while closed:
        running.must_run()
        if time.monotonic() > deadline:
            raise ProgrammeError(f"not open after {START_WITHIN} s: {', '.join(sorted(closed))}")
        for unit in running.client.get("/api/fleet")["units"]:
            if unit["unit"] in closed and unit["phase"] not in (None, "", "closed"):
                closed.discard(unit["unit"])
            elif unit["unit"] in closed and unit["online"] and not unit["faults"]:
                order = {"verb": "open-lane", "reason": "the demonstration begins"}
                running.client.post(f"/api/fleet/{unit['unit']}/commands", order)
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=1.0).is_success
    except httpx.HTTPError:
        return False
