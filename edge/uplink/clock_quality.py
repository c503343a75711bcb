"""How far the machine's wall clock can be believed: the kernel knows, as NTP or PTP steers it."""

from __future__ import annotations

import ctypes
from typing import Final

from contract.envelope import Clock

_STA_UNSYNC: Final = 0x0040  # <linux/timex.h>


class _Timex(ctypes.Structure):
    """The head of ``struct timex``, adjtimex(2); the rest is only room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),  # µs
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


_adjtimex: Final = getattr(ctypes.CDLL(None), "adjtimex", None)  # None: not Linux


def system_clock() -> Clock:
    """Return what the kernel says of its clock; not synchronised where it says nothing."""
    timex = _Timex()
    if _adjtimex is None or _adjtimex(ctypes.byref(timex)) < 0 or timex.status & _STA_UNSYNC:
        return Clock(source="system", error_ms=None, synced=False)
    return Clock(source="system", error_ms=max(timex.maxerror, 0) / 1000, synced=True)
