from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from central.audit.anchor import AnchorError, Anchors
from central.audit.chain import FIRST, Check, Line, line_hash

Chain = list[tuple[Line, str]]


def chain(length: int) -> Chain:
    entries: Chain = []
    previous = FIRST
    for seq in range(1, length + 1):
        line = Line(seq, "2026-03-01T08:00:00.000+00:00", "ann", "review.claim", f"i-{seq}", "{}")
        previous = line_hash(line, previous)
        entries.append((line, previous))
    return entries


def first_bad(entries: Chain, anchors: dict[int, str] | None = None) -> int | None:
    check = Check(anchors)
    check.feed(entries)
    check.end()
    return check.first_bad


def test_the_hash_is_the_one_that_other_tools_compute() -> None:
    # printf '%s' '{"action":"a","actor":"b","at":"c","detail":"{}","object":"d",
    # "previous":"000…0","seq":1}' | sha256sum, on one line and with 64 zeros
    line = Line(seq=1, at="c", actor="b", action="a", object="d", detail="{}")
    expected = "191aa3a4ca57ee0a42aac683e23b61d90487f3b6de6e1edad42a7a1732da5ece"
    assert line_hash(line, FIRST) == expected


@given(st.integers(0, 30))
def test_an_untouched_chain_holds(length: int) -> None:
    assert first_bad(chain(length)) is None


@given(st.integers(2, 20), st.data())
def test_any_change_drop_swap_or_insertion_is_found_at_its_place(
    length: int, data: st.DataObject
) -> None:
    entries = chain(length)
    at = data.draw(st.integers(0, length - 2))
    line, digest = entries[at]
    match data.draw(st.sampled_from(["actor", "detail", "hash", "drop", "swap", "double"])):
        case "actor":
            entries[at] = (replace(line, actor="eve"), digest)
        case "detail":
            entries[at] = (replace(line, detail='{"reason":"x"}'), digest)
        case "hash":
            entries[at] = (line, line_hash(line, "1" * 64))
        case "drop":
            del entries[at]
        case "swap":
            entries[at], entries[at + 1] = entries[at + 1], entries[at]
        case "double":
            entries.insert(at, entries[at])
            at += 1
    assert first_bad(entries) == at + 1


def test_a_chain_made_anew_holds_by_itself_but_not_against_its_anchor() -> None:
    entries = chain(5)
    anchors = {3: entries[2][1]}
    forged: Chain = []
    previous = FIRST
    for line, _ in entries:
        line = replace(line, actor="eve") if line.seq == 2 else line
        previous = line_hash(line, previous)
        forged.append((line, previous))
    assert first_bad(forged) is None
    assert first_bad(entries, anchors) is None
    assert first_bad(forged, anchors) == 3


def test_entries_cut_off_the_end_are_missed_by_their_anchor() -> None:
    entries = chain(5)
    assert first_bad(entries[:3]) is None
    assert first_bad(entries[:3], {5: entries[4][1]}) == 4


def test_anchors_are_read_back_and_forgeries_are_named(tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    anchors = Anchors(path, Ed25519PrivateKey.generate())
    assert anchors.read() == {}
    anchors.add(1, "a" * 64)
    anchors.add(7, "b" * 64)
    assert anchors.read() == {1: "a" * 64, 7: "b" * 64}
    text = path.read_text()
    for forged in (text.replace("\n7 ", "\n8 "), text.replace("b" * 64, "c" * 64), text + "junk\n"):
        path.write_text(forged)
        with pytest.raises(AnchorError, match=r"line [23] of"):
            anchors.read()
    path.write_text(text)
    with pytest.raises(AnchorError, match="line 1 of"):
        Anchors(path, Ed25519PrivateKey.generate()).read()
