"""``border-sim demo``: a border anybody can start, watch and take part in."""

from __future__ import annotations

import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from simulators.demo import report as reports
from simulators.demo.border import Border, border
from simulators.demo.news import NewsReader
from simulators.demo.operator import StandIn
from simulators.demo.processes import ProgrammeError
from simulators.demo.report import Outcomes
from simulators.world.items import item
from simulators.world.travellers import CLEARED, traveller

FORGIVING = 60.0  # s a person has to decide before the stand-in does, so that nothing stands still
AT_ONCE = 0.5  # s the stand-in takes when nobody is at the console
PAUSE = 1.0  # s between two travellers, and between two items


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="nobody at the console: a stand-in decides")
    ] = False,
    travellers: Annotated[
        int | None, typer.Option(min=0, help="how many pass; without a number they keep coming")
    ] = None,
    items: Annotated[int | None, typer.Option(min=0, help="how many are scanned; likewise")] = None,
    seed: Annotated[int | None, typer.Option(help="the same seed, the same people")] = None,
    port: Annotated[int | None, typer.Option(help="where the console is, on loopback")] = None,
    report: Annotated[Path | None, typer.Option(help="write counts, times and alarms here")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="keep files and logs here; else they end with the run")
    ] = None,
) -> None:
    """Run a border: one e-gate, one scanner, central and its console, people and goods."""
    began = time.monotonic()
    say = _speaker(began)
    try:
        with ExitStack() as run:
            run.enter_context(_interruptible())
            place = run.enter_context(_folder(folder))
            running = run.enter_context(border(place, port))
            outcomes = Outcomes(ready_s=time.monotonic() - began)
            say(f"the border is open after {outcomes.ready_s:.1f} s; logs are in {place}")
            say(f"console:            {running.url}")
            say(f"sign in (once):     {running.sign_in_link}")
            say(f"traveller's screen: {running.screen}")
            start = secrets.randbelow(1_000_000) if seed is None else seed
            news = _run(running, outcomes, (travellers, items), start, headless, say)
            outcomes.resident_mib = _resident(running)
            content = reports.report(news.record, outcomes)
    except ProgrammeError as error:
        typer.echo(f"border-sim demo: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        say("the border closes")
        raise typer.Exit(0) from None
    if report is not None:
        reports.write(report, content)
        say(f"report: {report}")
    say(f"done: {content['counts']}")


def _run(
    running: Border,
    outcomes: Outcomes,
    wanted: tuple[int | None, int | None],
    seed: int,
    headless: bool,
    say: Callable[[str], None],
) -> NewsReader:
    news = NewsReader(running.client, say, lambda: running.scanner.last_line_at)
    stand_in = StandIn(running.client, AT_ONCE if headless else FORGIVING, say)
    news.start()
    stand_in.start()
    streams = [
        threading.Thread(
            target=_travel, args=(running, outcomes, wanted[0], seed, say), daemon=True
        ),
        threading.Thread(target=_scan, args=(running, outcomes, wanted[1], seed, say), daemon=True),
    ]
    try:
        for stream in streams:
            stream.start()
        while any(stream.is_alive() for stream in streams):
            running.must_run()
            time.sleep(0.2)
        _settle(news, outcomes)
    finally:
        stand_in.stop()
        news.stop()
    return news


def _travel(
    running: Border, outcomes: Outcomes, wanted: int | None, seed: int, say: Callable[[str], None]
) -> None:
    for number in _numbers(wanted):
        who = traveller(seed + number, running.issuer)
        say(f"traveller {number + 1} comes: {who.story}")
        left = running.egate.passes(who)
        should = who.story in CLEARED
        outcomes.travellers.append(
            {"story": who.story, "left": left, "as_expected": (left == "crossed") == should}
        )
        time.sleep(PAUSE)


def _scan(
    running: Border, outcomes: Outcomes, wanted: int | None, seed: int, say: Callable[[str], None]
) -> None:
    for number in _numbers(wanted):
        thing = item(seed + number)
        say(f"item {number + 1} comes: {'with a threat in it' if thing.threat else 'harmless'}")
        where = running.scanner.passes(thing)
        outcomes.items.append(
            {"threat": thing.threat, "left": None if where is None else where.name.lower()}
        )
        time.sleep(PAUSE)


def _numbers(wanted: int | None) -> Iterator[int]:
    number = 0
    while wanted is None or number < wanted:
        yield number
        number += 1


def _settle(news: NewsReader, outcomes: Outcomes, within: float = 10.0) -> None:
    """Wait until central has told the end of all that passed."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        ended = sum(1 for p in news.record.passages.values() if p["outcome"])
        if ended >= len(outcomes.travellers):
            return
        time.sleep(0.1)


def _resident(running: Border) -> dict[str, float]:
    """Return the resident memory of each programme in MiB."""
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    return {
        name: round(int(Path(f"/proc/{p.pid}/statm").read_text().split()[1]) * page, 1)
        for name, p in running.programmes.items()
    }


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(wanted.iterdir()):
            raise ProgrammeError(f"--folder: {wanted} is not empty; give a new folder")
        yield wanted.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="border-demo-") as made:
        yield Path(made)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, so that every programme is stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _speaker(began: float) -> Callable[[str], None]:
    def say(text: str) -> None:
        typer.echo(f"{time.monotonic() - began:7.1f} s  {text}")

    return say
