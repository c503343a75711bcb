"""What the gate's lamps show in each phase: green where to go, red where not, yellow to wait.

Inside there is light whenever somebody may be there, in a fault too: nobody waits in the dark.
"""

from __future__ import annotations

from drivers.gate.registers import Lamp, Lamps
from edge.egate.passage import Phase

_OUT_OF_SERVICE = Lamps(Lamp.RED, Lamp.RED, Lamp.OFF)
_HELP_IS_COMING = Lamps(Lamp.RED, Lamp.RED, Lamp.WHITE)
_WAIT = Lamps(Lamp.YELLOW, Lamp.RED, Lamp.WHITE)
_WALK_IN = Lamps(Lamp.GREEN, Lamp.RED, Lamp.WHITE)

LAMPS: dict[Phase, Lamps] = {
    Phase.CLOSED: _OUT_OF_SERVICE,
    Phase.RECOVERING: _HELP_IS_COMING,
    Phase.IDLE: Lamps(Lamp.GREEN, Lamp.RED, Lamp.OFF),
    Phase.PAUSED: _OUT_OF_SERVICE,
    Phase.READING: _WAIT,
    Phase.REFERRED_AT_ENTRY: _WAIT,
    Phase.ENTERING: _WALK_IN,
    Phase.SECURING: _WAIT,
    Phase.DECIDING: _WAIT,
    Phase.REFERRED_INSIDE: _WAIT,
    Phase.EXITING: Lamps(Lamp.RED, Lamp.GREEN, Lamp.WHITE),
    Phase.CLEARING: _WAIT,
    Phase.RETURNING: Lamps(Lamp.GREEN, Lamp.RED, Lamp.YELLOW),
    Phase.FAULT: _HELP_IS_COMING,
    Phase.EVACUATING: Lamps(Lamp.RED, Lamp.GREEN, Lamp.WHITE),
}
"""Every phase has its lamps; entry, exit, inside."""
