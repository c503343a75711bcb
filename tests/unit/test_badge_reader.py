"""OSDP's frames and secure channel against captures of others, and the reader in simulated time."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.badge_reader.frames import (
    MAC,
    REPLY,
    SOM,
    Decoder,
    Frame,
    crc16,
    encode,
)
from drivers.badge_reader.key_file import load_key, new_key
from drivers.badge_reader.messages import Command, Reply, event, identity, knows_secure_channel
from drivers.badge_reader.reader import (
    BadgeReader,
    CardRead,
    Colour,
    Format,
    NotSecure,
    Tamper,
    commission,
)
from drivers.badge_reader.secure_channel import (
    CHALLENGE,
    DEFAULT_KEY,
    FIRST_MAC,
    ITS_CRYPTOGRAM,
    OUR_CRYPTOGRAM,
    Handshake,
    Session,
)
from drivers.errors import DriverError, Garbled, LinkLost, NoAnswer, Refused
from drivers.rubbish import Rubbish
from simulators.badge_reader.device import FakeBadgeReader
from simulators.cable import Cable, SimulatedTime

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "serial" / "osdp"
here = pytest.mark.skipif(not SHARED.exists(), reason=f"no shared material at {SHARED}")
KEY = bytes(range(0x10, 0x20))


def h(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", " "))


def feed(stream: bytes, size: int = 2000) -> list:
    decoder = Decoder()
    return [x for i in range(0, len(stream), size) for x in decoder.feed(stream[i : i + size])]


def captured(name: str) -> list[tuple[bytes, Frame]]:
    rows = [json.loads(line)["data"] for line in (SHARED / name).read_text().splitlines()]
    found = []
    for raw in map(h, rows):
        (frame,) = feed(raw, 1)
        assert isinstance(frame, Frame)
        found.append((raw, frame))
    return found


# Golden bytes ----------------------------------------------------------------------------------


def test_frames_of_the_standard() -> None:
    # SIA OSDP Annex E as printed in libosdp's unit tests: COMSET and ID, CRC and checksum.
    assert crc16(h("537F0D00046E0080250000")) == 0x386E
    assert encode(Frame(0, 0, Command.ID, b"\0")) == h("ff 53000900046100 c066")
    assert encode(Frame(0, 0, Command.ID, b"\0", crc=False)) == h("ff 53000800006100 44")
    broadcast = Frame(0x7F, 0, 0x6E, h("0080250000"), crc=False)
    assert encode(broadcast) == h("ff 537F0C00006E0080250000 0F")


def test_secure_channel_of_the_standard() -> None:
    # SIA OSDP Annex E, the key example.
    shake = Handshake(DEFAULT_KEY, h("b0b1b2b3b4b5b6b7"), h("a0a1a2a3a4a5a6a7"))
    assert shake.s_enc == h("bf8dc2a8329acb8c67c6d0cd9a451682")
    assert shake.s_mac1 == h("5e86c676603bdee2d8beafe178637332")
    assert shake.s_mac2 == h("6fda86e857777e81132035758239172e")
    assert shake.reader_cryptogram == h("fde5d2f428ec16312471ea3c02bd7796")
    assert shake.panel_cryptogram == h("26d3356e07762d262801fc8e6665a891")
    assert shake.first_mac == h("b2a30057eb98ba2229ec1f875662b524")


@here
def test_the_annex_e_file() -> None:
    annex = json.loads((SHARED / "sia_annex_e.json").read_text())
    for row in annex["crc"]:
        assert crc16(h(row["msg"])).to_bytes(2, "little") == h(row["crc_le"])
    example = {k: h(v) for k, v in annex["secure_channel"].items()}
    shake = Handshake(example["scbk_d"], example["cp_random"], example["pd_random"])
    found = {
        "s_enc": shake.s_enc,
        "s_mac1": shake.s_mac1,
        "s_mac2": shake.s_mac2,
        "cp_cryptogram": shake.panel_cryptogram,
        "pd_cryptogram": shake.reader_cryptogram,
        "rmac_i": shake.first_mac,
    }
    assert found == {name: example[name] for name in found}


@here
def test_frames_of_osdp_net() -> None:
    rows = [json.loads(x) for x in (SHARED / "osdp_net_frames.jsonl").read_text().splitlines()]
    assert len(rows) == 38
    for row in rows:
        raw = h(row["frame_hex"])
        (frame,) = feed(raw)
        assert encode(frame)[1:] == raw.removeprefix(b"\xff")
        said = row["decoded"]
        assert (frame.address, frame.reply, frame.sequence, frame.crc, frame.code) == (
            said["address"],
            said["reply"],
            said["sequence"],
            said["crc"],
            int(said["code"], 16),
        )
        assert frame.block[:1] == (bytes([int(said["scb"], 16)]) if said["scb"] else b"")
        if "payload_hex" in row:
            assert frame.data == h(row["payload_hex"])


@here
def test_a_conversation_of_others_without_secure_channel() -> None:
    frames = captured("acuconsole-poll-id-cap.osdpcap")
    assert len(frames) == 1071
    for raw, frame in frames:
        assert encode(frame)[1:] == raw
        if frame.code == Reply.ID:
            assert identity(frame.data).vendor
        if frame.code == Reply.CAPABILITIES:
            knows_secure_channel(frame.data)


@here
def test_a_conversation_of_others_in_the_secure_channel() -> None:
    """A default-key handshake, KEYSET inside it, a handshake with that key, then 570 frames."""
    key, shake, session = DEFAULT_KEY, None, None
    opened = []
    rnd_a = b""
    for raw, frame in captured("sc-monitor-current.osdpcap"):
        assert encode(frame)[1:] == raw
        match frame.block[:1]:
            case b"":
                assert frame.code in (Command.ID, Reply.ID)
            case b"\x11":
                rnd_a = frame.data
            case b"\x12":
                shake = Handshake(key, rnd_a, frame.data[8:16])
                assert shake.reader_cryptogram == frame.data[16:]
            case b"\x13":
                assert shake.panel_cryptogram == frame.data
            case b"\x14":
                assert shake.first_mac == frame.data
                session = shake.session()
            case _:
                opened.append(session.open(frame))
                if opened[-1].code == Command.KEYSET:
                    assert opened[-1].data[:2] == h("01 10")
                    key = opened[-1].data[2:]
    assert len(opened) == 579
    assert sum(x.code == Command.POLL for x in opened) == 284
    assert any(x.reply and x.code == 0x46 and knows_secure_channel(x.data) for x in opened)
    assert [event(x.code, x.data) for x in opened if x.code == 0x48] == [Tamper(opened=False)]


# Messages --------------------------------------------------------------------------------------


def test_a_badge_of_each_kind() -> None:
    # PDID and RAW as OSDP.Net decodes them, FMT after §7.11.
    who = identity(h("000ee3101000000074972306061b")[:12])
    assert (who.vendor, who.model, who.version) == (h("000ee3"), 0x10, 0x10)
    raw = event(Reply.RAW_CARD, h("00 01 1a00 0a1b2c40"))
    assert raw == CardRead(26, h("0a1b2c40"), Format.WIEGAND)
    assert event(Reply.FORMATTED_CARD, h("00 00 03 313233")) == CardRead(24, b"123", Format.ASCII)
    assert event(Reply.LOCAL_STATUS, h("01 00")) == Tamper(opened=True)
    assert event(Reply.ACK, b"") is None


@given(st.sampled_from([0x45, 0x46, 0x48, 0x50, 0x51, 0x53]), st.binary(max_size=60))
def test_a_wrong_message_is_garbled_and_nothing_else(code: int, data: bytes) -> None:
    for read in (identity, knows_secure_channel, lambda raw: event(code, raw)):
        try:
            read(data)
        except Garbled:
            continue


# Decoding under stress -------------------------------------------------------------------------

FRAMES = st.builds(
    Frame,
    address=st.integers(0, 126),
    sequence=st.integers(0, 3),
    code=st.integers(0, 255),
    data=st.binary(max_size=80),
    reply=st.booleans(),
    block=st.sampled_from([b"", b"\x11\x00", b"\x14\x01"]),
    crc=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(FRAMES, max_size=6), st.integers(1, 40))
def test_any_chunking(frames: list, size: int) -> None:
    assert feed(b"".join(map(encode, frames)), size) == frames


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(FRAMES, st.binary(max_size=12)), max_size=5), st.integers(1, 40))
def test_nothing_is_lost_between_noise(talk: list, size: int) -> None:
    stream = b"".join(noise.replace(b"\x53", b"") + encode(frame) for frame, noise in talk)
    assert [x for x in feed(stream, size) if not isinstance(x, Rubbish)] == [f for f, _ in talk]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_rubbish_never_breaks_it_and_a_frame_still_passes(noise: bytes, size: int) -> None:
    decoder = Decoder()
    for i in range(0, len(noise), size):
        list(decoder.feed(noise[i : i + size]))
    for _ in range(301):
        if not decoder.half:
            break
        list(decoder.give_up())
    assert not decoder.half
    good = Frame(1, 2, Reply.ACK, reply=True)
    assert [x for x in decoder.feed(encode(good)) if not isinstance(x, Rubbish)] == [good]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=70), st.data())
def test_one_wrong_bit_is_found_by_the_crc(data: bytes, draw) -> None:
    raw = bytearray(encode(Frame(1, 2, Reply.RAW_CARD, data, reply=True)))
    raw[draw.draw(st.integers(1, len(raw) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    whole = [x for x in feed(bytes(raw)) if isinstance(x, Frame)]
    assert all(x.data != data for x in whole)


# The secure channel ----------------------------------------------------------------------------


def both_ends() -> tuple[Session, Session]:
    shake = Handshake(KEY, bytes(8), bytes(8))
    return shake.session(), shake.session()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=50), max_size=8))
def test_both_ends_understand_each_other_and_nobody_reads_along(talk: list[bytes]) -> None:
    panel, reader = both_ends()
    for n, data in enumerate(talk):
        frame = Frame(0, n % 4, Command.LED, data, reply=bool(n % 2))
        ours, theirs = (panel, reader) if n % 2 == 0 else (reader, panel)
        sealed = ours.seal(frame)
        (arrived,) = feed(encode(sealed))
        assert len(data) < 8 or data not in encode(sealed)
        assert theirs.open(arrived).data == data


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=40), st.data())
def test_a_changed_frame_does_not_verify(data: bytes, draw) -> None:
    panel, reader = both_ends()
    raw = bytearray(encode(panel.seal(Frame(0, 1, Command.LED, data))))[1:-2]
    raw[draw.draw(st.integers(1, len(raw) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    changed = bytes(raw) + crc16(bytes(raw)).to_bytes(2, "little")
    for frame in feed(changed):
        if isinstance(frame, Frame):
            with pytest.raises(Garbled):
                reader.open(frame)


def test_a_frame_said_twice_does_not_verify() -> None:
    panel, reader = both_ends()
    first = panel.seal(Frame(0, 1, Command.POLL))
    reader.open(first)
    panel.open(reader.seal(Frame(0, 1, Reply.ACK, reply=True)))
    with pytest.raises(Garbled, match="MAC"):
        reader.open(first)


# Driver and simulator --------------------------------------------------------------------------


class Bench:
    def __init__(self, key: bytes | None = KEY, **more) -> None:
        self.device = FakeBadgeReader(key)
        self.time = SimulatedTime(self.device)
        self.link = Spy(self.device, self.time.advance)
        self.reader = BadgeReader(self.link, KEY, clock=self.time, **more)


class Spy(Cable):
    """A cable somebody listens to."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.heard: list[bytes] = []
        self.said: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.said.append(data)
        super().write(data)

    def read(self, timeout: float) -> bytes:
        data = super().read(timeout)
        self.heard += [data] if data else []
        return data


def test_a_badge_a_cover_a_light_and_a_beep() -> None:
    bench = Bench()
    assert not bench.reader.online
    assert bench.reader.poll(0) is None
    assert bench.reader.online
    assert bench.reader.identity.serial == 42
    bench.device.show(h("0a1b2c40"), 26)
    bench.device.open_cover()
    bench.device.open_cover(False)
    bench.device.press("42#")
    assert bench.reader.poll(1) == CardRead(26, h("0a1b2c40"), Format.WIEGAND)
    assert bench.reader.poll(1) == Tamper(opened=True)
    assert bench.reader.poll(1) == Tamper(opened=False)
    assert bench.reader.poll(0.2) is None
    bench.reader.led(Colour.GREEN)
    bench.reader.beep(2)
    assert (bench.device.light, bench.device.beeps) == (Colour.GREEN, 2)
    bench.reader.close()
    assert not bench.reader.online


def test_it_asks_twenty_times_a_second_and_returns_in_time() -> None:
    bench = Bench()
    bench.reader.poll(0)
    start, asked = bench.time(), len(bench.link.said)
    assert bench.reader.poll(1.0) is None
    assert 1.0 <= bench.time() - start < 1.06
    assert 19 <= len(bench.link.said) - asked <= 22


@pytest.mark.parametrize("size", [1, 11, 12, 13, 28, 64])
def test_badges_of_any_size(size: int) -> None:
    bench = Bench()
    bench.device.show(bytes(range(size)), form=Format.UNSPECIFIED)
    assert bench.reader.poll(0.2) == CardRead(8 * size, bytes(range(size)), Format.UNSPECIFIED)


def test_nothing_secret_passes_in_the_clear() -> None:
    bench = Bench()
    bench.device.show(h("0a1b2c40deadbeef"))
    shown = bench.reader.poll(0.2)
    wire = b"".join(bench.link.said + bench.link.heard)
    assert shown.data == h("0a1b2c40deadbeef")
    assert shown.data not in wire
    assert KEY not in wire


def test_every_channel_has_new_keys_and_a_recording_is_worth_nothing() -> None:
    """Somebody plays a reader's recorded replies, a badge among them, to the next session."""
    bench = Bench()
    bench.device.show(h("0a1b2c40"), 26)
    assert bench.reader.poll(0.2)
    first = [x for x in bench.link.said if x[6:8] == h("0311")]
    player = Player(bench.link.heard)
    victim = BadgeReader(Cable(player, lambda s: None), KEY, clock=bench.time)
    with pytest.raises(NotSecure, match="does not know the key"):
        victim.poll(0.2)
    again = [x for x in player.heard if x[6:8] == h("0311")]
    assert first
    assert again != first


class Player(FakeBadgeReader):
    """Says one recorded reply after the other, whatever it is asked."""

    def __init__(self, replies: list[bytes]) -> None:
        super().__init__(KEY)
        self.replies, self.heard = list(replies), []

    def receive(self, data: bytes) -> bytes:
        self.heard.append(data)
        return self.replies.pop(0) if self.replies else b""


# Who is refused --------------------------------------------------------------------------------


def refused(bench: Bench, said: str) -> None:
    bench.device.show(h("0a1b2c40"), 26)
    with pytest.raises(NotSecure, match=said):
        bench.reader.poll(0.5)
    assert not bench.reader.online


def test_a_reader_without_secure_channel_is_refused() -> None:
    bench = Bench()
    bench.device.faults.plain = True
    refused(bench, "has no secure channel")


def test_a_reader_with_another_key_is_refused() -> None:
    bench = Bench()
    bench.device.faults.wrong_key = True
    refused(bench, "does not know the key")


def test_a_reader_fresh_from_its_box_is_refused_and_can_be_commissioned() -> None:
    bench = Bench(key=None)
    refused(bench, "refuses the secure channel: SECURITY_BLOCK")
    commission(bench.link, KEY, clock=bench.time)
    assert bench.device.key == KEY
    assert bench.reader.poll(0.2) == CardRead(26, h("0a1b2c40"), Format.WIEGAND)
    with pytest.raises(NotSecure):  # only once
        commission(bench.link, bytes(16), clock=bench.time)


def test_a_badge_said_outside_the_channel_is_not_believed() -> None:
    bench = Bench()
    bench.reader.poll(0)
    bench.device.faults.talks_plain = True
    bench.device.show(h("0a1b2c40"), 26)
    with pytest.raises(Garbled, match="left the secure channel"):
        bench.reader.poll(0.2)
    assert not bench.reader.online


def test_a_badge_with_a_wrong_mac_is_not_believed() -> None:
    bench = Bench()
    bench.reader.poll(0)
    bench.device.faults.wrong_mac = 1
    bench.device.show(h("0a1b2c40"), 26)
    with pytest.raises(Garbled, match="MAC"):
        bench.reader.poll(0.2)
    assert bench.reader.poll(0.2) is None  # that showing is lost, the channel is open again
    assert bench.reader.online


@pytest.mark.parametrize("key", [b"", bytes(15), DEFAULT_KEY])
def test_no_key_or_everybody_s_key_is_none(key: bytes) -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="a key has 16 bytes"):
        BadgeReader(bench.link, key)
    with pytest.raises(ValueError, match="a key has 16 bytes"):
        commission(bench.link, key)


# Faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["mute", "garble", "truncate", "noise", "busy"])
@pytest.mark.parametrize("count", [1, 2])
def test_faults_that_it_lives_with_and_no_badge_is_lost_or_doubled(fault: str, count: int) -> None:
    bench = Bench()
    for n in range(1, 13):
        setattr(bench.device.faults, fault, count)
        bench.device.faults.seed = 1000 * n
        bench.device.show(bytes([n, n, n]))
        assert bench.reader.poll(1.0) == CardRead(24, bytes([n, n, n]), Format.WIEGAND)
    bench.device.faults.busy = bench.device.faults.mute = 0
    assert bench.reader.poll(0.2) is None


def test_two_wires_and_another_reader_on_them() -> None:
    bench = Bench()
    bench.device.faults.echo = True
    bench.device.show(h("0a1b2c40"), 26)
    assert bench.reader.poll(0.2)
    stranger = BadgeReader(bench.link, KEY, address=5, clock=bench.time)
    with pytest.raises(NoAnswer, match="badge reader 5 silent"):
        stranger.poll(0.1)


def test_a_reboot_ends_the_channel_once() -> None:
    bench = Bench()
    bench.reader.poll(0)
    bench.device.faults.reboot = 1
    with pytest.raises(Garbled, match="left the secure channel: NEEDS_SECURITY"):
        bench.reader.poll(0.1)
    bench.device.show(h("0a1b2c40"), 26)
    assert bench.reader.poll(0.2)


def test_eight_seconds_without_a_question_end_the_channel() -> None:
    bench = Bench()
    bench.reader.poll(0)
    bench.time.advance(9)
    assert not bench.device.secure
    with pytest.raises(Garbled):
        bench.reader.poll(0.1)
    assert bench.reader.poll(0.1) is None


def test_a_silent_reader_is_no_answer_within_its_patience() -> None:
    bench = Bench()
    bench.device.faults.mute = 1000
    with pytest.raises(NoAnswer, match="silent after 3 × ID"):
        bench.reader.poll(0)
    assert bench.time() < 1.1


def test_a_reader_that_stays_spoilt_is_garbled() -> None:
    bench = Bench()
    bench.device.faults.garble = 1000
    with pytest.raises(Garbled, match="in place of a reply to ID"):
        bench.reader.poll(0)


def test_what_it_cannot_do_is_refused() -> None:
    bench = Bench()
    bench.reader.poll(0)
    session = bench.reader._panel
    with pytest.raises(Refused, match="UNKNOWN_COMMAND"):
        session.ask(Command.KEYSET, b"\x02")
    assert bench.reader.poll(0.1) is None  # the channel is still open
    with pytest.raises(ValueError, match="1 to 255"):
        bench.reader.beep(0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=12))
def test_any_answer_at_all_is_an_error_of_ours_and_never_a_badge(replies: list[bytes]) -> None:
    player = Player(replies)
    time = SimulatedTime(player)
    reader = BadgeReader(Cable(player, time.advance), KEY, clock=time)
    with pytest.raises(DriverError):
        reader.poll(0.1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(FRAMES, st.booleans()), max_size=12))
def test_any_frame_at_all_is_an_error_of_ours_and_never_a_badge(frames: list) -> None:
    replies = [
        encode(Frame(0, n % 4, f.code, f.data, True, f.block)) for n, (f, _) in enumerate(frames)
    ]
    player = Player(replies)
    time = SimulatedTime(player)
    reader = BadgeReader(Cable(player, time.advance), KEY, clock=time)
    with pytest.raises(DriverError):
        reader.poll(0.1)


def test_a_lost_link_is_lost() -> None:
    class Gone(Spy):
        def write(self, data: bytes) -> None:
            raise LinkLost("pulled")

    device = FakeBadgeReader(KEY)
    with pytest.raises(LinkLost):
        BadgeReader(Gone(device, lambda s: None), KEY).poll(0)


# The key's file --------------------------------------------------------------------------------


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "badge-reader.key"
    key = new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == key
    assert new_key(tmp_path / "other.key") != key
    with pytest.raises(Refused, match="cannot make"):
        new_key(path)
    path.chmod(0o640)
    with pytest.raises(Refused, match="others may read") as error:
        load_key(path)
    assert key.hex() not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "32 hex"), ("00" * 15, "32 hex"), ("xyz", "32 hex"), (DEFAULT_KEY.hex(), "default key")],
)
def test_what_is_no_key(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "key"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(handle, content.encode())
    os.close(handle)
    with pytest.raises(Refused, match=said):
        load_key(path)
    with pytest.raises(Refused, match="no key in"):
        load_key(tmp_path / "nothing")


def test_the_key_is_in_no_repr() -> None:
    shake = Handshake(KEY, bytes(8), bytes(8))
    bench = Bench()
    for thing in (shake, shake.session(), bench.reader, bench.device, bench.reader._panel):
        assert KEY.hex() not in repr(thing)
        assert repr(KEY) not in repr(thing)


def test_the_marks_of_a_frame() -> None:
    raw = encode(Frame(3, 1, Reply.ACK, reply=True))
    assert raw[1:3] == bytes([SOM, 3 | REPLY])
    assert MAC == 4
    assert (CHALLENGE, ITS_CRYPTOGRAM, OUR_CRYPTOGRAM, FIRST_MAC) == (
        b"\x11",
        b"\x12",
        b"\x13",
        b"\x14",
    )
