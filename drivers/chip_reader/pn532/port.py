"""Finding a PN532 by its address.

``pn532:PORT``, where PORT is what `open_link` takes: ``/dev/ttyUSB0``, ``socket://HOST:PORT``, the
path of a pseudo-terminal. ``pn532:/dev/ttyUSB0?baud=921600`` goes on at that rate once the PN532
was found: at 115 200, as after power-on, or at that very rate, where a host died without closing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import parse_qs

from drivers.chip_reader.pn532.commands import BAUD_RATES, BAUDRATE
from drivers.chip_reader.pn532.reader import Pn532Reader, Timing
from drivers.errors import DriverError, LinkLost, NoAnswer
from drivers.link import Link, open_link
from drivers.patience import Clock

SCHEME = "pn532:"
CHANGE = 0.001  # s after the ACK; the PN532 asks for 0.2 ms (UM0701-02 §7.2.7)
OpenLink = Callable[[str, int], Link]


def open_pn532(
    url: str,
    timing: Timing = Timing(),  # noqa: B008 frozen
    *,
    clock: Clock = time.monotonic,
    connect: OpenLink = open_link,
    pause: Callable[[float], None] = time.sleep,
) -> Pn532Reader:
    """Open the PN532 at ``url`` and set it up.

    Raises LinkLost (no such port, or no such address), NoAnswer or Refused (no PN532 on it).
    """
    port, baudrate = address_of(url)

    def started(at: int, *, restore: bool = False) -> Pn532Reader:
        reader = Pn532Reader(
            connect(port, at), f"PN532 at {port}", timing, clock, restore_baud_rate=restore
        )
        try:
            reader.start()
        except DriverError:
            reader.hang_up()
            raise
        return reader

    if baudrate == BAUDRATE:
        return started(BAUDRATE)
    try:
        reader = started(BAUDRATE)
    except NoAnswer:
        return started(baudrate, restore=True)
    reader.set_baud_rate(baudrate)
    reader.hang_up()
    pause(CHANGE)
    return started(baudrate, restore=True)


def address_of(url: str) -> tuple[str, int]:
    """Return port and baud rate of ``pn532:PORT[?baud=RATE]``; LinkLost if that is no address."""
    port, _, query = url.removeprefix(SCHEME).partition("?")
    options = parse_qs(query, keep_blank_values=True)
    rate = options.pop("baud", [str(BAUDRATE)])[-1]
    if not port or options or not rate.isdecimal() or int(rate) not in BAUD_RATES:
        rates = ", ".join(map(str, BAUD_RATES))
        raise LinkLost(f"{url} is no address: write pn532:PORT or pn532:PORT?baud=RATE of {rates}")
    return port, int(rate)
