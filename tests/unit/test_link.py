import os
import socket
import threading
import time
from contextlib import suppress

import pytest

from drivers.errors import LinkLost
from drivers.link import SerialLink, SocketLink, open_link
from simulators.faults import LineFaults, inject, menu
from simulators.serve import on_pty, on_tcp


class Echo:
    """The simplest device: it says what it hears, and once unasked what it is told to."""

    def __init__(self) -> None:
        self.faults = LineFaults()
        self.unasked = b""
        self.time = 0.0

    def tick(self, seconds: float) -> None:
        self.time += seconds

    def receive(self, data: bytes) -> bytes:
        return data

    def transmit(self) -> bytes:
        said, self.unasked = self.unasked, b""
        return said


def read_until(link, size: int) -> bytes:
    got, deadline = b"", time.monotonic() + 30
    while len(got) < size and time.monotonic() < deadline:
        got += link.read(0.1)
    return got


def insist(call) -> None:
    for _ in range(100):
        call()


@pytest.fixture(params=[on_pty, on_tcp])
def served(request):
    device = Echo()
    with request.param(device) as address:
        link = open_link(address, 9600)
        yield device, link
        link.close()


def test_every_byte_value_passes_both_ways(served) -> None:
    _, link = served
    everything = bytes(range(256)) * 4
    link.write(everything)
    assert read_until(link, len(everything)) == everything


def test_a_device_may_speak_unasked(served) -> None:
    device, link = served
    link.write(b"x")
    assert read_until(link, 1) == b"x"
    device.unasked = b"hello"
    assert read_until(link, 5) == b"hello"


def test_silence_returns_nothing_in_time(served) -> None:
    _, link = served
    took = []
    for _ in range(5):  # a busy machine may hold one of them up
        start = time.monotonic()
        assert link.read(0.03) == b""
        assert link.read(0) == b""
        took.append(time.monotonic() - start)
    assert 0.02 < min(took) < 0.5


def test_time_passes_for_the_device(served) -> None:
    device, link = served
    link.write(b"x")
    read_until(link, 1)
    deadline = time.monotonic() + 30
    while device.time == 0.0 and time.monotonic() < deadline:
        link.read(0.01)
    assert device.time > 0


def test_closing_twice_is_harmless_and_use_after_is_lost(served) -> None:
    _, link = served
    link.close()
    link.close()
    with pytest.raises(LinkLost):
        link.write(b"x")
    with pytest.raises(LinkLost):
        link.read(0.01)


@pytest.mark.parametrize(
    "url",
    ["/dev/does-not-exist", "socket://127.0.0.1:1", "socket://127.0.0.1:99999", "nonsense://x"],
)
def test_nothing_there_is_a_link_lost_that_names_it(url: str) -> None:
    with pytest.raises(LinkLost, match=url[:12]):
        open_link(url)


def test_a_peer_that_hangs_up_is_lost_and_can_be_reached_again() -> None:
    device = Echo()
    with on_tcp(device) as address:
        link = open_link(address)
        device.faults.hang_up = 1
        with pytest.raises(LinkLost, match="hung up"):
            insist(lambda: link.read(0.05))
        link.close()
        again = open_link(address)
        again.write(b"back")
        assert read_until(again, 4) == b"back"
        again.close()


def test_a_terminal_that_goes_away_is_lost() -> None:
    with on_pty(Echo()) as path:
        link = SerialLink(path)
    with pytest.raises(LinkLost):
        insist(lambda: link.read(0.01))
    link.close()


def test_a_serial_line_waits_for_nobody() -> None:
    device = Echo()
    device.unasked = bytes(100_000)  # far more than a terminal holds
    with on_pty(device) as path:
        start, deadline = device.time, time.monotonic() + 30
        while device.time < start + 0.3:  # its time goes on although nobody reads
            assert time.monotonic() < deadline
            time.sleep(0.01)
        link = SerialLink(path)
        while link.read(0.05):
            pass
        link.write(b"x")
        assert read_until(link, 1) == b"x"
        link.close()


def test_a_port_in_use_is_not_shared() -> None:
    with on_pty(Echo()) as path:
        link = SerialLink(path)
        with pytest.raises(LinkLost):
            SerialLink(path)
        link.close()


def test_a_peer_that_takes_nothing_is_lost_in_the_end(monkeypatch) -> None:
    monkeypatch.setattr("drivers.link.WRITE_WITHIN", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        link = SocketLink(f"socket://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(LinkLost, match="stopped"):
            insist(lambda: link.write(bytes(1 << 20)))
        link.close()


def test_no_thread_and_no_descriptor_outlives_the_port() -> None:
    before = held()
    for serve in (on_pty, on_tcp):
        with serve(Echo()) as address:
            link = open_link(address)
            link.close()
    assert held() <= before, "and what ends meanwhile of the tests before is no matter"


def held() -> set[object]:
    """Return every thread, and every descriptor with what it is of."""
    found: set[object] = set(threading.enumerate())
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the listing itself
            found.add((number, os.readlink(f"/proc/self/fd/{number}")))
    return found


def test_a_short_answer_over_tcp_is_fast() -> None:
    with on_tcp(Echo()) as address:
        link = open_link(address)
        took = []
        for _ in range(20):
            start = time.monotonic()
            link.write(b"a")
            link.write(b"b")
            read_until(link, 2)
            took.append(time.monotonic() - start)
        assert min(took) < 0.03  # s; each would take 0.04 with Nagle's algorithm on
        link.close()


def test_the_menu_of_faults() -> None:
    faults = LineFaults()
    assert "garble" in menu(faults)
    assert "seed" not in menu(faults)
    inject(faults, "garble", 2)
    frame = b"\x00" * 8
    assert [sum(x.bit_count() for x in faults.spoil(frame)) for _ in range(3)] == [1, 1, 0]
    inject(faults, "truncate")
    assert faults.spoil(frame) == frame[:4]
    inject(faults, "mute")
    assert faults.spoil(frame) == b""
    inject(faults, "noise")
    assert faults.spoil(frame).endswith(frame)
    with pytest.raises(ValueError, match="garble"):
        inject(faults, "gremlins")
