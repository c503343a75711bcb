"""What central asks is done at most once, and answered exactly once. No network in here.

A command is checked in this order, and the first check that fails ends it:
1. sealed by central, 2. not a retained copy, and addressed to me, 3. its challenge is current:
given less than 120 s ago on my own monotonic clock, since this start, 4. the state guard: my state
is still the one it was meant for, 5. not_after has not passed, 6. its id has not been seen.
Then ``started`` is written to the disk before anything acts, with the command as it was sealed, for
whoever keeps proof of what it did; the command is executed, its result and the ``command.result``
event are written in one transaction, and the sealed command is let go.

Whatever fails is one alarm. A command that fails 3, 4 or 5, but is central's and was never seen,
is also answered ``refused``, once, so that its operator learns of it. After a restart whatever was
``started`` is ``indeterminate`` and never executed again.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contract.command import CHALLENGE_LIFETIME, Challenge, Command, Execution, Result, Verb
from contract.signing import Purpose, SealError, only, unseal
from contract.topics import Stream
from edge.runtime.clock import Clock
from edge.uplink import ledger
from edge.uplink.alarms import RateBound
from edge.uplink.errors import OutboxError
from edge.uplink.outbox import Outbox

ROTATION: Final = 30.0  # s; a lost one leaves central without a challenge for no longer than this
_STARTED: Final = "started"
_SEALED: Final = "command/"  # and its id: key in the lane's state

Answer = tuple[Execution, str]
Execute = Callable[[Command], Awaitable[Answer]]
"""Acts on a command; returns how it ended and a detail of at most 300 characters."""


class CommandRefused(Exception):
    """A command that must not be obeyed; the text says why."""


@dataclass(frozen=True, slots=True)
class _Given:
    nonce: str
    at: float


class CommandGate:
    """Believes a command or not, and remembers. Raises OutboxError where the disk fails."""

    def __init__(self, outbox: Outbox, central_key: Ed25519PublicKey, clock: Clock) -> None:
        self._outbox = outbox
        self._central = only(central_key)
        self._clock = clock
        self._given: list[_Given] = []
        self._unwritten: dict[str, tuple[Verb, Answer]] = {}
        self._rate = RateBound(clock.monotonic())
        self.state_version = 0

    # The challenge

    def challenge(self) -> Challenge:
        """Return the nonce that the next command must carry; a new one every 30 s."""
        now = self._clock.monotonic()
        self._given = [given for given in self._given if now - given.at <= CHALLENGE_LIFETIME]
        if not self._given or now - self._given[-1].at >= ROTATION:
            self._given.append(_Given(uuid.uuid4().hex, now))
        return Challenge(
            unit=self._outbox.address.unit,
            nonce=self._given[-1].nonce,
            boot_id=self._outbox.boot_id,
            state_version=self.state_version,
        )

    # The checks

    def admit(self, message: bytes, *, retained: bool = False) -> Command | None:
        """Return the command, now ``started`` on disk, if it is to be executed; None if not."""
        try:
            command = self._believed(message, retained)
        except CommandRefused as refusal:
            self.alarm(str(refusal))
            return None
        reason = self._objection(command)
        if self._seen(command.id):
            self.alarm(f"{command.verb} by {command.operator}: {reason or 'seen before'}")
            return None
        if reason is not None:
            self._refuse(command, reason)
            return None
        with self._outbox.transaction() as db:
            values = (command.id, command.verb, _STARTED)
            db.execute("INSERT INTO command VALUES (?, ?, ?)", values)
            ledger.keep_state(db, {_SEALED + command.id: message.decode()}, ())
        return command

    def _believed(self, message: bytes, retained: bool) -> Command:
        try:
            body = unseal(Purpose.COMMAND, message, self._central)
            command = Command.model_validate_json(body)
        except (SealError, ValueError) as error:
            raise CommandRefused(_first_line(error)) from error
        if retained:
            raise CommandRefused("a retained copy")
        if command.unit != self._outbox.address.unit:
            raise CommandRefused(f"addressed to {command.unit}")
        return command

    def _objection(self, command: Command) -> str | None:
        if not self._is_current(command.challenge):
            return "its challenge is not current"
        if command.if_state_version not in (None, self.state_version):
            return f"meant for state {command.if_state_version}, not {self.state_version}"
        if command.not_after.tzinfo is None or self._clock.now() > command.not_after:
            return "too late"
        return None

    def _is_current(self, nonce: str) -> bool:
        now = self._clock.monotonic()
        return any(
            given.nonce == nonce and now - given.at <= CHALLENGE_LIFETIME for given in self._given
        )

    def _seen(self, command_id: str) -> bool:
        return bool(self._outbox.read("SELECT 1 FROM command WHERE id = ?", (command_id,)))

    # The results

    def finish(self, command: Command, answer: Answer) -> None:
        """Write how ``command`` ended; kept and tried again by ``tick`` while the disk fails."""
        self._unwritten[command.id] = (command.verb, answer)
        self._write_results()

    def recover(self) -> list[str]:
        """Call once at start: end whatever was begun before; return the ids."""
        query = "SELECT id, verb FROM command WHERE phase = ?"
        begun = self._outbox.read(query, (_STARTED,))
        answer = (Execution.INDETERMINATE, "the agent stopped between acting and the result")
        for command_id, verb in begun:
            self._unwritten[command_id] = (Verb(verb), answer)
        self._write_results()
        return [command_id for command_id, _ in begun]

    def tick(self) -> None:
        """Write what could not be written before; tell of alarms that were held back."""
        self._write_results()
        if count := self._rate.told(self._clock.monotonic()):
            self._record_alarm(f"{count} more attempts")

    def _write_results(self) -> None:
        for command_id, (verb, answer) in list(self._unwritten.items()):
            self._write_result(command_id, verb, answer)
            del self._unwritten[command_id]

    def _write_result(self, command_id: str, verb: Verb, answer: Answer) -> None:
        execution, detail = answer
        text = "".join(c if c.isprintable() else "?" for c in detail[:300])
        result = Result(command=command_id, verb=verb, execution=execution, detail=text)
        with self._outbox.transaction() as db:
            values = (command_id, verb, execution)
            db.execute("INSERT OR REPLACE INTO command VALUES (?, ?, ?)", values)
            ledger.keep_state(db, {}, [_SEALED + command_id])
            self._outbox.append(db, Stream.AUDIT, "command.result", result, over_quota=True)

    def _refuse(self, command: Command, reason: str) -> None:
        self.alarm(f"{command.verb} by {command.operator}: {reason}")
        self._write_result(command.id, command.verb, (Execution.REFUSED, reason))

    # The alarms

    def alarm(self, reason: str) -> None:
        """Record one attempt that was refused."""
        if self._rate.allows(self._clock.monotonic()):
            self._record_alarm(reason)

    def _record_alarm(self, reason: str) -> None:
        with self._outbox.transaction() as db:
            fault = self._outbox.fault(db, "CommandRefused", reason)
            self._outbox.append(db, Stream.AUDIT, "health.fault", fault)


def under_way(outbox: Outbox) -> list[bytes]:
    """Return the commands that have begun and have no result yet, as central sealed them.

    Raises OutboxError.
    """
    state = outbox.state().items()
    return [message.encode() for key, message in state if key.startswith(_SEALED)]


async def obey(
    gate: CommandGate, message: bytes, execute: Execute, *, retained: bool = False
) -> None:
    """Execute ``message`` if it is to be believed. Raises OutboxError before anything acted."""
    if (command := gate.admit(message, retained=retained)) is None:
        return
    try:
        answer = await execute(command)
    except Exception as error:  # noqa: BLE001 whatever the lane raises, there is one result
        answer = (Execution.FAILED, f"{type(error).__name__}: {error}")
    try:
        gate.finish(command, answer)
    except OutboxError:
        return  # it acted; ``tick`` writes the result when the disk takes it again


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
