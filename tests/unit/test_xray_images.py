"""Picture files, good and bad: a transmission or an error that names what is wrong."""

import struct
import zlib
from datetime import UTC, datetime
from io import BytesIO

import cv2
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.formats import dicos_dx
from edge.scanner.formats.dicos_pixels import Compression
from edge.scanner.formats.raster import header
from edge.scanner.formats.record import Energy, Item, Scan, Scanner
from edge.scanner.images import ImageError, load

RAMP = np.linspace(0, 1, 60 * 80, dtype=np.float32).reshape(60, 80)


def write(path, *pages):
    good = cv2.imwritemulti(str(path), list(pages)) if len(pages) > 1 else cv2.imwrite(
        str(path), pages[0]
    )  # fmt: skip
    assert good
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_eight_bits(tmp_path, suffix):
    path = write(tmp_path / f"a.{suffix}", np.rint(RAMP * 255).astype(np.uint8))
    image = load(path)
    assert image.transmission.shape == (1, 60, 80)
    assert image.transmission.dtype == np.float32
    assert image.transmission[0] == pytest.approx(RAMP, abs=0.03)
    assert image.remarks == ()


@pytest.mark.parametrize("bits", [12, 14, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_files_may_use_fewer(tmp_path, suffix, bits):
    full = 2**bits - 1
    path = write(tmp_path / f"a.{suffix}", np.rint(RAMP * full).astype(np.uint16))
    assert load(path).transmission[0] == pytest.approx(RAMP, abs=2 / full)


def test_a_float_tiff_is_a_transmission(tmp_path):
    path = write(tmp_path / "a.tif", RAMP)
    assert load(path).transmission[0] == pytest.approx(RAMP)


def test_grey_saved_as_colour_is_grey(tmp_path):
    level = np.rint(RAMP * 255).astype(np.uint8)
    path = write(tmp_path / "a.png", np.dstack([level] * 3))
    assert load(path).transmission[0] == pytest.approx(level / 255)
    clear = write(tmp_path / "b.png", np.dstack([level] * 3 + [np.full_like(level, 255)]))
    assert load(clear).transmission[0] == pytest.approx(level / 255)


def test_two_energies_from_two_pages_or_two_files(tmp_path):
    low, high = ((RAMP * share * 65_535).astype(np.uint16) for share in (0.6, 1.0))
    both = load(write(tmp_path / "both.tif", low, high)).transmission
    pair = load(
        write(tmp_path / "high.png", high), low=write(tmp_path / "low.png", low)
    ).transmission
    assert both == pytest.approx(pair)
    assert both[0, 30, 40] < both[1, 30, 40]


def test_pages_and_pairs_that_do_not_fit_are_refused(tmp_path):
    level = (RAMP * 255).astype(np.uint8)
    one, other = write(tmp_path / "a.png", level), write(tmp_path / "b.png", level[:30])
    with pytest.raises(ImageError, match="different size: 80×30 and 80×60"):
        load(one, low=other)
    three = write(tmp_path / "c.tif", level, level, level)
    with pytest.raises(ImageError, match="3 pages"):
        load(three)
    two = write(tmp_path / "d.tif", level, level)
    with pytest.raises(ImageError, match="already holds two"):
        load(two, low=one)


def test_files_that_are_no_pictures_say_so(tmp_path):
    cases = {
        "empty.png": (b"", "empty"),
        "text.png": (b"not a picture at all", "not a PNG"),
        "short.jpg": (b"\xff\xd8\xff\xe0\x00", "breaks off"),
        "short.tif": (b"II*\0", "breaks off"),
        "loop.tif": (b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "no size"),
    }
    for name, (data, reason) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ImageError, match=reason):
            load(path)
    with pytest.raises(ImageError, match="cannot be read"):
        load(tmp_path / "missing.png")
    with pytest.raises(ImageError, match="cannot be read"):
        load(tmp_path)


def test_not_a_number_is_refused(tmp_path):
    broken = RAMP.copy()
    broken[3, 4] = np.nan
    with pytest.raises(ImageError, match="not numbers"):
        load(write(tmp_path / "a.tif", broken))


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    for side in (20_000, 200_000):
        path.write_bytes(png_of(side, side))
        with pytest.raises(ImageError, match=f"{side}×{side} pixels"):
            load(path)
    path.write_bytes(png_of(4, 4))
    assert load(path).transmission.shape == (1, 4, 4)


def png_of(columns, rows):
    """Return a PNG that says it is so large, its check sums right, its pixels 4×4."""
    data = bytearray(cv2.imencode(".png", np.full((4, 4), 9, np.uint8))[1].tobytes())
    struct.pack_into(">II", data, 16, columns, rows)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


def test_a_chunk_that_claims_two_gigabytes_is_not_believed(tmp_path):
    data = bytearray(png_of(4, 4))
    struct.pack_into(">I", data, data.find(b"IDAT") - 4, 0x7F00_0000)
    path = tmp_path / "a.png"
    path.write_bytes(bytes(data))
    with pytest.raises(ImageError, match="breaks off"):
        load(path)
    moving = struct.pack(">I", 8) + b"acTL" + bytes(8)
    moving += struct.pack(">I", zlib.crc32(moving[4:]))
    path.write_bytes(png_of(4, 4)[:33] + moving + png_of(4, 4)[33:])
    with pytest.raises(ImageError, match="animated"):
        load(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_torn_file_is_refused_wherever_it_breaks(tmp_path, suffix):
    noise = np.random.default_rng(1).integers(0, 255, (64, 64)).astype(np.uint8)
    data = cv2.imencode(f".{suffix}", noise)[1].tobytes()
    path = tmp_path / f"torn.{suffix}"
    for share in np.linspace(0.01, 0.97, 25):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(ImageError):
            load(path)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["png", "jpg", "tif"]), st.data())
def test_damage_gives_a_picture_or_a_reason(tmp_path_factory, suffix, data):
    good = bytearray(cv2.imencode(f".{suffix}", (RAMP * 255).astype(np.uint8))[1].tobytes())
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"a.{suffix}"
    path.write_bytes(bytes(good))
    try:
        shown = load(path).transmission
    except ImageError:
        return
    assert np.isfinite(shown).all()


@pytest.mark.parametrize(
    ("level", "shape", "remark"),
    [(0, (60, 80), "black"), (255, (60, 80), "saturated"), (128, (60, 80), "flat"),
     (128, (1, 1), "only 1×1")],
)  # fmt: skip
def test_pictures_that_say_little_are_read_with_a_remark(tmp_path, level, shape, remark):
    image = load(write(tmp_path / "a.png", np.full(shape, level, np.uint8)))
    assert remark in "; ".join(image.remarks)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_the_header_names_the_size(suffix):
    data = cv2.imencode(f".{suffix}", np.zeros((37, 91), np.uint8))[1].tobytes()
    found = header(data)
    assert (found.rows, found.columns, found.pages) == (37, 91, 1)


def dicos(path, *planes, **changes):
    """Write planes as frames of a DICOS image, by pydicom; return the path."""
    scan = Scan("i", Item("x"), Scanner(), datetime.now(UTC), planes[:1], pitch_mm=(1.5, 1.5))
    data = dicos_dx.encode(scan, Energy.HIGH, scan.began, Compression.NONE)
    found = pydicom.dcmread(BytesIO(data))
    found.NumberOfFrames, found.PixelData = len(planes), b"".join(p.tobytes() for p in planes)
    for name, value in changes.items():
        setattr(found, name, value)
    found.save_as(path)
    return path


LEVELS = np.rint(RAMP * 65_535).astype(np.uint16)


def test_dicos_is_a_picture_with_the_size_of_its_pixels(tmp_path):
    image = load(dicos(tmp_path / "a.dcs", LEVELS))
    assert image.transmission[0] == pytest.approx(RAMP, abs=1e-4)
    assert image.pitch_mm == 1.5
    two = load(dicos(tmp_path / "b.dcs", LEVELS // 2, LEVELS))
    assert two.transmission[0] == pytest.approx(RAMP / 2, abs=1e-4)


def test_dicos_is_scaled_by_the_depth_it_says(tmp_path):
    dark = load(dicos(tmp_path / "a.dcs", LEVELS >> 6))
    assert dark.transmission.max() == pytest.approx(1 / 64, abs=1e-3)
    ten = load(dicos(tmp_path / "b.dcs", LEVELS >> 6, BitsStored=10, HighBit=9))
    assert ten.transmission[0] == pytest.approx(RAMP, abs=2e-3)


def test_energies_keep_their_ratio(tmp_path):
    low, high = LEVELS // 8, LEVELS // 2
    both = load(write(tmp_path / "both.tif", low, high)).transmission
    assert both[0].max() == pytest.approx(both[1].max() / 4, rel=1e-3)


def test_exchanged_energies_are_refused(tmp_path):
    low = dicos(tmp_path / "low.dcs", LEVELS, ImageType=["ORIGINAL", "LOW ENERGY"])
    high = dicos(tmp_path / "high.dcs", LEVELS, ImageType=["ORIGINAL", "HIGH ENERGY"])
    assert load(high, low=low).transmission.shape == (2, 60, 80)
    with pytest.raises(ImageError, match="exchanged: the first is the high"):
        load(low, low=high)


def test_pixels_that_are_not_square_have_no_size(tmp_path):
    image = load(dicos(tmp_path / "a.dcs", LEVELS, ImagerPixelSpacing=["1", "2"]))
    assert image.pitch_mm is None
    assert "not square" in image.remarks[0]


def test_pairs_of_different_depth_are_refused(tmp_path):
    eight = write(tmp_path / "e.png", np.rint(RAMP * 255).astype(np.uint8))
    with pytest.raises(ImageError, match="different depth"):
        load(write(tmp_path / "h.png", LEVELS), low=eight)


def test_exchanged_bytes_are_refused(tmp_path):
    noise = np.random.default_rng(3).normal(0, 200, LEVELS.shape)
    scene = np.clip(LEVELS * 0.9 + noise, 0, 65_535).astype(np.uint16)
    load(write(tmp_path / "good.png", scene))
    with pytest.raises(ImageError, match="bytes of its pixels are exchanged"):
        load(write(tmp_path / "bad.png", scene.byteswap()))
    for tame in (LEVELS >> 8, (LEVELS >> 8) << 8, LEVELS >> 4, np.zeros_like(LEVELS)):
        load(write(tmp_path / "tame.png", tame))


def test_a_hundred_million_pixels_and_many_pages_are_refused_unread(tmp_path):
    data = bytearray(cv2.imencode(".tif", np.zeros((4, 4), np.uint8))[1].tobytes())
    (at,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, at)[0]):
        place = at + 2 + 12 * entry
        if struct.unpack_from("<H", data, place)[0] in (256, 257):
            struct.pack_into("<HII", data, place + 2, 4, 1, 10_000)
    path = tmp_path / "a.tif"
    path.write_bytes(bytes(data))
    with pytest.raises(ImageError, match="10000×10000 pixels"):
        load(path)
    many = write(tmp_path / "m.tif", *[np.zeros((4, 4), np.uint8)] * 30)
    with pytest.raises(ImageError, match="3 pages"):
        load(many)
    deep = np.zeros((4, 4, 4), np.float64)
    assert header(cv2.imencode(".tif", deep)[1].tobytes()).depth == 32


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_small_file_cut_anywhere_is_refused(tmp_path, suffix):
    noise = np.random.default_rng(1).integers(0, 255, (16, 16)).astype(np.uint8)
    data = cv2.imencode(f".{suffix}", noise)[1].tobytes()
    path = tmp_path / f"torn.{suffix}"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ImageError):
            load(path)
