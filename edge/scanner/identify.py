"""Who and what an item is, besides its picture: asked of each device that is there.

1. All are asked at once, each with a limit of its own; one that fails or is late costs no other.
2. What stays unknown is *missing*, and told. Policy says of each whether a missing answer holds the
   item (a check that is unreadable) or is only noted.
3. Nothing here is asked of a device that the lane does not have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from contract.inspection import Check, Finding, Identity, Radiation
from drivers.errors import DriverError
from drivers.weighbridge.weighbridge import Weighbridge
from edge.runtime.worker import Worker
from edge.scanner.camera import CameraWatch
from edge.scanner.config import Identification, Wanted
from edge.scanner.container_number import Reading
from edge.scanner.manifests import Manifest, ManifestError, find
from edge.scanner.portal import NAME as RADIATION
from edge.scanner.portal import Passage, PortalWatch

WEIGHT, CONTAINER, PAPERS = "weight", "container-number", "manifest"


@dataclass(frozen=True)
class Known:
    """What is known of an item, the checks that came of it, and what is missing."""

    identity: Identity = field(default_factory=Identity)
    radiation: Radiation | None = None
    manifest: Manifest | None = None
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()  # through the portal

    def weighing(self, kilograms: float) -> Known:
        """Return this with its weight."""
        identity = self.identity.model_copy(update={"weight_kg": kilograms})
        return replace(self, identity=identity)

    def numbered(self, reading: Reading) -> Known:
        """Return this with its container number."""
        identity = self.identity.model_copy(update={"container": str(reading.number)})
        notes = self.notes
        if reading.repairs:
            notes = (*notes, f"container number repaired by its check digit: {reading.number}")
        return replace(self, identity=identity, notes=notes)

    def declared(self, manifest: Manifest) -> Known:
        """Return this with its papers."""
        papers = {"declared": manifest.id, "chapter": manifest.hs_chapter}
        identity = self.identity.model_copy(update=papers)
        return replace(self, identity=identity, manifest=manifest)

    def unusable(self, name: str, why: str) -> Known:
        """Return this with ``name`` unreadable, whatever the policy."""
        check = Check(name=name, finding=Finding.UNREADABLE, detail=why[:300])
        return replace(self, checks=(*self.checks, check))

    def missing(self, name: str, why: str, wanted: Wanted) -> Known:
        """Return this with ``name`` missing."""
        said = f"{name} is not known: {why}"[:300]
        if wanted.missing == "tell":
            return replace(self, notes=(*self.notes, said))
        return self.unusable(name, said)


Add = Callable[[Known], Known]
"""What an answer adds to what is known."""


class Question(Protocol):
    """Something that is asked about every item."""

    @property
    def name(self) -> str:
        """What the answer is called."""

    @property
    def wanted(self) -> Wanted:
        """How long to wait for it, and what if there is none."""

    def ask(self) -> Awaitable[Add]:
        """Return what the answer adds. Raises DriverError or TimeoutError where there is none."""


@dataclass(frozen=True)
class AskPortal:
    """Ask what the radiation portal counted."""

    watch: PortalWatch
    wanted: Wanted
    name: str = RADIATION

    async def ask(self) -> Add:
        """Return the portal's word."""
        word = await self.watch.word(self.wanted.within)
        if word is None:
            raise TimeoutError(f"the portal saw nothing pass within {self.wanted.within:g} s")
        said = word
        return lambda known: replace(
            known,
            radiation=said.radiation,
            checks=(*known.checks, said.check),
            passages=said.passages,
        )


@dataclass(frozen=True)
class AskWeighbridge:
    """Ask what it weighs."""

    worker: Worker[Weighbridge]
    wanted: Wanted
    name: str = WEIGHT

    async def ask(self) -> Add:
        """Return the weight at rest."""
        within = self.wanted.within
        reading = await asyncio.wrap_future(self.worker.ask(lambda bridge: bridge.weigh(within)))
        kilograms = reading.kilograms
        if kilograms is None or kilograms < 0:
            raise TimeoutError(f"the weighbridge shows {kilograms} kg")
        return lambda known: known.weighing(kilograms)


@dataclass(frozen=True)
class AskCamera:
    """Ask for the container's number."""

    watch: CameraWatch
    wanted: Wanted
    name: str = CONTAINER

    async def ask(self) -> Add:
        """Return the number, told as repaired where it was."""
        reading = await self.watch.number(self.wanted.within)
        return lambda known: known.numbered(reading)


def questions(
    how: Identification,
    watch: PortalWatch | None,
    weighbridge: Worker[Weighbridge] | None,
    camera: CameraWatch | None,
) -> list[Question]:
    """Return what can be asked on this lane."""
    asked: list[Question] = []
    if watch is not None:
        asked.append(AskPortal(watch, how.radiation))
    if weighbridge is not None:
        asked.append(AskWeighbridge(weighbridge, how.weight))
    if camera is not None:
        asked.append(AskCamera(camera, how.container))
    return asked


async def identify(asked: Sequence[Question]) -> Known:
    """Return what is known of the item at the barrier once all have answered or are late."""
    known = Known()
    answers = await asyncio.gather(*(_answer(question) for question in asked))
    for question, answer in zip(asked, answers, strict=True):
        if isinstance(answer, str):
            known = known.missing(question.name, answer, question.wanted)
        else:
            known = answer(known)
    return known


async def with_papers(known: Known, folder: Path | None, wanted: Wanted) -> Known:
    """Return ``known`` with the manifest of its container number, if there is a folder of them."""
    if folder is None:
        return known
    number = known.identity.container
    if number is None:
        return known.missing(PAPERS, "the container number is not known", wanted)
    try:
        async with asyncio.timeout(wanted.within):
            manifest = await asyncio.to_thread(find, folder, number)
    except TimeoutError:
        return known.missing(PAPERS, f"not read within {wanted.within:g} s", wanted)
    except ManifestError as error:
        return known.unusable(PAPERS, str(error))
    if manifest is None:
        return known.missing(PAPERS, f"there is none for {number}", wanted)
    return known.declared(manifest)


def unasked(asked: Sequence[Question], why: str) -> Known:
    """Return what is known of an item that could not be identified at all."""
    known = Known()
    for question in asked:
        known = known.missing(question.name, why, question.wanted)
    return known


GRACE = 0.5  # s beyond a question's own limit: then it hangs


async def _answer(question: Question) -> Add | str:
    """Return what the answer adds, or why there is none."""
    try:
        async with asyncio.timeout(question.wanted.within + GRACE):
            return await question.ask()
    except TimeoutError as error:
        return str(error) or f"no answer within {question.wanted.within:g} s"
    except DriverError as error:
        return str(error)
