"""Any other maker's ONNX recogniser, plugged in by a card: no code is touched.

1. A folder of the operator's holds ``NAME.onnx`` and ``NAME.toml``, a card as ours are
   (models/catalogue.py) with a table ``[feed]``: what the network is fed, and what it answers.
2. Fed: which channels, at which pixel size (or longest side), normalised as (value − mean) / scale,
   channels first or last, sides filled up with air to multiples of ``multiple``.
3. Answered: a heat map (1, kinds, h, w), or boxes (n, 6): left, top, right, bottom in pixels of its
   own input, score, and kind. Logits are made probabilities first where the card says so.
4. Its finding looks like our own recogniser's, so that both can be aggregated
   (models/xray/aggregate.py). What does not fit the card is refused, with the card's name.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.catalogue import Card, CatalogueError
from models.session import Session
from models.xray.segmenter import BadPicture, Finding, Region

Image = NDArray[np.float32]
Channel = Literal["high", "low", "tau_high", "tau_low", "ratio"]

LEAST = 1e-4  # of the open beam, for τ
LARGEST_VIEW = 32_000_000  # pixels of what a network is fed
COARSER = 1.25  # times what a network was trained for is as coarse as a picture may be
SHOWN = 0.5  # of the card's threshold: heat and boxes below this are not told


class Feed(BaseModel):
    """How a network is fed and read. Lengths are pixels of its input unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: tuple[Channel, ...] = Field(min_length=1, max_length=8)
    pitch_mm: float | None = Field(default=None, gt=0, description="pixel size it was trained for")
    longest: int | None = Field(default=None, ge=16, le=8192, description="or: its longest side")
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    layout: Literal["channels-first", "channels-last"] = "channels-first"
    multiple: int = Field(default=1, ge=1, le=256)
    answers: Literal["heat-map", "boxes"]
    logits: bool = False
    kinds: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.pitch_mm is None) == (self.longest is None):
            raise ValueError("give either pitch_mm or longest")
        for name, values in (("mean", self.mean), ("scale", self.scale)):
            if len(values) not in (1, len(self.channels)):
                raise ValueError(f"{name} has one value, or one for each channel")
        if 0 in self.scale:
            raise ValueError("scale must not be 0")
        return self


class RecogniserCard(Card):
    """A card that also says how the network is fed and read, and from which score it alarms."""

    role: Literal["xray-anomaly"]
    threshold: float = Field(ge=0, le=1)
    feed: Feed


class Recogniser:
    """One plugged-in network, ready to look at pictures."""

    def __init__(self, card: RecogniserCard, content: bytes, threads: int = 1) -> None:
        self.card = card
        try:
            self._session = Session(card, threads, content)
        except Exception as error:  # onnxruntime raises many kinds
            raise CatalogueError(f"recogniser {card.name}: not a model to run: {error}") from error

    def inspect(self, transmission: Image, pitch_mm: float | None = None) -> Finding:
        """Return what the network finds in a transmission (H, W) or (2, H, W), low energy first.

        Raises BadPicture where the card's channels or pitch cannot be had of the picture, and
        CatalogueError where the network does not answer as its card says.
        """
        planes = transmission[None] if transmission.ndim == 2 else transmission
        view = self._view(self._sized(_checked(planes), pitch_mm))
        rows, columns = view.shape[1:]
        try:
            answer = self._session.run({self._session.input_name: self._fed(view)})[0]
        except Exception as error:  # as above
            raise CatalogueError(f"recogniser {self.card.name}: failed: {error}") from error
        shape = (planes.shape[1], planes.shape[2])
        read = _READ[self.card.feed.answers]
        return read(self.card, _probable(self.card, answer), (rows, columns), shape)

    def _sized(self, planes: Image, pitch_mm: float | None) -> Image:
        feed, (rows, columns) = self.card.feed, planes.shape[1:]
        if feed.longest is not None:
            factor = feed.longest / max(rows, columns)
        elif pitch_mm is None or feed.pitch_mm is None:
            raise BadPicture(f"recogniser {self.card.name} needs the pixel size of the picture")
        else:
            factor = pitch_mm / feed.pitch_mm
            if factor > COARSER:
                raise BadPicture(
                    f"recogniser {self.card.name} was trained at {feed.pitch_mm:g} mm a pixel; "
                    f"this picture has {pitch_mm:g} mm, and what is finer cannot be made again"
                )
        factor = min(factor, float(np.sqrt(LARGEST_VIEW / (rows * columns))))
        size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        return np.stack([cv2.resize(plane, size, interpolation=how) for plane in planes])

    def _view(self, planes: Image) -> Image:
        missing = {"low", "tau_low", "ratio"} & set(self.card.feed.channels)
        if len(planes) == 1 and missing:
            raise BadPicture(
                f"recogniser {self.card.name} needs two energies for {sorted(missing)}"
            )
        return np.stack([_CHANNEL[name](planes) for name in self.card.feed.channels])

    def _fed(self, view: Image) -> Image:
        """Return the network's input: normalised, filled up with air, with a batch axis."""
        feed = self.card.feed
        count = len(feed.channels)
        high, wide = (-(-side // feed.multiple) * feed.multiple for side in view.shape[1:])
        air = np.array([_AIR[name] for name in feed.channels], np.float32)
        out = np.broadcast_to(air[:, None, None], (count, high, wide)).copy()
        out[:, : view.shape[1], : view.shape[2]] = view
        mean, scale = (
            np.broadcast_to(np.array(values, np.float32), (count,))[:, None, None]
            for values in (feed.mean, feed.scale)
        )
        normal = (out - mean) / scale
        turned = normal if feed.layout == "channels-first" else normal.transpose(1, 2, 0)
        return np.ascontiguousarray(turned[None], np.float32)


def plugged_in(folder: Path, threads: int = 1) -> list[Recogniser]:
    """Return the recognisers of an operator's folder, by name. Raises CatalogueError."""
    if not folder.is_dir():
        raise CatalogueError(f"{folder}: no such folder; give the one that holds the recognisers")
    return [_opened(path, threads) for path in sorted(folder.glob("*.toml"))]


def _opened(path: Path, threads: int) -> Recogniser:
    model = path.with_suffix(".onnx")
    try:
        card = RecogniserCard.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        content = model.read_bytes()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CatalogueError(f"recogniser {path.name}: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise CatalogueError(
            f"recogniser {model.name} has sha256 {found[:12]}…, its card says {card.sha256[:12]}…"
        )
    return Recogniser(card, content, threads)


def _checked(planes: Image) -> Image:
    if planes.ndim != 3 or planes.shape[0] not in (1, 2) or not planes.size:
        raise BadPicture(f"a picture is (H, W) or (2, H, W), not {planes.shape}")
    if not np.isfinite(planes).all():
        raise BadPicture("the picture holds values that are not numbers")
    return np.clip(planes, 0, 1).astype(np.float32, copy=False)


def _tau(plane: Image) -> Image:
    return -np.log(np.maximum(plane, np.float32(LEAST)))


def _ratio(planes: Image) -> Image:
    return np.asarray(_tau(planes[0]) / np.maximum(_tau(planes[-1]), 0.02), np.float32)


_CHANNEL: Mapping[Channel, Callable[[Image], Image]] = {
    "high": lambda planes: planes[-1],
    "low": lambda planes: planes[0],
    "tau_high": lambda planes: _tau(planes[-1]),
    "tau_low": lambda planes: _tau(planes[0]),
    "ratio": _ratio,
}
_AIR: Mapping[Channel, float] = {
    "high": 1.0, "low": 1.0, "tau_high": 0.0, "tau_low": 0.0, "ratio": 0.0,
}  # fmt: skip


def _probable(card: RecogniserCard, answer: NDArray[np.generic]) -> Image:
    found = np.array(answer, np.float32)
    if not np.isfinite(found).all():
        raise CatalogueError(f"recogniser {card.name}: its answer holds values that are no numbers")
    if card.feed.logits:
        where = found if card.feed.answers == "heat-map" else found[..., 4:5]
        where[...] = 1 / (1 + np.exp(-np.clip(where, -60, 60)))
    return found


def _heat_map(
    card: RecogniserCard, answer: Image, view: tuple[int, int], shape: tuple[int, int]
) -> Finding:
    """Read (1, kinds, h, w) probabilities that cover the filled-up input."""
    if answer.ndim != 4 or answer.shape[:2] != (1, len(card.feed.kinds)) or not answer.size:
        wanted = f"(1, {len(card.feed.kinds)}, h, w)"
        raise CatalogueError(f"recogniser {card.name}: answered {answer.shape}, not {wanted}")
    step = card.feed.multiple
    filled = [-(-side // step) * step for side in view]
    high, wide = (
        max(1, round(n * v / f)) for n, v, f in zip(answer.shape[2:], view, filled, strict=True)
    )
    heat = np.clip(answer[0, :, :high, :wide], 0, 1)
    cells = heat.max(0)
    hot = (cells > SHOWN * card.threshold).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(hot, connectivity=8)
    found = []
    for index in range(1, count):
        inside = heat[:, labels == index]
        x, y, w, h = (int(value) for value in boxes[index, :4])
        place = _placed((x, y, x + w, y + h), (high, wide), shape)
        kind = card.feed.kinds[int(inside.sum(1).argmax())]
        found.append(Region(*place, round(float(inside.max()), 4), kind))
    return _finding(float(cells.max()), found, np.ascontiguousarray(cells), shape)


def _boxes(
    card: RecogniserCard, answer: Image, view: tuple[int, int], shape: tuple[int, int]
) -> Finding:
    """Read (n, 6) or (1, n, 6) boxes."""
    rows = answer[0] if answer.ndim == 3 and answer.shape[0] == 1 else answer
    if rows.ndim != 2 or rows.shape[1] != 6:
        raise CatalogueError(f"recogniser {card.name}: answered {answer.shape}, not (n, 6)")
    found, cells, score = [], np.zeros(view, np.float32), 0.0
    for left, top, right, bottom, sure, kind in rows.tolist():
        if not (0 <= sure <= 1 and 0 <= int(kind) < len(card.feed.kinds)):
            raise CatalogueError(f"recogniser {card.name}: score {sure} or kind {kind} is none")
        score = max(score, sure)
        x, y = np.clip([left, right], 0, view[1]), np.clip([top, bottom], 0, view[0])
        if sure > SHOWN * card.threshold and x[1] > x[0] and y[1] > y[0]:
            place = _placed((x[0], y[0], x[1], y[1]), view, shape)
            found.append(Region(*place, round(sure, 4), card.feed.kinds[int(kind)]))
            part = cells[int(y[0]) : int(np.ceil(y[1])), int(x[0]) : int(np.ceil(x[1]))]
            np.maximum(part, np.float32(sure), out=part)
    return _finding(score, found, cells, shape)


def _placed(
    box: tuple[float, float, float, float], view: tuple[int, int], shape: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return left, top, width, height in pixels of the picture for corners in a view of it."""
    y, x = shape[0] / view[0], shape[1] / view[1]
    left, top = int(box[0] * x), int(box[1] * y)
    right, bottom = min(int(np.ceil(box[2] * x)), shape[1]), min(int(np.ceil(box[3] * y)), shape[0])
    return left, top, max(right - left, 1), max(bottom - top, 1)


def _finding(score: float, found: list[Region], cells: Image, shape: tuple[int, int]) -> Finding:
    ordered = tuple(sorted(found, key=lambda region: -region.score))
    return Finding(score, ordered, 0.0, cells, shape)


_READ = {"heat-map": _heat_map, "boxes": _boxes}
