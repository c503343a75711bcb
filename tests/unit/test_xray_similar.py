"""Similar cargo: alike loads have near descriptors; the index survives crashes, damage and orders
to forget."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.xray.similar import LENGTH, SimilarError, describe, packed, quantised, unpacked
from models.xray.similar_index import Entry, SimilarIndex
from simulators.world.cargo import consignment, pictured

CHAPTERS = ("17", "22", "44", "52", "73", "85")
EACH = 6


@pytest.fixture(scope="module")
def loads():
    found = [consignment(300 + k, chapter) for chapter in CHAPTERS for k in range(EACH)]
    pictures = [-np.log(pictured(load.tau, seed)) for seed, load in enumerate(found)]
    return np.array([load.chapter for load in found]), pictures


def precision(chapters, descriptors):
    likeness = descriptors @ descriptors.T
    np.fill_diagonal(likeness, -1)
    nearest = np.argsort(-likeness, axis=1)[:, :5]
    return (chapters[nearest] == chapters[:, None]).mean()


def test_the_nearest_are_mostly_of_the_same_chapter(loads):
    chapters, pictures = loads
    both = np.stack([describe(picture) for picture in pictures])
    one = np.stack([describe(picture[1]) for picture in pictures])
    chance = (EACH - 1) / (len(pictures) - 1)
    assert precision(chapters, both) > 3 * chance
    assert precision(chapters, one) > 2 * chance


def test_a_descriptor_is_of_unit_length_and_does_not_mind_noise_or_size(loads):
    _, pictures = loads
    picture = pictures[10]
    first = describe(picture)
    assert first.shape == (LENGTH,)
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    again = -np.log(pictured(picture.clip(0), 99))
    wider = np.pad(picture, ((0, 0), (40, 90), (5, 60)))
    double = picture.repeat(2, 1).repeat(2, 2)
    for other, least in ((again, 0.97), (wider, 0.99), (double, 0.95)):
        assert first @ describe(other) > least
    strangers = [describe(p) @ first for k, p in enumerate(pictures) if k // EACH != 10 // EACH]
    assert max(strangers) < first @ describe(double)


def test_nothing_to_compare_by_is_refused():
    for tau, why in (
        (np.zeros((100, 100)), "nothing lies"),
        (np.full((100, 100), 11.0), "black"),
        (np.full((100, 100), np.nan), "not numbers"),
        (np.ones((1, 1)), "1×1"),
        (np.ones((3, 100, 100)), "wanted optical depth"),
        (np.ones((100, 100), np.uint16), "wanted optical depth"),
    ):
        with pytest.raises(SimilarError, match=why):
            describe(tau)


@settings(max_examples=40, deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 2), st.integers(1, 40), st.integers(1, 40)),
        elements=st.floats(width=32),
    )
)
def test_any_picture_gives_a_descriptor_or_a_reason(tau):
    try:
        found = describe(tau)
    except SimilarError:
        return
    assert np.isfinite(found).all()
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-4)
    assert quantised(found).any()


def test_a_descriptor_travels_as_text(loads):
    descriptor = describe(loads[1][0])
    text = packed(descriptor)
    assert len(text) == 256
    assert (quantised(unpacked(text)) == quantised(descriptor)).all()
    for wrong in ("", text[:-4], text + "AAAA", "ä" * 256, text[:-1]):
        with pytest.raises(SimilarError):
            unpacked(wrong)


def some(count, seed=0):
    made = np.abs(np.random.default_rng(seed).standard_normal((count, LENGTH)))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def filled(folder, count=40, chapter="84"):
    index = SimilarIndex(folder)
    rows = some(count)
    assert index.add(Entry(chapter, f"p{k}", float(k), rows[k]) for k in range(count)) == count
    return index, rows


def test_the_best_come_first_and_only_of_the_chapter(tmp_path):
    index, rows = filled(tmp_path, 3000)
    with index:
        index.add([Entry("22", "elsewhere", 0.0, rows[7])])
        hits = index.search("84", rows[7])
        expected = np.argsort(-(rows @ rows[7]))[:5]
        assert hits[0].picture == "p7"
        assert hits[0].likeness == pytest.approx(1, abs=0.01)
        assert hits[0].at == 7.0
        assert [hit.likeness for hit in hits] == sorted((h.likeness for h in hits), reverse=True)
        assert len({hit.picture for hit in hits} & {f"p{k}" for k in expected}) >= 4
        assert "p7" not in {hit.picture for hit in index.search("84", rows[7], without="p7")}
        assert index.search("01", rows[7]) == ()
        assert index.counts() == {"22": 1, "84": 3000}
        assert len(index.search("84", rows[7], top=3000)) == 3000


def test_a_known_picture_stays_as_it_is(tmp_path):
    index, rows = filled(tmp_path)
    with index:
        same = [Entry("84", "p3", 99.0, rows[0]), Entry("84", "new", 1.0, rows[1])] * 2
        assert index.add(same) == 1
        assert index.search("84", rows[3])[0].at == 3.0
        assert index.damaged() == []


def test_what_is_forgotten_is_never_found_again(tmp_path):
    index, rows = filled(tmp_path)
    with index:
        assert index.forget("p7")
        assert not index.forget("p7")
        assert "p7" not in {hit.picture for hit in index.search("84", rows[7], top=40)}
        for k in range(35):
            index.forget(f"p{k}")
        assert len(index.search("84", rows[7])) == 5
    assert b"p7\x00" not in (tmp_path / "84.i8").read_bytes()


def test_it_is_still_there_after_closing_and_may_be_read_beside_a_writer(tmp_path):
    index, rows = filled(tmp_path)
    with index, SimilarIndex(tmp_path, writable=False) as reader:
        assert reader.search("84", rows[5])[0].picture == "p5"
        index.add([Entry("84", "later", 1.0, some(1, seed=9)[0])])
        assert reader.search("84", some(1, seed=9)[0])[0].picture == "later"
        for change in (lambda: reader.add([]), lambda: reader.forget("p5")):
            with pytest.raises(SimilarError, match="reading only"):
                change()
    with SimilarIndex(tmp_path) as again:
        assert again.search("84", rows[5])[0].picture == "p5"


def test_a_crash_between_numbers_and_record_leaves_no_trace(tmp_path):
    index, rows = filled(tmp_path)
    index.close()
    with (tmp_path / "84.i8").open("ab") as file:  # numbers written, never recorded, and torn
        file.write(b"\x7f" * (3 * LENGTH + 50))
    with SimilarIndex(tmp_path) as again:
        assert len(again.search("84", rows[0], top=100)) == 40
        again.add([Entry("84", "next", 1.0, rows[0])])
        assert again.damaged() == []
        assert {hit.picture for hit in again.search("84", rows[0], top=2)} == {"p0", "next"}


KILLED = """
import sys, numpy as np
from pathlib import Path
from models.xray.similar_index import Entry, SimilarIndex
index = SimilarIndex(Path(sys.argv[1]))
rows = np.eye(192, dtype=np.float32) / 2
k = 0
while True:
    index.add([Entry("84", f"k{k}", float(k), rows[k % 192])])
    print(k, flush=True)
    k += 1
"""


def test_what_was_said_to_be_kept_survives_a_kill(tmp_path):
    root = Path(__file__).parents[2]
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, stdout=subprocess.PIPE, text=True
    )
    try:
        said = [int(writer.stdout.readline()) for _ in range(12)]
    finally:
        writer.kill()
        rest = writer.communicate()[0].split()
    last = int(rest[-1]) if rest else said[-1]
    with SimilarIndex(tmp_path) as index:
        assert last + 1 <= index.counts()["84"] <= last + 2
        assert index.damaged() == []
        index.add([Entry("84", "after", 0.0, some(1)[0])])
        assert index.search("84", some(1)[0])[0].picture == "after"


def test_damaged_rows_are_no_hits_and_are_named(tmp_path):
    index, rows = filled(tmp_path)
    with index:
        file = tmp_path / "84.i8"
        content = bytearray(file.read_bytes())
        content[7 * LENGTH] ^= 0x01
        file.write_bytes(content[: 39 * LENGTH])
        assert sorted(index.damaged()) == ["p39", "p7"]
        hits = {hit.picture for hit in index.search("84", rows[7], top=40)}
        assert hits == {f"p{k}" for k in range(39)} - {"p7"}


def test_an_index_of_another_kind_or_none_is_refused(tmp_path):
    with pytest.raises(SimilarError, match="no index"):
        SimilarIndex(tmp_path / "none", writable=False)
    filled(tmp_path / "old")[0].close()
    with sqlite3.connect(tmp_path / "old/index.sqlite") as database:
        database.execute("UPDATE kind SET version = 0")
    database.close()
    with pytest.raises(SimilarError, match="other descriptors"):
        SimilarIndex(tmp_path / "old")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/index.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(SimilarError, match="bad"):
        SimilarIndex(tmp_path / "bad")


@pytest.mark.parametrize("chapter", ["", "8", "845", "../", "8a", "٢٢", "84\n"])
def test_what_is_no_chapter_names_no_file(tmp_path, chapter):
    with SimilarIndex(tmp_path) as index:
        with pytest.raises(SimilarError, match="two digits"):
            index.search(chapter, some(1)[0])
        with pytest.raises(SimilarError, match="two digits"):
            index.add([Entry(chapter, "p", 0.0, some(1)[0])])
    assert {path.suffix for path in tmp_path.iterdir()} == {".sqlite"}


def test_wrong_entries_are_refused_as_a_whole(tmp_path):
    good = Entry("84", "good", 0.0, some(1)[0])
    with SimilarIndex(tmp_path) as index:
        for bad in (
            Entry("84", "", 0.0, some(1)[0]),
            Entry("84", "p", float("nan"), some(1)[0]),
            Entry("84", "p", 0.0, np.full(LENGTH, np.nan, np.float32)),
            Entry("84", "p", 0.0, np.zeros(5, np.float32)),
        ):
            with pytest.raises(SimilarError):
                index.add([good, bad])
        assert index.counts() == {}


def test_threads_may_share_an_index(tmp_path):
    index, rows = filled(tmp_path)
    failed = []

    def work(number):
        try:
            for k in range(10):
                index.add([Entry("84", f"t{number}-{k}", 0.0, rows[k])])
                assert index.search("84", rows[k])
        except (SimilarError, AssertionError) as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with index:
        assert failed == []
        assert index.counts() == {"84": 70}
        assert index.damaged() == []
