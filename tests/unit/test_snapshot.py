"""Snapshots of trusted lists: sealed, numbered, never back, whole or not at all."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import signing
from contract.signing import Purpose, only
from edge.documents.passive_authentication import authenticate
from edge.documents.result import Verdict
from edge.documents.snapshot import MANIFEST, SnapshotError, current, install, make
from simulators.chip.issuer import DAY, State, passport
from tests.unit.issuing import IMAGE, LINES, TODAY, master_list

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KEYS = only(KEY.public_key())


@pytest.fixture(scope="module")
def state() -> State:
    return State("UT", TODAY)


@pytest.fixture
def source(tmp_path: Path, state: State) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "root.cer").write_bytes(state.der)
    (folder / "world.ml").write_bytes(master_list(state, [state.der]))
    (folder / "readme.txt").write_text("passed over")
    make(folder, 7, TODAY, KEY)
    return folder


def test_taken_over_and_used_without_the_source(source: Path, state: State, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert current(cache, KEYS) is None
    assert install(source, cache, KEYS).sequence == 7
    (source / "root.cer").unlink()
    kept = current(cache, KEYS)
    assert kept is not None
    assert sorted(kept.files) == ["root.cer", "world.ml"]
    store = kept.store()
    assert (store.as_of, store.problems, len(store)) == (TODAY, [], 1)
    files = passport(LINES, IMAGE, (3, 4), state.signer(TODAY - DAY, TODAY + DAY))
    assert authenticate(files, store, TODAY).verdict is Verdict.ACCEPT
    assert authenticate(files, store, TODAY + 29 * DAY).verdict is not Verdict.ACCEPT


def test_as_a_zip_file(source: Path, tmp_path: Path) -> None:
    packed = tmp_path / "lists.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in source.iterdir():
            archive.write(path, path.name)
    assert install(packed, tmp_path / "cache", KEYS).sequence == 7
    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(SnapshotError, match=r"lists\.zip"):
        install(packed, tmp_path / "cache", KEYS)


def test_never_back(source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    install(source, cache, KEYS)
    install(source, cache, KEYS)  # the very same: no word
    for sequence, made in ((6, TODAY + DAY), (7, TODAY + DAY), (8, TODAY - DAY)):
        make(source, sequence, made, KEY)
        with pytest.raises(SnapshotError, match="is no newer than 7"):
            install(source, cache, KEYS)
    make(source, 8, TODAY, KEY)
    assert install(source, cache, KEYS).sequence == 8
    make(source, 9, TODAY, KEY)
    install(source, cache, KEYS)
    assert len(list(cache.glob("0*"))) == 2  # this one and the one before


def test_the_newest_is_missed_when_it_is_gone(source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    install(source, cache, KEYS)
    make(source, 8, TODAY, KEY)
    install(source, cache, KEYS)
    newest = cache / f"{8:016d}"
    (newest / MANIFEST).rename(newest / "elsewhere")
    with pytest.raises(SnapshotError, match="cannot be read"):
        current(cache, KEYS)
    (cache / "newest").write_text("x")
    with pytest.raises(SnapshotError, match="import again"):
        current(cache, KEYS)


@pytest.mark.parametrize("name", ["root.cer", "world.ml", MANIFEST])
def test_a_changed_file(name: str, source: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    install(source, cache, KEYS)
    kept = cache / f"{7:016d}" / name
    for place in (source / name, kept):
        raw = bytearray(place.read_bytes())
        raw[-3] ^= 1
        place.write_bytes(raw)
    with pytest.raises(SnapshotError):
        current(cache, KEYS)
    with pytest.raises(SnapshotError):
        install(source, tmp_path / "elsewhere", KEYS)


def test_whose_seal_it_is(source: Path, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="not trusted here"):
        install(source, tmp_path / "cache", only(OTHER.public_key()))
    body = (source / MANIFEST).read_bytes().partition(b"\n")[2]
    (source / MANIFEST).write_bytes(signing.seal(Purpose.BLOB, body, KEY))
    with pytest.raises(SnapshotError, match="does not hold"):
        install(source, tmp_path / "cache", KEYS)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"sequence": 0},
        {"made": "2026-06-01T00:00:00"},
        {"files": {}},
        {"colour": "red"},
        {"files": {"../root.cer": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"passwd": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"root.cer": {"size": 1 << 40, "sha256": "0" * 64}}},
    ],
)
def test_a_manifest_that_is_none(change: dict, source: Path, tmp_path: Path) -> None:
    body = json.loads((source / MANIFEST).read_bytes().partition(b"\n")[2]) | change
    sealed = signing.seal(Purpose.TRUST_LISTS, json.dumps(body).encode(), KEY)
    (source / MANIFEST).write_bytes(sealed)
    with pytest.raises(SnapshotError):
        install(source, tmp_path / "cache", KEYS)


def test_a_list_that_does_not_hold_keeps_all_out(source: Path, state: State, tmp_path) -> None:
    cache = tmp_path / "cache"
    install(source, cache, KEYS)
    (source / "world.ml").write_bytes(master_list(State("UT", TODAY), [state.der]))
    make(source, 8, TODAY, KEY)
    with pytest.raises(SnapshotError, match=r"8 is refused: world\.ml: no authority"):
        install(source, cache, KEYS)
    kept = current(cache, KEYS)
    assert kept is not None
    assert kept.sequence == 7


def test_a_power_cut_while_importing(source: Path, tmp_path: Path, monkeypatch) -> None:
    cache = tmp_path / "cache"
    install(source, cache, KEYS)
    make(source, 8, TODAY, KEY)
    for failing in range(1, 12):
        calls = [0]

        def cut(descriptor: int, calls=calls, failing=failing) -> None:
            calls[0] += 1
            if calls[0] == failing:
                raise InterruptedError

        monkeypatch.setattr(os, "fsync", cut)
        try:
            install(source, cache, KEYS)
        except InterruptedError:
            kept = current(cache, KEYS)
            assert kept is not None
            assert kept.sequence in (7, 8)
        else:
            break
    monkeypatch.undo()
    assert install(source, cache, KEYS).sequence == 8
