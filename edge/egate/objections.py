"""What forbids a gate to serve travellers, whatever an officer wants: the authority's own words.

1. Without the site's policy nobody is served, nor through a gate that is wired otherwise than the
   policy orders for fire and for loss of power: its hardware would do what nobody chose.
2. Against an objection the lane does not open. Where one comes while it is open, and where the
   policy closes a lane that is too long alone, it closes after the passage that is under way.
3. Whoever is inside is let out all the same: while the gate counts anybody, or cannot say, nothing
   is closed on this account, and an officer may open the lane, which then closes behind them.
"""

from __future__ import annotations

from collections.abc import Callable

from contract.lists import OnFire, OnPowerLoss, SitePolicy
from drivers.gate.registers import GateState
from edge.egate.devices import GATE
from edge.egate.standing import Standing
from edge.runtime.faults import FaultBook

__all__ = ["WIRED_OTHERWISE", "Objections", "wired_otherwise"]

WIRED_OTHERWISE = "WiredOtherwise"


class Objections:
    """What the policy has against this gate now. ``gate`` is None while its controller is away."""

    def __init__(self, standing: Standing, gate: Callable[[], GateState | None]) -> None:
        self._standing, self._gate = standing, gate

    @property
    def to_opening(self) -> str | None:
        """Why the lane may not be opened, None if it may."""
        gate = self._gate()
        return None if gate is not None and gate.occupancy else self._against(gate)

    @property
    def close(self) -> bool:
        """Whether the lane is to be closed, nobody being inside."""
        gate = self._gate()
        if gate is None or gate.occupancy:
            return False
        return self._standing.closes or self._against(gate) is not None

    def watch(self, faults: FaultBook) -> None:
        """Tell how the gate is wired otherwise, and that it is well again."""
        policy, gate = self._standing.policy, self._gate()
        if policy is None or gate is None:
            return
        if (reason := wired_otherwise(policy, gate)) is None:
            faults.clear(GATE, WIRED_OTHERWISE)
        else:
            faults.raise_(GATE, WIRED_OTHERWISE, reason)

    def _against(self, gate: GateState | None) -> str | None:
        policy = self._standing.policy
        if policy is None or gate is None:
            return self._standing.objection
        return wired_otherwise(policy, gate)


def wired_otherwise(policy: SitePolicy, gate: GateState) -> str | None:
    """Return what the cabinet does otherwise than ordered, None if it does as ordered."""
    pairs = (
        ("on fire", OnFire[gate.on_fire.name], policy.on_fire),
        ("without power", OnPowerLoss[gate.on_power_loss.name], policy.on_power_loss),
    )
    told = [
        f"{when} it is wired {wired.value}, ordered is {ordered.value}"
        for when, wired, ordered in pairs
        if wired is not ordered
    ]
    return "; ".join(told) + ": have the cabinet or the policy changed" if told else None
