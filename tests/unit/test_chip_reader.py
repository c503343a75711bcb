"""The virtual reader's frames, and how its two ends find each other."""

import socket
import sys
import threading
import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.chip_reader.chip_reader import Patience, open_reader
from drivers.chip_reader.meeting import address_of, call, meet
from drivers.chip_reader.virtual import VirtualReader
from drivers.chip_reader.vpcd import Control, Decoder, control, encode
from drivers.errors import Garbled, LinkLost, NoAnswer

QUICK = Patience(answer_within=0.2, card_within=2.0)
SOON = 30.0  # s; a deadline, not a wait


@pytest.mark.parametrize(
    ("payload", "frame"),
    [
        (bytes([Control.POWER_OFF]), "0001 00"),
        (bytes([Control.POWER_ON]), "0001 01"),
        (bytes([Control.RESET]), "0001 02"),
        (bytes([Control.GET_ATR]), "0001 04"),
        (bytes.fromhex("00A4040C07A0000002471001"), "000C 00A4040C07A0000002471001"),
        (b"\x90\x00", "0002 9000"),
    ],
)
def test_the_frames_of_the_document(payload: bytes, frame: str) -> None:
    assert encode(payload) == bytes.fromhex(frame)


def test_only_four_single_bytes_are_controls() -> None:
    assert [control(bytes([n])) for n in range(6)] == [
        Control.POWER_OFF, Control.POWER_ON, Control.RESET, None, Control.GET_ATR, None
    ]  # fmt: skip
    assert control(b"\x00\xa4") is None
    with pytest.raises(ValueError, match="65535"):
        encode(bytes(65_536))


@given(st.lists(st.binary(max_size=300), max_size=6), st.lists(st.integers(1, 40)))
def test_any_chunking(payloads: list[bytes], cuts: list[int]) -> None:
    stream, decoder, got = b"".join(encode(p) for p in payloads), Decoder(), []
    for cut in [*cuts, len(stream)]:
        got += decoder.feed(stream[:cut])
        stream = stream[cut:]
    got += decoder.feed(stream)
    assert got == payloads


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    reader = VirtualReader(ours, "here", SOON)
    with ours, theirs:
        theirs.settimeout(SOON)
        yield reader, theirs


def test_power_on_asks_for_the_atr(ends) -> None:
    reader, card = ends
    card.sendall(encode(b"late"))  # an answer to what nobody asked any more
    assert_after_power_on(reader, card, b"\x3b\x80\x80\x01\x01")
    card.sendall(encode(b"\x6a\x82"))
    assert reader.transmit(b"\x00\xb0\x00\x00\x00") == b"\x6a\x82"
    reader.close()
    reader.close()
    assert card.recv(99).endswith(bytes.fromhex("0005 00B0000000 0001 00"))


def assert_after_power_on(reader: VirtualReader, card: socket.socket, atr: bytes) -> None:
    answers: list[bytes] = []
    worker = threading.Thread(target=lambda: answers.append(reader.power_on()))
    worker.start()
    heard = b""
    while len(heard) < 9:
        heard += card.recv(9)
    assert heard == bytes.fromhex("0001 00 0001 01 0001 04")
    card.sendall(encode(atr))
    worker.join(SOON)
    assert answers == [atr]


def test_a_late_answer_is_never_taken_for_another(ends) -> None:
    reader, card = ends
    assert_after_power_on(reader, card, b"\x3b\x00")
    reader._answer_within = 0.1
    with pytest.raises(NoAnswer, match=r"0\.1 s"):
        reader.transmit(b"\x00\x84\x00\x00\x08")
    card.sendall(encode(b"late\x90\x00"))
    with pytest.raises(NoAnswer, match="not powered on"):
        reader.transmit(b"\x00\x84\x00\x00\x08")


def test_a_card_that_goes_away_is_a_lost_link(ends) -> None:
    reader, card = ends
    assert_after_power_on(reader, card, b"\x3b\x00")
    card.close()
    with pytest.raises(LinkLost):
        reader.transmit(b"\x00\x84\x00\x00\x08")
    with pytest.raises(LinkLost):
        reader.power_on()


def test_an_empty_answer_to_reset_is_garbled(ends) -> None:
    reader, card = ends
    timer = threading.Timer(0.02, card.sendall, [encode(b"")])
    timer.start()
    with pytest.raises(Garbled):
        reader.power_on()
    timer.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def test_whoever_listens_is_called() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = meet("127.0.0.1", listener.getsockname()[1], SOON)
        with line, listener.accept()[0]:
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_else_we_listen_and_are_called() -> None:
    port, lines = free_port(), []
    worker = threading.Thread(target=lambda: lines.append(meet("127.0.0.1", port, SOON)))
    worker.start()
    card = None
    while card is None and worker.is_alive():
        card = call("127.0.0.1", port)
    worker.join(SOON)
    assert card is not None
    with card, lines[0] as reader:
        reader.sendall(b"x")
        assert card.recv(1) == b"x"
        assert reader.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nobody_comes() -> None:
    with pytest.raises(NoAnswer, match="no card called"):
        open_reader(f"vpcd://127.0.0.1:{free_port()}", Patience(card_within=0.05))


def test_we_listen_on_the_loopback_only() -> None:
    with pytest.raises(LinkLost, match=r"loopback only|cannot reach"):
        open_reader(f"vpcd://0.0.0.0:{free_port()}", QUICK)


@pytest.mark.parametrize(
    "url", ["", "vpcd://", "vpcd://host:x", "http://h:1", "vpcd://h:99999", "h:1"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(LinkLost, match="no address"):
        open_reader(url, QUICK)
    assert address_of("tcp://localhost") == ("localhost", 35963)


def test_pcsc_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(LinkLost, match=r"install smart-border\[pcsc\]"):
        open_reader("pcsc:", QUICK)


class CardGone(Exception):
    pass


class Connection:
    """A card that says 9000 once and leaves."""

    said = False

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
    def getATR(self) -> list[int]:  # noqa: N802
        return [0x3B, 0x00]

    def transmit(self, apdu: list[int]) -> tuple[list[int], int, int]:
        if self.said:
            raise CardGone("removed")
        self.said = True
        return apdu, 0x90, 0x00


class CardRequest:
    def __init__(self, timeout: float, readers: list) -> None: ...
    def waitforcard(self) -> types.SimpleNamespace:
        return types.SimpleNamespace(connection=Connection())


def fake_pyscard(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Put a pyscard with readers of those names in place of the real one."""
    parts = {
        "System": {"readers": lambda: list(names)},
        "CardRequest": {"CardRequest": CardRequest},
        "Exceptions": {
            "SmartcardException": CardGone,
            "NoCardException": type("NoCard", (CardGone,), {}),
            "CardRequestTimeoutException": type("Late", (CardGone,), {}),
        },
    }
    monkeypatch.setitem(sys.modules, "smartcard", types.ModuleType("smartcard"))
    for name, content in parts.items():
        module = types.ModuleType(f"smartcard.{name}")
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, f"smartcard.{name}", module)


def test_a_pcsc_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pyscard(monkeypatch, "ACS ACR1252 PICC", "Other")
    reader = open_reader("pcsc://acr1252%20picc", QUICK)
    assert reader.power_on() == b"\x3b\x00"
    assert reader.transmit(b"\x00\x84") == b"\x00\x84\x90\x00"
    with pytest.raises(LinkLost, match="ACS ACR1252 PICC went away"):
        reader.transmit(b"\x00\x84")
    reader.close()
    with pytest.raises(LinkLost, match="there are: ACS ACR1252 PICC, Other"):
        open_reader("pcsc://nobody", QUICK)
