"""The size of a pixel, from PNG and TIFF: what a scanner can have, and nothing else."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.formats.resolution import pitch
from edge.scanner.images import load

PIXELS = np.random.default_rng(1).integers(9_000, 60_000, (24, 30)).astype(np.uint16)


def png(across, down, unit=1):
    """Return a PNG of PIXELS with a chunk pHYs behind its header (ISO/IEC 15948, 11.3.5.3)."""
    whole = cv2.imencode(".png", PIXELS)[1].tobytes()
    body = b"pHYs" + struct.pack(">IIB", across, down, unit)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    return whole[:33] + chunk + whole[33:]


def tiff(across, down, unit=3, order="<"):
    """Return a TIFF of PIXELS; resolutions are (above, below), ``unit`` None leaves it out."""
    entries = [
        (256, 3, 30), (257, 3, 24), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 0),
        (277, 3, 1), (278, 3, 24), (279, 4, PIXELS.nbytes), (282, 5, 0), (283, 5, 0),
    ]  # fmt: skip
    entries += [] if unit is None else [(296, 3, unit)]
    end = 8 + 2 + 12 * len(entries) + 4
    at = {282: end, 283: end + 8, 273: end + 16}
    mark = b"II*\0" if order == "<" else b"MM\0*"
    data = mark + struct.pack(order + "IH", 8, len(entries))
    for tag, kind, value in entries:
        form = "HHIHxx" if kind == 3 else "HHII"
        data += struct.pack(order + form, tag, kind, 1, at.get(tag, value))
    data += struct.pack(order + "I", 0) + struct.pack(order + "4I", *across, *down)
    return data + PIXELS.astype(order + "u2").tobytes()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(1000, 1000), 1.0),
        (png(667, 667), 1000 / 667),
        (png(10_000, 10_000), 0.1),
        (tiff((10, 1), (10, 1)), 1.0),
        (tiff((25, 2), (25, 2), order=">"), 0.8),
        (tiff((254, 10), (254, 10), unit=2), 1.0),
    ],
)
def test_what_a_scanner_can_have_is_believed(tmp_path, data, size):
    path = tmp_path / "a"
    path.write_bytes(data)
    image = load(path)
    assert image.pitch_mm == pytest.approx(size)
    assert image.transmission[0] == pytest.approx(PIXELS / 65_535, abs=1e-6)


@pytest.mark.parametrize(
    "data",
    [
        *[png(round(dots / 0.0254), round(dots / 0.0254)) for dots in (72, 96, 150, 300)],
        png(2834, 2834),  # 72 dots an inch, cut off
        png(1000, 1000, unit=0),
        png(0, 1000),
        png(99, 99),  # 10.1 mm
        png(20_001, 20_001),
        cv2.imencode(".png", PIXELS)[1].tobytes(),
        cv2.imencode(".tif", PIXELS)[1].tobytes(),
        tiff((72, 1), (72, 1), unit=2),
        tiff((300, 1), (300, 1), unit=2),
        tiff((1, 1), (1, 1), unit=2),
        tiff((10, 1), (10, 1), unit=1),
        tiff((10, 1), (10, 1), unit=None),  # inch by default, but nobody said so
        tiff((0, 1), (10, 1)),
        tiff((10, 0), (10, 1)),
    ],
)
def test_what_office_software_writes_is_not(tmp_path, data):
    path = tmp_path / "a"
    path.write_bytes(data)
    image = load(path)
    assert image.pitch_mm is None
    assert not image.remarks


def test_lines_come_first_and_pixels_that_are_not_square_have_no_size(tmp_path):
    assert pitch(png(1000, 500)) == pytest.approx((2.0, 1.0))
    assert pitch(tiff((10, 1), (5, 1))) == pytest.approx((2.0, 1.0))
    path = tmp_path / "a.png"
    path.write_bytes(png(1000, 500))
    assert load(path).pitch_mm is None
    assert "not square" in load(path).remarks[0]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([png(1000, 1000), tiff((10, 1), (10, 1))]), st.data())
def test_damage_says_nothing_or_something_credible(good, data):
    broken = bytearray(good[: data.draw(st.integers(0, len(good)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if broken:
            at = data.draw(st.integers(0, min(len(broken) - 1, 220)))
            broken[at] = data.draw(st.integers(0, 255))
    found = pitch(bytes(broken))
    assert found is None or all(0.05 <= side <= 10 for side in found)
