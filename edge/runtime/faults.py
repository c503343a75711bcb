"""What is wrong on the lane right now, by name; each fault is told once when it comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contract.health import Fault


@dataclass(frozen=True)
class _Key:
    device: str
    name: str


class FaultBook:
    """The open faults of a lane. ``tell`` hears of every change, with the phase at that moment."""

    def __init__(self, phase: Callable[[], str], tell: Callable[[Fault], None]) -> None:
        self._phase = phase
        self._tell = tell
        self._open: dict[_Key, Fault] = {}

    def raise_(self, device: str, name: str, detail: str) -> None:
        """Note that ``name`` is wrong with ``device``; told only if it was not known yet."""
        key = _Key(device, name)
        if key in self._open:
            return
        fault = Fault(
            name=name, device=device, detail=detail[:500], phase=self._phase(), raised=True
        )
        self._open[key] = fault
        self._tell(fault)

    def clear(self, device: str, name: str | None = None) -> None:
        """Note that ``name`` (or everything) is well again with ``device``."""
        for key in [k for k in self._open if k.device == device and name in (None, k.name)]:
            fault = self._open.pop(key)
            self._tell(fault.model_copy(update={"raised": False, "phase": self._phase()}))

    def replace(self, device: str, name: str, detail: str) -> None:
        """Note that ``name`` and nothing else is wrong with ``device``; nothing at all if empty."""
        for key in [k for k in self._open if k.device == device and k.name != name]:
            self.clear(device, key.name)
        if name:
            self.raise_(device, name, detail)

    def of(self, device: str) -> list[Fault]:
        """Return what is wrong with ``device``."""
        return [fault for key, fault in self._open.items() if key.device == device]

    @property
    def all(self) -> list[Fault]:
        """Every open fault, oldest first."""
        return list(self._open.values())
