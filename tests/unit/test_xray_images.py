"""Picture files, good and bad: a transmission or an error that names what is wrong."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.scanner.images import ImageError, declared_size, load

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
    data = bytearray(cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes())
    struct.pack_into(">II", data, 16, 200_000, 200_000)
    path = tmp_path / "bomb.png"
    path.write_bytes(bytes(data))
    with pytest.raises(ImageError, match="200000×200000"):
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
    assert declared_size(data) == (37, 91)
