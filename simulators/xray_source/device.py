"""An X-ray generator made of arithmetic: a tube, and a controller that speaks for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from drivers.xray_source.codec import Command, Decoder, Message, Sum
from drivers.xray_source.source import (
    DONE,
    FULL_SCALE,
    Error,
    Fault,
    FilamentOrder,
    Scale,
)
from simulators.cable import exclusive
from simulators.faults import LineFaults
from simulators.xray_source.tube import Tube

MODEL, HARDWARE, SOFTWARE = "XRS160SIM", "A1", "1.0"


@dataclass
class SourceFaults(LineFaults):
    """The menu: the line's faults and the generator's own."""

    arc: int = 0  # flash-overs: each cuts the beam and latches
    over_temperature: bool = False  # the oil pump has stopped
    open_filament: bool = False  # burnt through: no current
    sagging: bool = False  # the mains give too little: the voltage is not reached
    overshoot: bool = False  # the voltage is regulated too high
    runaway: bool = False  # the current is
    deaf: int = 0  # requests that arrive with a wrong bit


@dataclass
class FakeXraySource:
    """The physics and the manners of a generator.

    ``silent_on_bad_sum``: some models ignore a bad checksum, others answer error 1.
    """

    habit: Sum = Sum.WITH_LAST_COMMA
    silent_on_bad_sum: bool = True
    scale: Scale = field(default_factory=Scale)
    filament: FilamentOrder = FilamentOrder.LIMIT_FIRST
    long_status: bool = False  # a model whose status has a fourth number, and no loop in it
    tube: Tube = field(default_factory=Tube)
    faults: SourceFaults = field(default_factory=SourceFaults)
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._decoder = Decoder(self.habit)

    @exclusive
    def set_interlock(self, closed: bool) -> None:
        """Close or open the hard-wired loop; opening it cuts the beam at once."""
        self.tube.interlock_closed = closed
        self.tube.on &= closed

    @exclusive
    def rest(self, hours: float) -> None:
        """Let the tube stand unused for ``hours``: it then holds less voltage."""
        self.tube.rest(hours)

    @property
    def beam_on(self) -> bool:
        """Whether X-rays come out at the level asked for."""
        return self.tube.at_level

    @exclusive
    def tick(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        tube, faults = self.tube, self.faults
        if tube.on and faults.take("arc"):
            tube.latched |= Fault.ARC
        if faults.over_temperature:
            tube.temperature = max(tube.temperature, 80.0)
        tube.filament_open = faults.open_filament
        tube.mains = 0.8 if faults.sagging else 1.0
        tube.regulation = (1.1 if faults.overshoot else 1.0, 1.2 if faults.runaway else 1.0)
        tube.tick(seconds)

    @exclusive
    def receive(self, data: bytes) -> bytes:
        """Return what the generator says to ``data``."""
        if self.faults.take("deaf"):
            data = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
        before = self._decoder.bad_sums
        answers = [self._answer(message) for message in self._decoder.feed(data)]
        if self._decoder.bad_sums > before and not self.silent_on_bad_sum:
            answers.append(Message(int(data[1:3]), (str(Error.BAD_CHECKSUM),)))
        return b"".join(self.faults.spoil(answer.encode(self.habit)) for answer in answers)

    def transmit(self) -> bytes:
        """Return nothing: a generator speaks when asked."""
        return b""

    def _answer(self, asked: Message) -> Message:
        say = self._do(asked) or self._tell(asked.command) or (str(int(Error.UNKNOWN_COMMAND)),)
        return Message(asked.command, tuple(say))

    def _do(self, asked: Message) -> tuple[str, ...] | None:
        match asked.command:
            case Command.PROGRAM_KV | Command.PROGRAM_MA:
                error = self._program(asked)
            case Command.PROGRAM_FILAMENT_12 | Command.PROGRAM_FILAMENT_13:
                error = self._program_filament(asked)
            case Command.XRAY:
                error = self._switch(asked.arguments)
            case Command.RESET_FAULTS:
                error = self._reset()
            case _:
                return None
        return (DONE if error is None else str(int(error)),)

    def _tell(self, command: int) -> tuple[str, ...] | None:
        tube, scale = self.tube, self.scale
        hot = _counts(tube.temperature, scale.celsius)
        seen = (_counts(tube.kv, scale.kv), _counts(tube.ma, scale.ma))
        told = {
            Command.KV_SET_POINT: (_counts(tube.kv_set, scale.kv),),
            Command.MA_SET_POINT: (_counts(tube.ma_set, scale.ma),),
            Command.FILAMENT_16: (self._filament(first=True),),
            Command.FILAMENT_17: (self._filament(first=False),),
            Command.READ_BACK: (
                hot,
                "2048",
                *seen,
                _counts(tube.filament, scale.amperes),
                "900",
                hot,
            ),
            Command.HOURS: (f"{tube.beam_seconds / 3600:.1f}",),
            Command.STATUS: self._status(),
            Command.SOFTWARE_VERSION: (SOFTWARE,),
            Command.HARDWARE_VERSION: (HARDWARE,),
            Command.MODEL: (MODEL,),
            Command.INTERLOCK: _flags(not tube.interlock_closed),
            Command.FAULTS: _flags(*(fault in tube.latched for fault in Fault)),
        }
        return told.get(command)  # type: ignore[call-overload, no-any-return]

    def _status(self) -> tuple[str, ...]:
        if self.long_status:
            return _flags(self.tube.on, self.tube.on, self._faulty, True)
        return _flags(self.tube.on, not self.tube.interlock_closed, self._faulty)

    @property
    def _faulty(self) -> bool:
        return bool(self.tube.latched)

    def _program(self, asked: Message) -> Error | None:
        text = asked.arguments[0] if len(asked.arguments) == 1 else ""
        if not text.isdigit() or int(text) > FULL_SCALE:
            return Error.OUT_OF_RANGE
        if asked.command == Command.PROGRAM_KV:
            self.tube.kv_set = int(text) / FULL_SCALE * self.scale.kv
        else:
            self.tube.ma_set = int(text) / FULL_SCALE * self.scale.ma
        return None

    def _program_filament(self, asked: Message) -> Error | None:
        text = asked.arguments[0] if len(asked.arguments) == 1 else ""
        if not text.isdigit() or int(text) > FULL_SCALE:
            return Error.OUT_OF_RANGE
        amperes = int(text) / FULL_SCALE * self.scale.amperes
        tube, first = self.tube, asked.command == Command.PROGRAM_FILAMENT_12
        is_limit = first == (self.filament is FilamentOrder.LIMIT_FIRST)
        limit, standby = (
            (amperes, tube.filament_standby) if is_limit else (tube.filament_limit, amperes)
        )
        if standby > limit + 1e-9:
            return Error.OUT_OF_RANGE
        tube.filament_limit, tube.filament_standby = limit, standby
        return None

    def _filament(self, *, first: bool) -> str:
        is_limit = first == (self.filament is FilamentOrder.LIMIT_FIRST)
        tube = self.tube
        amperes = tube.filament_limit if is_limit else tube.filament_standby
        return _counts(amperes, self.scale.amperes)

    def _switch(self, arguments: tuple[str, ...]) -> Error | None:
        if arguments not in (("0",), ("1",)):
            return Error.OUT_OF_RANGE
        if arguments == ("1",) and (why_not := self._why_not_on()):
            return why_not
        self.tube.on = arguments == ("1",)
        return None

    def _why_not_on(self) -> Error | None:
        if not self.tube.interlock_closed:
            return Error.INTERLOCK_OPEN
        if self._faulty:
            return Error.FAULT
        return Error.NOT_READY if self.tube.warm_in > 0 else None

    def _reset(self) -> Error | None:
        if self.faults.over_temperature or self.tube.temperature > 60.0:
            return Error.FAULT
        self.tube.latched = Fault(0)
        return None


def _counts(value: float, full: float) -> str:
    return str(min(FULL_SCALE, round(value / full * FULL_SCALE)))


def _flags(*flags: bool) -> tuple[str, ...]:
    return tuple(str(int(flag)) for flag in flags)
