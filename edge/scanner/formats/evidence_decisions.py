"""Who decided on the item of an evidence bundle, and whether the operator's word is proved.

1. Every ``inspection.resolved`` of the trail is one operator's decision. Where there is none the
   lane decided by itself: there is no seal but the bundle's, and that is said.
2. A sealed command is as central sent it. Its seal is checked with the keys given for central; a
   command of another key was not checked, and that is said. One whose seal does not hold, or that
   the unit itself sealed, is wrong.
3. A command says what a decision of the trail says: unit, item, disposition, operator, reason. One
   that does not is wrong. A decision without a command rests on the unit's word alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from contract.command import Command, Verb
from contract.inspection import Resolved
from contract.signing import PublicKeys, Purpose, SealError, unseal
from edge.scanner.formats.evidence import TRAIL, Manifest, Role

RESOLVED = "inspection.resolved"
MOST_REASON = 300  # characters that a lane takes over of an operator's words
BY_LANE = "decided by the lane itself: there is no operator's command"


@dataclass(frozen=True)
class Decided:
    """Who decided, in words, and what of it is wrong."""

    told: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def decided(
    manifest: Manifest, read: Callable[[str], bytes], unit_key: str | None, centrals: PublicKeys
) -> Decided:
    """Return who decided. ``read`` gives a part's content; ``unit_key`` is what sealed the bundle.

    ``centrals`` are the keys by which central may have sealed a command.
    """
    open_ = _resolved(read(TRAIL)) if TRAIL in {entry.path for entry in manifest.parts} else []
    told, problems = [], []
    for entry in (entry for entry in manifest.parts if entry.role is Role.SIGNATURE):
        try:
            by, proof = _checked(read(entry.path), manifest, open_, unit_key, centrals)
        except SealError as error:
            problems.append(f"{entry.path}: {error}")
            continue
        open_.remove(by)
        told.append(f"{_words(by)}: {proof}")
    told += [f"{_words(by)}: its sealed command is not in the bundle" for by in open_]
    return Decided(tuple(told or ([] if problems else [BY_LANE])), tuple(problems))


def _resolved(trail: bytes) -> list[Resolved]:
    found = []
    for line in trail.splitlines():
        try:
            event = json.loads(line)
            if event.get("type") == RESOLVED:
                found.append(Resolved.model_validate(event["data"]))
        except (ValidationError, ValueError, KeyError, AttributeError):
            continue  # sealed as it was; no decision can be read off it
    return found


def _checked(
    message: bytes,
    manifest: Manifest,
    decisions: Sequence[Resolved],
    unit_key: str | None,
    centrals: PublicKeys,
) -> tuple[Resolved, str]:
    """Return the decision that the command gave, and what is known of its seal; or SealError."""
    head, _, body = message.partition(b"\n")
    name = head.split(b" ")[1].decode("ascii", "replace") if head.count(b" ") == 2 else ""
    proof = f"not checked: sealed by key {name}, which was not given as central's"
    if name == unit_key:
        raise SealError("sealed by the unit itself, not by central")
    if not name or centrals(name) is not None:
        unseal(Purpose.COMMAND, message, centrals)
        proof = f"proved: sealed by central (key {name})"
    try:
        command = Command.model_validate_json(body)
    except ValidationError as error:
        raise SealError(f"not a command: {error.errors()[0]['msg']}") from error
    return _decision(command, manifest, decisions), proof


def _decision(command: Command, manifest: Manifest, decisions: Sequence[Resolved]) -> Resolved:
    about, args = manifest.about, command.args
    if (command.unit, command.verb) != (about.unit, Verb.DECIDE_INSPECTION):
        raise SealError(f"{command.verb} for {command.unit} decides nothing on {about.unit}")
    said = (
        args.get("inspection"), args.get("disposition"), command.operator,
        str(args.get("reason", ""))[:MOST_REASON],
    )  # fmt: skip
    for by in decisions:
        if said == (about.inspection, by.disposition, by.operator, by.reason):
            return by
    raise SealError("the trail has no decision that says the same")


def _words(by: Resolved) -> str:
    return f"{by.disposition} by operator {by.operator}"
