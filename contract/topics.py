"""Every MQTT topic in the system, and nothing else.

    bc/v1/ev/{p}/{site}/{unit}/{stream}   edge → central   QoS 1   what happened, in signed batches
    bc/v1/ack/{unit}/{stream}             central → edge   QoS 0   how far central has it on disk
    bc/v1/cmd/{unit}                      central → edge   QoS 1   never retained
    bc/v1/challenge/{unit}                edge → central   retained, the nonce a command must carry
    bc/v1/presence/{unit}                 edge → all       retained, and the last will
    bc/v1/twin/{unit}/desired             central → edge   retained, version only goes up
    bc/v1/twin/{unit}/reported            edge → central   retained
    bc/v1/state/central                   central → edge   retained

``v1`` is the major version of the contract: a unit never sees a message it cannot read. ``p`` is a
stable hash of the unit, so that a broker or a bridge can partition while each unit keeps its order.
"""

import hashlib
from enum import StrEnum
from typing import ClassVar, Literal

from contract.names import Address, Level, Message

ROOT = "bc/v1"
PARTITIONS = 64


class Stream(StrEnum):
    """What an event is about; each stream has its own sequence and its own quota."""

    DECISION = "decision"
    AUDIT = "audit"
    HEALTH = "health"
    TELEMETRY = "telemetry"


def partition(unit: str) -> int:
    """Return the partition of ``unit``: the first eight bytes of its SHA-256, modulo 64."""
    return int.from_bytes(hashlib.sha256(unit.encode()).digest()[:8], "big") % PARTITIONS


class Events(Message):
    """Where a unit publishes one stream of events."""

    site: Level
    unit: Level
    stream: Stream
    ALL: ClassVar[str] = f"{ROOT}/ev/+/+/+/+"

    def __str__(self) -> str:
        return f"{ROOT}/ev/{partition(self.unit)}/{self.site}/{self.unit}/{self.stream}"

    @property
    def address(self) -> Address:
        """The unit that speaks here."""
        return Address(site=self.site, unit=self.unit)


class Acknowledgements(Message):
    """Where central says how far it has a unit's stream."""

    unit: Level
    stream: Stream

    def __str__(self) -> str:
        return f"{ROOT}/ack/{self.unit}/{self.stream}"

    @staticmethod
    def every(unit: str) -> str:
        """Return the filter for all streams of ``unit``."""
        return f"{ROOT}/ack/{unit}/+"


class Commands(Message):
    """Where a unit listens for central."""

    unit: Level

    def __str__(self) -> str:
        return f"{ROOT}/cmd/{self.unit}"


class Challenges(Message):
    """Where a unit publishes the nonce that the next command must carry."""

    unit: Level
    ALL: ClassVar[str] = f"{ROOT}/challenge/+"

    def __str__(self) -> str:
        return f"{ROOT}/challenge/{self.unit}"


class Presences(Message):
    """Where a unit keeps its retained presence, and its last will."""

    unit: Level
    ALL: ClassVar[str] = f"{ROOT}/presence/+"

    def __str__(self) -> str:
        return f"{ROOT}/presence/{self.unit}"


class Twin(Message):
    """One side of a unit's configuration twin."""

    unit: Level
    side: Literal["desired", "reported"]

    def __str__(self) -> str:
        return f"{ROOT}/twin/{self.unit}/{self.side}"


class CentralState(Message):
    """Where central says that it is there."""

    def __str__(self) -> str:
        return f"{ROOT}/state/central"


Topic = Events | Acknowledgements | Commands | Challenges | Presences | Twin | CentralState


def parse(topic: str) -> Topic:  # noqa: C901 one case per topic
    """Return what ``topic`` is; raise ValueError, naming it, if it is none of ours."""
    match topic.split("/"):
        case ["bc", "v1", "ev", number, site, unit, stream]:
            events = Events(site=site, unit=unit, stream=Stream(stream))
            if number != str(partition(unit)):
                raise ValueError(f"{topic!r}: unit {unit} belongs in partition {partition(unit)}")
            return events
        case ["bc", "v1", "ack", unit, stream]:
            return Acknowledgements(unit=unit, stream=Stream(stream))
        case ["bc", "v1", "cmd", unit]:
            return Commands(unit=unit)
        case ["bc", "v1", "challenge", unit]:
            return Challenges(unit=unit)
        case ["bc", "v1", "presence", unit]:
            return Presences(unit=unit)
        case ["bc", "v1", "twin", unit, ("desired" | "reported") as side]:
            return Twin(unit=unit, side=side)
        case ["bc", "v1", "state", "central"]:
            return CentralState()
    raise ValueError(f"not a topic of {ROOT}: {topic!r}")
