import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.capture import Recorder, Replay
from drivers.errors import LinkLost, NoAnswer, Refused
from drivers.gate.gate import Gate
from simulators.cable import Cable
from simulators.gate.device import FakeGate


class Script:
    """A link that says what it was told to, in order."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)
        self.closed = False

    def write(self, data: bytes) -> None:
        pass

    def read(self, timeout: float) -> bytes:
        return self.said.pop(0) if self.said else b""

    def close(self) -> None:
        self.closed = True


def record(path, content: bool = True) -> None:
    link = Recorder(
        Script(b"\x06", b"", b"\x15!"), path, content=content, clock=iter(range(99)).__next__
    )
    link.write(b"ask ")
    link.write(b"once")
    assert [link.read(1), link.read(1)] == [b"\x06", b""]
    link.write(b"again")
    assert link.read(1) == b"\x15!"
    link.close()


def test_a_recording_plays_back_whatever_the_chunks(tmp_path) -> None:
    record(tmp_path / "c")
    link = Replay(tmp_path / "c")
    assert link.read(0) == b""  # nothing is said before it was asked
    link.write(b"ask once")
    assert link.read(0) == b"\x06"
    link.write(b"a")
    link.write(b"gain")
    assert link.read(0) == b"\x15!"
    with pytest.raises(LinkLost):
        link.read(0)


@pytest.mark.parametrize("wrong", [b"ask twice", b"ask once more", b"x"])
def test_another_question_has_no_answer(tmp_path, wrong: bytes) -> None:
    record(tmp_path / "c")
    with pytest.raises(NoAnswer, match=wrong.hex()):
        Replay(tmp_path / "c").write(wrong)


def test_writing_where_the_device_spoke_is_a_deviation(tmp_path) -> None:
    record(tmp_path / "c")
    link = Replay(tmp_path / "c")
    link.write(b"ask once")
    with pytest.raises(NoAnswer):
        link.write(b"again")


def test_content_is_kept_only_when_asked(tmp_path) -> None:
    record(tmp_path / "c", content=False)
    text = (tmp_path / "c").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    assert b"ask".hex() not in text
    assert [(r["dir"], r["size"]) for r in rows[1:]] == [
        ("tx", 4), ("tx", 4), ("rx", 1), ("tx", 5), ("rx", 2),
    ]  # fmt: skip
    assert "personal data" in rows[0]["note"]
    assert (tmp_path / "c").stat().st_mode & 0o077 == 0
    with pytest.raises(ValueError, match="content"):
        Replay(tmp_path / "c")


def test_a_session_with_a_gate_plays_back(tmp_path) -> None:
    def session(link) -> object:
        gate = Gate(link)
        gate.heartbeat(1)
        gate.command_entry(open=True)
        with pytest.raises(Refused, match="other leaf not closed"):
            gate.command_exit(open=True)
        return gate.read()

    recorder = Recorder(Cable(FakeGate()), tmp_path / "c", content=True)
    seen = session(recorder)
    recorder.close()
    assert session(Replay(tmp_path / "c")) == seen


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=20)), max_size=12))
def test_any_conversation_survives(tmp_path_factory, talk) -> None:
    path = tmp_path_factory.mktemp("c") / "c"
    link = Recorder(Script(*(data for sent, data in talk if not sent)), path, content=True)
    for sent, data in talk:
        link.write(data) if sent else link.read(1)
    link.close()
    replay = Replay(path)
    for sent, data in talk:
        if sent:
            replay.write(data)
        else:
            assert replay.read(0) == data
