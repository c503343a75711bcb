import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.document_reader.codec import (
    Detected,
    Dialect,
    Placed,
    Removed,
    Unreadable,
    decoder,
    encode,
    inquiry,
)
from drivers.document_reader.reader import DocumentReader
from drivers.errors import Garbled, LinkLost, NoAnswer
from drivers.patience import Patience
from drivers.rubbish import Rubbish
from simulators.cable import Cable, SimulatedTime
from simulators.document_reader.device import FakeDocumentReader

# The specimens of Doc 9303 parts 4, 5 and 6.
TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
TD2 = ("I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6")
EVENTS = [Detected(), Unreadable(), Removed(), Placed(TD3), Placed(TD1), Placed(TD2)]
DIALECTS = list(Dialect)


def feed(dialect: Dialect, stream: bytes, size: int = 1000) -> list:
    known = decoder(dialect)
    return [x for i in range(0, len(stream), size) for x in known.feed(stream[i : i + size])]


# Golden bytes, from docs/devices/document_reader.md, written there by hand ----------------------


def test_frames_of_the_document() -> None:
    assert encode(Removed(), Dialect.FRAMED) == b"\x02R\x03"
    assert encode(Removed(), Dialect.FRAMED_LRC) == b"\x02R\x03\x51"
    assert encode(Detected(), Dialect.FRAMED_LRC) == b"\x02D\x03\x47"
    assert encode(Unreadable(), Dialect.FRAMED_LRC) == b"\x02U\x03\x56"
    assert inquiry(Dialect.FRAMED_LRC) == b"\x02I\x03\x4a"
    assert inquiry(Dialect.LINES) == b"#INQUIRE\r\n"
    assert feed(Dialect.LINES, b"#REMOVED\r\n#DETECTED\r\n#UNREADABLE\r\n") == [
        Removed(),
        Detected(),
        Unreadable(),
    ]


def test_a_passport_in_each_dialect() -> None:
    first, second = (line.encode() for line in TD3)
    message = b"M" + first + b"\r" + second + b"\r"
    assert feed(Dialect.FRAMED, b"\x02" + message + b"\x03") == [Placed(TD3)]
    assert feed(Dialect.FRAMED_LRC, b"\x02" + message + b"\x03\x45") == [Placed(TD3)]
    assert feed(Dialect.LINES, first + b"\r\n" + second + b"\r\n") == [Placed(TD3)]


# Decoding under stress -------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DIALECTS), st.lists(st.sampled_from(EVENTS)), st.integers(1, 20))
def test_any_chunking(dialect: Dialect, events: list, size: int) -> None:
    assert feed(dialect, b"".join(encode(e, dialect) for e in events), size) == events


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([Dialect.FRAMED, Dialect.FRAMED_LRC]),
    st.lists(st.tuples(st.sampled_from(EVENTS), st.binary(max_size=20))),
    st.integers(1, 20),
)
def test_nothing_is_lost_between_noise(dialect: Dialect, talk: list, size: int) -> None:
    stream = b"".join(n.replace(b"\x03", b"") + encode(e, dialect) for e, n in talk)
    good = [x for x in feed(dialect, stream, size) if not isinstance(x, Rubbish)]
    assert good == [e for e, _ in talk]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.binary(max_size=20))), st.integers(1, 20))
def test_nothing_is_lost_between_noisy_lines(talk: list, size: int) -> None:
    stream = b"".join(
        n.translate(None, b"\r#") + b"\r\n" + encode(e, Dialect.LINES) for e, n in talk
    )
    good = [x for x in feed(Dialect.LINES, stream, size) if not isinstance(x, Rubbish)]
    assert good == [e for e, _ in talk]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DIALECTS), st.binary(max_size=600), st.integers(1, 50))
def test_rubbish_never_breaks_it_and_a_document_still_passes(dialect, noise, size) -> None:
    known = decoder(dialect)
    for i in range(0, len(noise), size):
        list(known.feed(noise[i : i + size]))
    for _ in range(600):
        if not known.half:
            break
        known.give_up()
        list(known.feed(b""))
    assert list(known.feed(encode(Placed(TD3), dialect))) == [Placed(TD3)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DIALECTS), st.integers(3, 90))
def test_a_cut_document_does_not_take_the_next_one_along(dialect: Dialect, cut: int) -> None:
    stream = encode(Placed(TD3), dialect)[:-cut] + b"\r\n" + encode(Placed(TD1), dialect)
    items = feed(dialect, stream)
    assert [x for x in items if not isinstance(x, Rubbish)] == [Placed(TD1)]
    assert len(items) > 1  # and the cut was said


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 92), st.integers(0, 7))
def test_one_wrong_bit_is_found_by_the_check_byte(place: int, bit: int) -> None:
    raw = bytearray(encode(Placed(TD3), Dialect.FRAMED_LRC))
    raw[place] ^= 1 << bit
    assert not any(isinstance(x, Placed) for x in feed(Dialect.FRAMED_LRC, bytes(raw)))


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"\x02Mabc\r\x03", "0x61 in column 1"),
        (b"\x02M" + b"<" * 44 + b"\r\x03", r"\[44\] characters"),
        (b"\x02M" + b"<" * 43 + b"\r\x03", "43 characters"),
        (b"\x02Q\x03", "unknown message"),
        (b"\x02" + b"<" * 200, "no end of frame"),
        (b"\x02M<<\x02R\x03", "cut short after 4"),
    ],
)
def test_what_is_wrong_is_said(stream: bytes, why: str) -> None:
    reader = DocumentReader(Cable(Says(stream), wait=lambda s: None), Dialect.FRAMED)
    with pytest.raises(Garbled, match=why):
        reader.poll(1)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (TD3[1].encode() + b"\r\n", "line 1 of 2 is not where it belongs"),
        (TD3[0].encode() + b"\r\n" + TD1[1].encode() + b"\r\n", "30 characters after one of 44"),
        (TD3[0].encode() + b"\r\n#REMOVED\r\n", "ended after 1 lines"),
        (TD1[2].encode() + b"\r\n", "begins with A, C or I"),
        (b"<" * 500, "no end of line"),
        (b"p<uto\r\n", "0x70 in column 1"),
    ],
)
def test_what_is_wrong_with_lines_is_said(stream: bytes, why: str) -> None:
    reader = DocumentReader(Cable(Says(stream), wait=lambda s: None), Dialect.LINES)
    with pytest.raises(Garbled, match=why):
        reader.poll(1)


class Says:
    """A device that says one thing once."""

    def __init__(self, stream: bytes) -> None:
        self.stream = stream

    def transmit(self) -> bytes:
        said, self.stream = self.stream, b""
        return said


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self, dialect: Dialect) -> None:
        self.device = FakeDocumentReader(dialect)
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.reader = DocumentReader(link, dialect, Patience(0.5, 2), self.time)


@pytest.fixture(params=DIALECTS)
def bench(request) -> Bench:
    return Bench(request.param)


@pytest.mark.parametrize("lines", [TD1, TD2, TD3])
def test_a_document_comes_and_goes(bench: Bench, lines) -> None:
    assert bench.reader.poll(0.1) is None
    bench.device.place(lines)
    assert bench.reader.poll(0.1) == Detected()
    assert bench.reader.poll(0.1) is None
    assert bench.reader.poll(1) == Placed(lines)
    assert bench.reader.poll(0.6) is None
    bench.device.remove()
    assert bench.reader.poll(0.1) == Removed()


def test_a_document_askew_is_unreadable(bench: Bench) -> None:
    bench.device.place(())
    assert [bench.reader.poll(1), bench.reader.poll(1)] == [Detected(), Unreadable()]


def test_a_document_taken_too_early_is_not_read(bench: Bench) -> None:
    bench.device.place(TD3)
    bench.time.advance(0.1)
    bench.device.remove()
    assert [bench.reader.poll(1) for _ in range(3)] == [Detected(), Removed(), None]


def test_after_a_lost_link_the_state_is_asked_for(bench: Bench) -> None:
    assert bench.reader.inquire() == Removed()
    bench.device.place(TD3)
    bench.device.tick(1)
    bench.device.transmit()  # said while nobody listened
    assert bench.reader.inquire() == Placed(TD3)
    bench.device.faults.mute = 1
    assert bench.reader.inquire() == Placed(TD3)
    bench.device.faults.mute = 2
    with pytest.raises(NoAnswer, match="document reader"):
        bench.reader.inquire()


@pytest.mark.parametrize("fault", ["wrong_character", "half_document", "truncate"])
def test_a_spoilt_document_is_garbled_and_the_next_is_read(bench: Bench, fault: str) -> None:
    bench.device.place(TD3)
    assert bench.reader.poll(0.1) == Detected()
    setattr(bench.device.faults, fault, 1)
    with pytest.raises(Garbled) as caught:
        bench.reader.poll(2)
    assert "ERIKSSON" not in str(caught.value)
    assert "ANNA" not in str(caught.value).upper()
    if fault == "wrong_character" and bench.reader._dialect is Dialect.LINES:
        with pytest.raises(Garbled):  # its second line has no first
            bench.reader.poll(2)
    bench.device.remove()
    assert bench.reader.poll(1) == Removed()
    bench.device.place(TD1)
    assert [bench.reader.poll(1), bench.reader.poll(1)] == [Detected(), Placed(TD1)]


def test_a_message_without_end_is_garbled(bench: Bench) -> None:
    bench.device.faults.over_long = 1
    bench.device.place(TD3)
    with pytest.raises(Garbled, match=r"no end|column"):
        bench.reader.poll(2)


def test_a_blind_reader_says_nothing(bench: Bench) -> None:
    bench.device.faults.blind = True
    bench.device.place(TD3)
    assert bench.reader.poll(2) is None


def test_what_is_read_is_not_in_the_repr() -> None:
    assert "ERIKSSON" not in repr(Placed(TD3))


def test_a_lost_link_passes_through() -> None:
    class Gone:
        def read(self, timeout: float) -> bytes:
            raise LinkLost("gone")

    with pytest.raises(LinkLost):
        DocumentReader(Gone()).poll(1)
