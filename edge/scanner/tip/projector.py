"""One projection from beginning to end: choose, place, insert, record, seal.

1. The item must be admissible (found clear, released, gone); else it is refused here as well.
2. All that is random follows from one seed; the record keeps it: ``again`` makes the same pixels
   if the scanner is taken to see as it did then, and refuses others.
3. The threat is drawn at random; one that fits nowhere gives way to the next, ``THREATS`` times.
4. Pictures are 16-bit transmission, as they travel; the record has their hashes, the picture none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.scanner.tip.insertion import Optics, insert
from edge.scanner.tip.placement import NoPlace, Place, find_place
from models.xray.tip.errors import TipError
from models.xray.tip.library import Library, Stamp
from models.xray.tip.record import Record, seal
from models.xray.tip.rules import DEADLINES, admissible

Image = NDArray[np.float32]
Image16 = NDArray[np.uint16]

FULL = 65_535  # as in the pictures that travel: full scale is transmission 1
THREATS = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """The item whose picture it is, in the contract's words."""

    item: str
    finding: str
    disposition: str
    in_lane: bool


@dataclass(frozen=True)
class Projection:
    """What may be shown (``planes`` (1 or 2, lines, pixels), ``sealed``) and what is kept apart."""

    name: str
    planes: Image16 = field(repr=False)
    sealed: str
    reveal_by: float
    record: Record = field(repr=False)
    nonce: bytes = field(repr=False)


@dataclass(frozen=True)
class Projector:
    """A scanner's own: its library, how it sees, and its pitch."""

    library: Library
    optics: Optics
    pitch_mm: float

    def project(
        self, planes: Image16, subject: Subject, name: str, seed: int, nonce: bytes, now: float
    ) -> Projection:
        """Return a projection into a copy of ``planes`` (1 or 2, lines, pixels), low energy first.

        Raises NoPlace where no threat fits, TipError for an item that must be left alone.
        """
        if not admissible(subject.finding, subject.disposition, subject.in_lane):
            raise TipError(
                f"item {subject.item} is {subject.finding}, {subject.disposition}: only one that "
                "was found clear, was released and has left may be projected into"
            )
        stamp, place, made = self._made(planes, seed)
        record = self._record(made, subject, name, seed, now, stamp, place)
        return Projection(name, made, seal(record, nonce), record.reveal_by, record, nonce)

    def again(self, planes: Image16, record: Record) -> Image16:
        """Return the projected picture of ``record`` once more, from the picture without.

        Raises TipError where it does not become that picture.
        """
        if record.library != self.library.sha256:
            raise TipError("that projection was made from another library; install it first")
        made = self._made(planes, record.seed)[2]
        if _hashes(made) != record.pictures:
            raise TipError("that projection was of another picture, or with other optics")
        return made

    def _made(self, planes: Image16, seed: int) -> tuple[Stamp, Place, Image16]:
        if planes.dtype != np.uint16:
            raise TipError(f"pictures travel as uint16, this one is {planes.dtype}")
        picture = planes.astype(np.float32) / np.float32(FULL)
        rng = np.random.default_rng(seed)
        stamp, place = self._placed(picture, rng)
        shown = insert(picture, place, self.optics, rng)
        return stamp, place, np.rint(np.clip(shown, 0, 1) * FULL).astype(np.uint16)

    def _placed(self, picture: Image, rng: np.random.Generator) -> tuple[Stamp, Place]:
        names = sorted(self.library.stamps)
        for name in rng.permutation(names)[:THREATS]:
            stamp = self.library.find(str(name))
            try:
                return stamp, find_place(picture, stamp, self.pitch_mm, rng)
            except NoPlace:
                continue
        raise NoPlace(f"none of {THREATS} threats fits into this item; take another item")

    def _record(
        self,
        made: Image16,
        subject: Subject,
        name: str,
        seed: int,
        now: float,
        stamp: Stamp,
        place: Place,
    ) -> Record:
        height, width = place.tau.shape[1:]
        return Record(
            projection=name,
            item=subject.item,
            threat=stamp.name,
            kind=stamp.kind,
            library=self.library.sha256,
            row=place.row,
            column=place.column,
            height=height,
            width=width,
            turns=place.turns,
            mirror=place.mirror,
            seed=seed,
            made_at=now,
            reveal_by=now + sum(DEADLINES.values()),
            pictures=_hashes(made),
        )


def _hashes(planes: Image16) -> tuple[str, ...]:
    return tuple(hashlib.sha256(plane.tobytes()).hexdigest() for plane in planes)
