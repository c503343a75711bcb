"""What may become of a projected threat. The table is all of it: it commands no lane.

1. A projection is only ever made of an item that was found clear and was released, or into a copy
   that is shown for review: ``admissible`` says whether. The item itself is never touched.
2. It is shown to one operator, once. Finding the threat is a hit, clearing the picture is a miss;
   an answer given for another reason (a real alarm on the same picture) spoils it.
3. It resolves by itself: every phase in which it is open has a deadline, and the deadline ends it.
   Then, or once answered, it is revealed; nothing follows but a count and a word to the operator.
4. Whatever comes after the end is ignored; a late answer counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    """Where a projection stands."""

    WAITING = "waiting"
    SHOWN = "shown"
    CLOSED = "closed"


class Event(StrEnum):
    """What can happen to it."""

    OPENED = "opened"  # an operator has the picture on the screen
    SAID_THREAT = "said_threat"
    SAID_CLEAR = "said_clear"
    SPOILT = "spoilt"  # the item came back, or something real was found in the picture
    LATE = "late"  # its deadline has passed


class Effect(StrEnum):
    """What must then be done. None of it reaches a lane, and none may be added that does."""

    COUNT_HIT = "count_hit"
    COUNT_MISS = "count_miss"
    TELL_OPERATOR = "tell_operator"
    REVEAL = "reveal"  # the sealed record may be opened, and the picture is marked projected
    WITHDRAW = "withdraw"  # the picture leaves the queue


START = Phase.WAITING
STEPS: Mapping[tuple[Phase, Event], tuple[Phase, tuple[Effect, ...]]] = {
    (Phase.WAITING, Event.OPENED): (Phase.SHOWN, ()),
    (Phase.WAITING, Event.SPOILT): (Phase.CLOSED, (Effect.WITHDRAW, Effect.REVEAL)),
    (Phase.WAITING, Event.LATE): (Phase.CLOSED, (Effect.WITHDRAW, Effect.REVEAL)),
    (Phase.SHOWN, Event.SAID_THREAT): (
        Phase.CLOSED,
        (Effect.COUNT_HIT, Effect.REVEAL, Effect.TELL_OPERATOR),
    ),
    (Phase.SHOWN, Event.SAID_CLEAR): (
        Phase.CLOSED,
        (Effect.COUNT_MISS, Effect.REVEAL, Effect.TELL_OPERATOR),
    ),
    (Phase.SHOWN, Event.SPOILT): (
        Phase.CLOSED,
        (Effect.WITHDRAW, Effect.REVEAL, Effect.TELL_OPERATOR),
    ),
    (Phase.SHOWN, Event.LATE): (
        Phase.CLOSED,
        (Effect.WITHDRAW, Effect.REVEAL, Effect.TELL_OPERATOR),
    ),
}
# Nobody can answer a picture that is not open, nor open one twice; the end is the end.
IGNORED = frozenset(
    {
        (Phase.WAITING, Event.SAID_THREAT),
        (Phase.WAITING, Event.SAID_CLEAR),
        (Phase.SHOWN, Event.OPENED),
        *((Phase.CLOSED, event) for event in Event),
    }
)

DEADLINES: Mapping[Phase, float] = {
    Phase.WAITING: 1800.0,  # s; what nobody came to see in half an hour is no longer fresh
    Phase.SHOWN: 300.0,  # s; a decision takes seconds, EU rules end a shift after 20 minutes
}


def after(phase: Phase, event: Event) -> tuple[Phase, tuple[Effect, ...]]:
    """Return the next phase and what must be done; what is ignored changes nothing."""
    return STEPS.get((phase, event), (phase, ()))


def admissible(finding: str, disposition: str, in_lane: bool) -> bool:
    """Return whether a threat may be projected into a copy of this item's picture (rule 1).

    ``finding`` and ``disposition`` are the contract's words; ``in_lane`` is whether the item has
    not left yet.
    """
    return finding == "clear" and disposition == "release" and not in_lane
