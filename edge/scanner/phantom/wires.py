"""How thin a copper wire a scanner sees, in air and behind something.

1. A wire's signal is the mean optical depth along it, ``CORE`` to both sides, less that of what
   lies farther out on both sides; blanks are the same in the gaps between the wires.
2. The low energy is used where there is one: thin copper takes most of it away.
"""

from __future__ import annotations

import numpy as np

from edge.scanner.phantom.detection import Seen, above_blanks, last_seen
from edge.scanner.phantom.layout import Band, Layout, Rect, Wire
from edge.scanner.phantom.registration import Placed

CORE = 1.3  # pixels to both sides of a wire: it is smeared over two
FLANKS = (3.0, 6.0)  # mm from the wire to what it is compared with
END = 3.0  # mm of a band's ends that are left out
GAPS = (0.42, 0.5, 0.58)  # of the way from one wire to the next, where nothing is
DARKEST = 1e-5


def wires(low: Placed, layout: Layout, band: Band) -> tuple[Seen, list[float]]:
    """Return the thinnest wire (mm) seen in ``band``, and z of every wire."""
    count = len(layout.diameters)
    signals = [_signal(low, layout.wire(i), band) for i in range(count)]
    gaps = [i + share for i in range(-1, count) for share in GAPS]
    blanks = [_signal(low, layout.wire(gap), band) for gap in gaps]
    z = above_blanks(signals, blanks)
    return last_seen(list(layout.diameters), z, len(blanks) // 2), z


def _signal(low: Placed, wire: Wire, band: Band) -> float:
    (x0, y0), (x1, y1) = wire.begin, wire.end
    lean = (x1 - x0) / (y1 - y0)
    reach = FLANKS[1] + abs(x1 - x0)
    place = Rect(x0 - reach, band.top + END, x1 + reach, band.bottom - END)
    values, x, y = low.region(place)
    depth = -np.log(np.maximum(values, DARKEST).astype(np.float64))
    off = np.abs(x - x0 - lean * (y - y0)) / np.hypot(1, lean)
    core = off < max(CORE * low.pitch_mm, wire.diameter / 2 + low.pitch_mm)
    beside = (off > FLANKS[0]) & (off < FLANKS[1])
    if not core.any() or not beside.any():
        return 0.0
    return float(depth[core].mean() - depth[beside].mean())
