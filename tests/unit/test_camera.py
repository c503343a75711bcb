import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.camera.camera import Camera, Frozen
from drivers.camera.codec import BadHead, StreamDecoder, request
from drivers.camera.sources import MotionJpeg, _public
from drivers.errors import Garbled, LinkLost, NoAnswer, Refused
from simulators.cable import Cable, SimulatedTime
from simulators.camera.device import FakeCamera

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n"
JPEG = b"\xff\xd8 picture \xff\xd9"


def part(body: bytes, length: int | None = None) -> bytes:
    size = b"" if length is None else b"Content-Length: %d\r\n" % length
    return b"--cut\r\nContent-Type: image/jpeg\r\n" + size + b"\r\n" + body + b"\r\n"


def feed(stream: bytes, size: int = 1 << 20) -> tuple[list[bytes], int]:
    decoder = StreamDecoder()
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    return [jpeg for chunk in chunks for jpeg in decoder.feed(chunk)], decoder.torn


# Bytes as in RFC 2046 §5.1 and RFC 1945, written by hand ----------------------------------------


def test_the_request() -> None:
    assert request("http://user:p%40ss@10.0.0.7:8080/video?fps=5").split(b"\r\n") == [
        b"GET /video?fps=5 HTTP/1.0",
        b"Host: 10.0.0.7:8080",
        b"Authorization: Basic dXNlcjpwQHNz",
        b"Accept: multipart/x-mixed-replace",
        b"",
        b"",
    ]


@pytest.mark.parametrize("length", [None, len(JPEG)])
@pytest.mark.parametrize("boundary", [b"cut", b'"cut"', b"--cut", b"cut; charset=x"])
def test_parts_with_and_without_length(length, boundary: bytes) -> None:
    head = HEAD.replace(b"cut", boundary)
    assert feed(head + part(JPEG, length) * 3 + b"--cut\r\n") == ([JPEG] * 3, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.lists(st.booleans(), max_size=6))
def test_any_chunking(size: int, lengths: list[bool]) -> None:
    stream = HEAD + b"".join(part(JPEG, len(JPEG) if known else None) for known in lengths)
    assert feed(stream + b"--cut\r\n", size) == ([JPEG] * len(lengths), 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(0, len(JPEG) - 1))
def test_a_torn_picture_is_counted_and_the_next_is_whole(size: int, kept: int) -> None:
    stream = HEAD + part(JPEG[:kept], len(JPEG)) + part(JPEG, len(JPEG))
    good, torn = feed(stream, size)
    assert good == [JPEG]
    assert torn == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 60))
def test_rubbish_between_parts_costs_nothing(noise: bytes, size: int) -> None:
    good, _ = feed(HEAD + noise.replace(b"--cut", b"") + part(JPEG, len(JPEG)), size)
    assert good == [JPEG]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 60), st.booleans())
def test_anything_at_all(noise: bytes, size: int, started: bool) -> None:
    try:
        feed((HEAD if started else b"") + noise, size)
    except BadHead:
        assert not started


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "404 Not Found"),
        (b"RTSP/1.0 200 OK\r\n\r\n", "not HTTP"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n", "text/html"),
        (b"HTTP/1.0 200 OK\r\n\r\n", "no type"),
        (b"x" * 9000, "no end of the head"),
    ],
)
def test_what_is_no_stream_is_said(head: bytes, why: str) -> None:
    with pytest.raises(BadHead, match=why):
        list(StreamDecoder().feed(head))


# Manners ---------------------------------------------------------------------------------------


class Bench:
    def __init__(self) -> None:
        self.scene = np.full((60, 80, 3), 120, np.uint8)
        self.device = FakeCamera(lambda n: self.scene, rate=10)
        self.time = SimulatedTime(self.device)
        link = Cable(self.device, self.time.advance)
        self.camera = Camera(MotionJpeg(link, "http://camera/video", self.time), 1.0, self.time)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_frames_are_numbered_timed_and_alive(bench: Bench) -> None:
    frames = [bench.camera.frame() for _ in range(30)]
    assert [f.sequence for f in frames] == list(range(1, 31))
    assert all(f.image.shape == (60, 80, 3) and f.image.dtype == np.uint8 for f in frames)
    assert frames[29].at - frames[0].at == pytest.approx(2.9, abs=0.02)
    assert abs(float(frames[0].image.mean()) - 120) < 2


def test_a_slow_host_gets_the_newest_picture(bench: Bench) -> None:
    bench.camera.frame()
    for grey in (10, 200):
        bench.scene = np.full((60, 80, 3), grey, np.uint8)
        bench.time.advance(0.5)
    assert bench.camera.frame().image.mean() > 190


def test_a_host_that_comes_back_late_passes_over_what_was_in_the_pipe() -> None:
    def coded(grey: int) -> bytes:
        _, jpeg = cv2.imencode(".jpg", np.full((8, 8, 3), grey, np.uint8))
        return part(bytes(jpeg), len(jpeg))

    class Pipe:
        def __init__(self, waiting: list[int], later: list[int]) -> None:
            self.waiting, self.later = HEAD + b"".join(map(coded, waiting)), later

        def write(self, data: bytes) -> None: ...

        def read(self, timeout: float) -> bytes:
            said, self.waiting = self.waiting, b""
            return said or (coded(self.later.pop(0)) if timeout and self.later else b"")

        def close(self) -> None: ...

    def grey(waiting: list[int], later: list[int]) -> int:
        ticks = iter(range(100))
        source = MotionJpeg(Pipe(waiting, later), "http://camera/", lambda: next(ticks) * 0.01)
        return int(Camera(source).frame(0.2).image.mean())

    assert grey([10], [250]) == 10  # in step
    assert grey([10, 20, 30], [40, 50, 60]) == 50  # 40 was half sent when the pipe was full
    assert grey([10, 20, 30], [40]) == 40  # better than none
    assert grey([10, 20, 30], []) == 30


@pytest.mark.parametrize("fault", ["freeze", "noiseless"])
def test_a_frozen_camera_is_found(bench: Bench, fault: str) -> None:
    bench.camera.frame()
    setattr(bench.device.faults, fault, True)
    for _ in range(9):
        bench.camera.frame()
    with pytest.raises(Frozen, match="same picture for 1"):
        [bench.camera.frame() for _ in range(4)]
    setattr(bench.device.faults, fault, False)
    bench.camera.frame()


def test_a_stalled_camera_is_no_answer(bench: Bench) -> None:
    bench.camera.frame()
    bench.device.faults.stall = True
    with pytest.raises(NoAnswer, match=r"no frame within 0.5"):
        bench.camera.frame(0.5)


def test_one_torn_picture_is_passed_over(bench: Bench) -> None:
    first = bench.camera.frame()
    bench.device.faults.torn = 1
    second = bench.camera.frame()
    assert second.at - first.at == pytest.approx(0.2, abs=0.02)
    assert abs(float(second.image.mean()) - 120) < 2


def test_nothing_but_torn_pictures_is_garbled(bench: Bench) -> None:
    bench.camera.frame()
    bench.device.faults.torn = 9
    with pytest.raises(Garbled, match="torn images"):
        bench.camera.frame(0.5)
    bench.device.faults.torn = 0
    assert bench.camera.frame().image.shape == (60, 80, 3)


def test_a_picture_of_rubbish_is_garbled() -> None:
    class Rubbish:
        said = HEAD + part(JPEG, len(JPEG))

        def write(self, data: bytes) -> None: ...

        def read(self, timeout: float) -> bytes:
            said, self.said = self.said, b""
            return said

        def close(self) -> None: ...

    with pytest.raises(Garbled, match="no image"):
        Camera(MotionJpeg(Rubbish(), "http://camera/")).frame()


@pytest.mark.parametrize(("fault", "error"), [("unavailable", LinkLost), ("forbidden", Refused)])
def test_a_refusing_camera(fault: str, error: type[Exception]) -> None:
    device = FakeCamera(lambda n: np.zeros((8, 8, 3), np.uint8))
    setattr(device.faults, fault, 1)
    with pytest.raises(error):
        Camera(MotionJpeg(Cable(device), "http://camera/")).frame()


def test_image_files_play_round_and_never_freeze(tmp_path) -> None:
    for grey in (0, 50):
        cv2.imwrite(str(tmp_path / f"{grey}.png"), np.full((4, 4, 3), grey, np.uint8))
    camera = Camera.open(str(tmp_path / "*.png"))
    assert [int(camera.frame().image[0, 0, 0]) for _ in range(4)] == [0, 50, 0, 50]
    (tmp_path / "50.png").write_bytes(b"no image")
    camera.frame()
    with pytest.raises(Garbled, match=r"50\.png"):
        camera.frame()
    camera.close()


@pytest.mark.parametrize(
    "address",
    ["/nowhere/*.png", "http://127.0.0.1:1/video", "/dev/video99", "rtsp://127.0.0.1:1/x"],
)
def test_nothing_there_is_a_lost_link(address: str) -> None:
    with pytest.raises(LinkLost):
        Camera.open(address, timeout=1)


def test_a_password_is_never_shown() -> None:
    assert _public("rtsp://user:secret@host/x") == "rtsp://host/x"
