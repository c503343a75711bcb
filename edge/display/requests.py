"""What a traveller may ask for at the screen, and what is made of it.

1. A request is a small JSON object, ``{"kind": …, "value": …}``, from our own page and no other:
   the page's address is this machine, by number or as localhost, so that no name can be pointed
   here from outside (DNS rebinding), and Origin and Host are the same.
2. Requests are rate-bounded, all together: there is one screen.
3. A wish holds for one passage and is forgotten with it. To ask twice is to ask once.
4. A request for help that follows an agreed pattern asks in silence (docs/decisions/0006). The
   answer to it, the page and the screen are the same as for any other: only the lane is told.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LONGEST = 200  # bytes of a request
BURST, PER_SECOND = 12, 2.0  # presses at once; then no finger is faster for long
PATTERN_WITHIN = 30.0  # s


class Kind(StrEnum):
    """What can be asked for."""

    MORE_TIME = "more-time"
    LOWER_CAMERA = "lower-camera"
    HELP = "help"
    LANGUAGE = "language"


SILENT = (Kind.MORE_TIME, Kind.MORE_TIME, Kind.MORE_TIME, Kind.HELP)
"""The pattern that asks in silence, unless the site agreed on another."""


class RequestError(Exception):
    """A request that is not heard; ``status`` is HTTP's word for it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Request(BaseModel):
    """One request. ``value`` is the language asked for, and empty for anything else."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    kind: Kind
    value: str = Field(default="", max_length=16, pattern=r"^[A-Za-z0-9-]*$")


@dataclass(frozen=True)
class Asked:
    """A request as the lane hears it. ``safeguarding``: in silence, for an officer alone."""

    kind: Kind
    safeguarding: bool = False


@dataclass(frozen=True)
class Wishes:
    """What the traveller of this passage asked for."""

    more_time: bool = False
    lower_camera: bool = False
    help: bool = False


def check_sender(host: str, origin: str, content_type: str) -> None:
    """Raise RequestError unless a request came from our own page, as JSON."""
    if not _is_here(host):
        raise RequestError(421, "the host must be this machine's address or localhost")
    if origin != f"http://{host}":
        raise RequestError(403, "only the gate's own page may ask")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(415, "a request is application/json")


def parse(body: bytes, offered: Sequence[str]) -> Request:
    """Return the request in ``body``; RequestError for anything that is not exactly one."""
    if len(body) > LONGEST:
        raise RequestError(413, f"a request has at most {LONGEST} bytes")
    try:
        request = Request.model_validate_json(body)
    except ValidationError as error:
        raise RequestError(400, f"not a request: {error.error_count()} faults") from error
    known = request.value in offered if request.kind is Kind.LANGUAGE else not request.value
    if not known:
        raise RequestError(400, f"{request.kind} does not take this value")
    return request


def _is_here(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


class Presses:
    """The presses of all buttons: not too many, and whether they make the silent pattern."""

    def __init__(self, clock: Callable[[], float], silent: Sequence[Kind] = SILENT) -> None:
        if silent and silent[-1] is not Kind.HELP:
            raise ValueError("the silent pattern must end in a request for help")
        self._clock = clock
        self._silent = list(silent)
        self._latest: deque[tuple[float, Kind]] = deque(maxlen=max(1, len(silent)))
        self._room, self._at = float(BURST), clock()

    def admit(self) -> None:
        """Count one press; RequestError if there were too many."""
        now = self._clock()
        self._room = min(float(BURST), self._room + (now - self._at) * PER_SECOND)
        self._at = now
        if self._room < 1:
            raise RequestError(429, "too many presses; wait a moment")
        self._room -= 1

    def asks_in_silence(self, kind: Kind) -> bool:
        """Take in one press; return whether it completes the silent pattern."""
        now = self._clock()
        self._latest.append((now, kind))
        recent = [pressed for at, pressed in self._latest if now - at <= PATTERN_WITHIN]
        return bool(self._silent) and recent == self._silent

    def forget(self) -> None:
        """Forget the pattern so far: the next traveller begins anew."""
        self._latest.clear()
