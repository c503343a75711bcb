"""The X-ray generator as the rest of the software sees it: set, look, switch.

1. `beam(False)` is one frame, tried as often as anything else; it never waits for a set-point.
2. Before a question everything still unread is thrown away. A question that is not answered in
   time, or answered with error 1 (the generator heard a bad checksum), is asked again. Any other
   error digit is Refused.
3. Answers with one number cannot be told from an error digit on the wire. Where that matters the
   value that an error would look like is the safe one: interlock 1 is open.
4. A status of more than three numbers is another model's, whose second number means another thing:
   then the loop is asked for by itself.
5. Numbers on the wire are 0–4095 of full scale; here they are kV, mA and A.
6. The filament's limit and standby have each other's command numbers on some models: a setting. The
   standby is never above the limit, so that a wrong setting is refused and not obeyed.

The generator's own interlock is hard-wired. This driver is never in place of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag, auto

from drivers.errors import Garbled, NoAnswer, NotReady, Refused
from drivers.link import Link, drain
from drivers.patience import Clock, Patience
from drivers.xray_source.codec import Command, Decoder, Message, Sum

BAUDRATE = 19_200
FULL_SCALE = 4095
DONE = "$"


class Error(IntEnum):
    """Error digits."""

    BAD_CHECKSUM = 1
    INTERLOCK_OPEN = 2
    OUT_OF_RANGE = 3
    NOT_READY = 4
    FAULT = 5
    UNKNOWN_COMMAND = 6


class Fault(IntFlag):
    """Latched faults, in the order of the answer to command 68."""

    ARC = 1
    OVER_TEMPERATURE = 2
    OVER_VOLTAGE = 4
    UNDER_VOLTAGE = 8
    OVER_CURRENT = 16
    UNDER_CURRENT = 32


class FilamentOrder(Enum):
    """Which of the filament's two currents has commands 12 and 16; the other has 13 and 17."""

    LIMIT_FIRST = auto()
    STANDBY_FIRST = auto()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Beam, interlock (hard-wired loop closed) and whether a fault is latched."""

    beam_on: bool
    interlock_closed: bool
    fault: bool


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the tube does now: kV, mA, the tank's temperature in °C, the filament's current in A."""

    kv: float
    ma: float
    temperature: float
    filament: float = 0.0


@dataclass(frozen=True, slots=True)
class Scale:
    """What 4095 means on this model."""

    kv: float = 160.0
    ma: float = 5.0
    celsius: float = 102.4  # 0.025 °C per count
    amperes: float = 5.0  # of the filament


class XraySource:
    """A generator on a serial link. Blocking: one thread owns one source.

    Every verb raises NoAnswer, Garbled, Refused or LinkLost.
    """

    def __init__(
        self,
        link: Link,
        habit: Sum = Sum.WITH_LAST_COMMA,
        scale: Scale = Scale(),
        patience: Patience = Patience(answer_within=0.15, tries=3),  # noqa: B008 frozen
        clock: Clock = time.monotonic,
        filament: FilamentOrder = FilamentOrder.LIMIT_FIRST,
    ) -> None:
        self._link, self._habit, self._scale = link, habit, scale
        self._limit_first = filament is FilamentOrder.LIMIT_FIRST
        self._patience, self._clock = patience, clock
        self._decoder = Decoder(habit)

    def set_kv(self, kv: float) -> None:
        """Program the voltage; ValueError outside the scale."""
        self._do(Command.PROGRAM_KV, str(_counts(kv, self._scale.kv, "kV")))

    def set_ma(self, ma: float) -> None:
        """Program the current; ValueError outside the scale."""
        self._do(Command.PROGRAM_MA, str(_counts(ma, self._scale.ma, "mA")))

    def set_points(self) -> tuple[float, float]:
        """Return the programmed kV and mA."""
        (kv,) = self._numbers(Command.KV_SET_POINT, 1)
        (ma,) = self._numbers(Command.MA_SET_POINT, 1)
        return kv * self._scale.kv / FULL_SCALE, ma * self._scale.ma / FULL_SCALE

    def set_filament(self, limit: float, standby: float) -> None:
        """Program the filament's limit and standby current (A).

        Raises ValueError outside the scale or for a standby above the limit.
        """
        if not standby <= limit:
            raise ValueError(f"a standby of {standby} A is above the limit of {limit} A")
        values = {
            "limit": str(_counts(limit, self._scale.amperes, "A")),
            "standby": str(_counts(standby, self._scale.amperes, "A")),
        }
        raising = standby > self.filament()[0]
        for name in ("limit", "standby") if raising else ("standby", "limit"):
            self._do(self._filament_command(name), values[name])

    def filament(self) -> tuple[float, float]:
        """Return the programmed limit and standby current of the filament (A)."""
        (one,) = self._numbers(Command.FILAMENT_16, 1)
        (other,) = self._numbers(Command.FILAMENT_17, 1)
        limit, standby = (one, other) if self._limit_first else (other, one)
        return limit * self._scale.amperes / FULL_SCALE, standby * self._scale.amperes / FULL_SCALE

    def read_back(self) -> ReadBack:
        """Return what the tube does now."""
        _, _, kv, ma, filament, _, hot = self._numbers(Command.READ_BACK, 7)
        scale = self._scale
        return ReadBack(
            kv * scale.kv / FULL_SCALE,
            ma * scale.ma / FULL_SCALE,
            hot * scale.celsius / FULL_SCALE,
            filament * scale.amperes / FULL_SCALE,
        )

    def status(self) -> SourceStatus:
        """Return beam, interlock and fault."""
        beam, interlock, fault, *more = self._numbers(Command.STATUS, 3, or_more=True)
        closed = self.interlock() if more else interlock == 0
        return SourceStatus(beam != 0, closed, fault != 0)

    def beam(self, on: bool) -> None:
        """Switch X-rays on or off; returns when the generator agrees."""
        self._do(Command.XRAY, str(int(on)))

    def interlock(self) -> bool:
        """Return whether the interlock loop is closed; in doubt it is not."""
        (opened,) = self._numbers(Command.INTERLOCK, 1)
        return opened == 0

    def faults(self) -> Fault:
        """Return the latched faults."""
        flags = self._numbers(Command.FAULTS, len(Fault))
        return Fault(sum(fault for fault, flag in zip(Fault, flags, strict=True) if flag))

    def reset_faults(self) -> None:
        """Clear latched faults; Refused while their cause is still there."""
        self._do(Command.RESET_FAULTS)

    def hours(self) -> float:
        """Return for how many hours the beam has been on in the tube's life."""
        (text,) = self._ask(Command.HOURS, 1)
        return _number(text, Command.HOURS)

    def version(self) -> tuple[str, str, str]:
        """Return model, hardware version and software version."""
        (model,) = self._ask(Command.MODEL, 1)
        (hardware,) = self._ask(Command.HARDWARE_VERSION, 1)
        (software,) = self._ask(Command.SOFTWARE_VERSION, 1)
        return model, hardware, software

    def close(self) -> None:
        """Let go of the link."""
        self._link.close()

    def _filament_command(self, name: str) -> Command:
        first = (name == "limit") == self._limit_first
        return Command.PROGRAM_FILAMENT_12 if first else Command.PROGRAM_FILAMENT_13

    def _do(self, command: Command, *arguments: str) -> None:
        (answer,) = self._ask(command, 1, *arguments)
        if answer != DONE:
            raise Garbled(
                f"X-ray source: {command.name} answered {answer!r}, neither done nor error"
            )

    def _numbers(self, command: Command, count: int, *, or_more: bool = False) -> tuple[float, ...]:
        answer = self._ask(command, count, or_more=or_more)
        return tuple(_number(text, command) for text in answer)

    def _ask(
        self, command: Command, count: int, *arguments: str, or_more: bool = False
    ) -> tuple[str, ...]:
        """Ask until there is an answer of ``count`` arguments."""
        heard = 0
        for _ in range(self._patience.tries):
            self._decoder.reset()
            drain(self._link)
            self._link.write(Message(command, arguments).encode(self._habit))
            answer, size = self._await(command)
            heard += size
            if answer is None:
                continue
            given = len(answer.arguments)
            enough = given == count or (or_more and given > count)
            digit = _error(answer, enough=enough, is_action=command in _ACTIONS)
            if digit is None:
                return answer.arguments
            if digit != Error.BAD_CHECKSUM:
                kind = NotReady if digit == Error.NOT_READY else Refused
                raise kind(f"X-ray source refused {command.name}: {_named(digit)}")
        if heard:
            raise Garbled(f"X-ray source: {heard} bytes and no good answer to {command.name}")
        raise NoAnswer(f"X-ray source silent after {self._patience.tries} × {command.name}")

    def _await(self, command: Command) -> tuple[Message | None, int]:
        """Return the answer, if one comes in time, and how many bytes came."""
        deadline = self._clock() + self._patience.answer_within
        heard = 0
        while (left := deadline - self._clock()) > 0:
            data = self._link.read(left)
            heard += len(data)
            for message in self._decoder.feed(data):
                if message.command == command:
                    return message, heard
        return None, heard


_ACTIONS = (
    Command.PROGRAM_KV,
    Command.PROGRAM_MA,
    Command.PROGRAM_FILAMENT_12,
    Command.PROGRAM_FILAMENT_13,
    Command.XRAY,
    Command.RESET_FAULTS,
)


def _error(answer: Message, *, enough: bool, is_action: bool) -> int | None:
    """Return the error digit of ``answer``, None if it is a good one."""
    first = answer.arguments[0] if answer.arguments else ""
    if enough and not (is_action and first.isdigit()):
        return None
    return int(first) if len(answer.arguments) == 1 and first.isdigit() else Error.BAD_CHECKSUM


def _named(digit: int) -> str:
    known = digit in Error._value2member_map_
    return Error(digit).name.lower().replace("_", " ") if known else f"error {digit}"


def _counts(value: float, full: float, unit: str) -> int:
    if not 0 <= value <= full:
        raise ValueError(f"{value} {unit} is outside 0–{full} {unit}")
    return round(value / full * FULL_SCALE)


def _number(text: str, command: Command) -> float:
    try:
        return float(text)
    except ValueError:
        raise Garbled(f"X-ray source: {command.name} answered {text!r}, not a number") from None
