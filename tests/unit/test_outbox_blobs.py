import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.uplink import blobs
from edge.uplink.blobs import BlobSpool
from edge.uplink.errors import DiskFull, SpoolFull
from tests.simulation.bad_luck import memory_folder

PAGE = b"\xff\xd8" + bytes(1000)


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        yield path / "spool"


def test_a_picture_is_kept_under_its_hash_and_survives_a_restart(folder: Path) -> None:
    blob = BlobSpool(folder).put(PAGE, "image/jpeg", personal=True)
    assert blob.sha256 == hashlib.sha256(PAGE).hexdigest()
    assert (blob.size, blob.media_type) == (len(PAGE), "image/jpeg")
    (held,) = BlobSpool(folder).pending()
    assert (held.blob, held.personal, held.path.read_bytes()) == (blob, True, PAGE)
    assert held.path.stat().st_mode & 0o077 == 0


def test_the_same_picture_twice_is_one(folder: Path) -> None:
    spool = BlobSpool(folder)
    assert spool.put(PAGE, "image/jpeg", personal=False) == spool.put(
        PAGE, "image/jpeg", personal=False
    )
    assert (len(spool.pending()), spool.bytes_held) == (1, len(PAGE))


def test_an_erased_picture_is_gone_from_the_disk(folder: Path) -> None:
    spool = BlobSpool(folder)
    blob = spool.put(PAGE, "image/jpeg", personal=True)
    spool.erase(blob.sha256)
    spool.erase(blob.sha256)
    assert not spool.holds(blob.sha256)
    assert list(folder.iterdir()) == []


def test_the_quota_holds_and_nothing_is_left_behind(folder: Path) -> None:
    spool = BlobSpool(folder, limit=1500)
    first = spool.put(PAGE, "image/jpeg", personal=False)
    with pytest.raises(SpoolFull, match="connect the lane"):
        spool.put(PAGE + b"x", "image/jpeg", personal=False)
    assert len(list(folder.iterdir())) == 1
    spool.erase(first.sha256)
    spool.put(PAGE + b"x", "image/jpeg", personal=False)


def test_what_a_crash_left_half_written_is_removed(folder: Path) -> None:
    folder.mkdir()
    (folder / f"{'0' * 64}.jpeg.plain.part").write_bytes(b"half")
    (folder / "notes.txt").write_text("not ours")
    spool = BlobSpool(folder)
    assert spool.pending() == []
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_full_disk_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = BlobSpool(folder)

    def no_room(path: Path, content: bytes) -> None:
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs, "_write_through", no_room)
    with pytest.raises(DiskFull, match="not kept"):
        spool.put(PAGE, "image/jpeg", personal=False)
    assert list(folder.iterdir()) == []
    assert spool.pending() == []


def test_a_media_type_that_is_none_of_ours_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="media_type"):
        BlobSpool(folder).put(PAGE, "text/html", personal=False)


def test_the_oldest_goes_first(folder: Path) -> None:
    spool = BlobSpool(folder)
    put = [spool.put(bytes([n]) * 10, "image/png", personal=False) for n in range(5)]
    assert [held.blob for held in spool.pending()] == put
