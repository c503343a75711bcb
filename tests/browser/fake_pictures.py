"""Pictures for the console's tests: an X-ray of a packed suitcase, and a traveller who never lived.

The X-ray is I = AIR · exp(−τ), τ summed over the objects, at two energies: τ_low = R · τ_high with
R by material (1.2 for plastics, 1.9 for aluminium, 2.6 for steel), plus photon noise.
"""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Field = NDArray[np.float32]
Painter = Callable[[ImageDraw.ImageDraw], object]

WIDTH: Final = 2048
HEIGHT: Final = 1224
AIR: Final = 60_000.0
PHOTONS: Final = 20_000.0
PLASTIC, ALUMINIUM, STEEL = 1.2, 1.9, 2.6  # τ_low / τ_high
GUN: Final = {"x": 1180, "y": 420, "w": 420, "h": 300, "score": 0.93}
SEAM: Final = {"x": 8_180, "y": 22, "w": 20, "h": 20, "score": 0.5}  # where textures meet
BOTTLE: Final = {"x": 330, "y": 330, "w": 190, "h": 560, "score": 0.58}


@dataclass(frozen=True)
class File:
    """What central stores of a picture."""

    sha256: str
    body: bytes
    media_type: str
    width: int
    height: int
    bits: int


def raw(rows: NDArray[np.uint16]) -> File:
    """Return 16-bit rows as central sends them: little-endian, no header."""
    body = rows.astype("<u2").tobytes()
    height, width = rows.shape
    name = hashlib.sha256(body).hexdigest()
    return File(name, body, "application/octet-stream", width, height, 16)


@cache
def suitcase(seed: int, armed: bool = True) -> tuple[File, File]:
    """Return the high- and the low-energy picture of one suitcase; half a second each."""
    random = np.random.default_rng(seed)
    high = np.zeros((HEIGHT, WIDTH), np.float32)
    low = np.zeros_like(high)
    for tau, ratio in _objects(random, armed):
        high += tau
        low += np.float32(ratio) * tau
    return raw(_exposed(high, random)), raw(_exposed(low, random))


def halves(left: int, right: int) -> File:
    """Return two values side by side, with a dark and a bright strip for the window."""
    rows = np.full((400, 600), left, np.uint16)
    rows[:, 300:] = right
    rows[:40] = 2_000
    rows[-40:] = 60_000
    return raw(rows)


def ramp(width: int) -> File:
    """Return a picture wider than a texture, brighter by the same step at each column."""
    row = np.linspace(5_000, 60_000, width).astype(np.uint16)
    return raw(np.tile(row, (64, 1)))


def _exposed(tau: Field, random: np.random.Generator) -> NDArray[np.uint16]:
    share = np.exp(-tau)
    noise = random.standard_normal(tau.shape, np.float32) * np.sqrt(share / PHOTONS)
    exposed: NDArray[np.uint16] = np.clip((share + noise) * AIR, 1, 65_535).astype(np.uint16)
    return exposed


def _objects(random: np.random.Generator, armed: bool) -> list[tuple[Field, float]]:
    shell = _mask(lambda d: d.rounded_rectangle((180, 140, 1870, 1090), 70, outline=1, width=16))
    cloth = np.kron(random.random((51, 64), np.float32), np.ones((24, 32), np.float32))
    inside = _mask(lambda d: d.rectangle((196, 156, 1854, 1074), fill=1))
    gun = _mask(_draw_gun)
    battery = _mask(_draw_battery)
    path = (730, 780, 690, 560, 980, 500, 1130, 640, 1000, 780)
    wire = _mask(lambda d: d.line(path, fill=1, width=3))
    return [
        (0.35 * shell, PLASTIC),
        (0.18 * inside + 0.22 * inside * cloth[:HEIGHT, :WIDTH], PLASTIC),
        (1.3 * _cylinder(330, 330, 190, 560), PLASTIC),
        (0.9 * _cylinder(580, 300, 70, 420), ALUMINIUM),
        (0.8 * battery, ALUMINIUM),
        (0.5 * wire, STEEL),
        (3.4 * armed * gun, STEEL),
        (5.2 * _mask(lambda d: d.rectangle((1500, 800, 1740, 1010), fill=1)), STEEL),
    ]


def _draw_gun(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([(1190, 430), (1590, 430), (1590, 510), (1400, 520), (1380, 560), (1330, 560),
                  (1300, 530), (1280, 715), (1190, 715), (1225, 530)], fill=1)  # fmt: skip


def _draw_battery(draw: ImageDraw.ImageDraw) -> None:
    for left in range(700, 1060, 90):
        draw.rectangle((left, 780, left + 70, 960), fill=1)


def _mask(paint: Painter) -> Field:
    image = Image.new("L", (WIDTH, HEIGHT))
    paint(ImageDraw.Draw(image))
    return np.asarray(image, np.float32)


def _cylinder(x: int, y: int, width: int, height: int) -> Field:
    out = np.zeros((HEIGHT, WIDTH), np.float32)
    across = np.linspace(-1, 1, width, dtype=np.float32)
    out[y : y + height, x : x + width] = np.sqrt(1 - across**2)
    return out


def portrait(kind: str, shade: int) -> File:
    """Return a drawn face (``face``, ``portrait``) or a drawn data page (``page``), JPEG."""
    size = (1240, 870) if kind == "page" else (480, 600)
    image = Image.new("RGB", size, (206, 214, 206) if kind == "page" else (150, 160, 170))
    draw = ImageDraw.Draw(image)
    if kind == "page":
        _draw_page(draw, shade)
    else:
        _draw_face(draw, (60, 60, 420, 580), shade)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    body = out.getvalue()
    return File(hashlib.sha256(body).hexdigest(), body, "image/jpeg", *size, 8)


def _draw_page(draw: ImageDraw.ImageDraw, shade: int) -> None:
    _draw_face(draw, (70, 160, 370, 580), shade)
    for row in range(6):
        top, right = 180 + 70 * row, 450 + 90 * (7 - row % 4)
        draw.rectangle((450, top, right, top + 20), fill=(60, 66, 70))
    for line, top in ((_MRZ[:44], 700), (_MRZ[44:], 770)):
        draw.text((40, top), line, fill=(20, 20, 20), font_size=38)


_MRZ: Final = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
)
"""The specimen of ICAO Doc 9303-4."""


def _draw_face(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], shade: int) -> None:
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top

    def at(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return (left + wide * x0, top + tall * y0, left + wide * x1, top + tall * y1)

    draw.ellipse(at(0, 0.7, 1, 1.4), fill=(50, 60, 84))
    draw.ellipse(at(0.2, 0, 0.8, 0.75), fill=(shade, shade - 34, shade - 60))
    draw.chord(at(0.16, -0.06, 0.84, 0.5), 180, 360, fill=(52, 38, 30))
    for eye in (0.37, 0.63):
        draw.ellipse(at(eye - 0.05, 0.33, eye + 0.05, 0.38), fill=(30, 30, 34))
    draw.arc(at(0.37, 0.42, 0.63, 0.6), 20, 160, fill=(120, 60, 56), width=6)
