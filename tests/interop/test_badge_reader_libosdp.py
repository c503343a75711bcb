"""libosdp, another implementation of OSDP, understands our panel and our simulated reader.

libosdp runs on real time: an exchange takes it about 20 ms. It is an oracle only: its wheel draws
the random numbers of the secure channel from C's unseeded ``rand()``, the same ones at every start.
"""

import time
from collections.abc import Callable

import pytest

from drivers.badge_reader.reader import BadgeReader, CardRead, Colour, Format, NotSecure, Tamper
from drivers.patience import Patience
from simulators.badge_reader.device import FakeBadgeReader

osdp = pytest.importorskip("osdp", reason="libosdp is not installed")
osdp_sys = pytest.importorskip("osdp_sys")
KEY = bytes(range(0x60, 0x70))
WITHIN = 30.0  # s; a deadline, not a wait


@pytest.fixture(autouse=True)
def _quiet() -> None:
    osdp_sys.set_loglevel(osdp.LogLevel.Emergency)


class Pipe(osdp.Channel):
    """libosdp's end of a cable."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox, self.outbox = bytearray(), bytearray()

    def read(self, max_bytes: int) -> bytes:
        data = bytes(self.inbox[:max_bytes])
        del self.inbox[:max_bytes]
        return data

    def write(self, buf: bytes) -> int:
        self.outbox += buf
        return len(buf)

    def flush(self) -> None:
        self.inbox.clear()


class TheirReader:
    """A link at whose other end libosdp plays the reader."""

    def __init__(self, key: bytes) -> None:
        self.pipe, self.commands = Pipe(), []
        info = osdp.PDInfo(0, self.pipe, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
        able = [
            (osdp.Capability.CommunicationSecurity, 1, 1),
            (osdp.Capability.CardDataFormat, 1, 1),
            (osdp.Capability.LEDControl, 1, 1),
            (osdp.Capability.AudibleControl, 1, 1),
        ]
        self.context = osdp_sys.PeripheralDevice(
            info.get(), capabilities=osdp.PDCapabilities(able).get()
        )
        self.context.set_command_callback(self._obey)

    def _obey(self, command: dict) -> tuple[int, None]:
        self.commands.append(command)
        return 0, None

    def write(self, data: bytes) -> None:
        self.pipe.inbox += data

    def read(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while True:
            self.context.refresh()
            if self.pipe.outbox or time.monotonic() >= deadline:
                break
            time.sleep(0.001)
        data = bytes(self.pipe.outbox)
        self.pipe.outbox.clear()
        return data

    def close(self) -> None:
        pass


def panel(theirs: TheirReader, key: bytes = KEY) -> BadgeReader:
    return BadgeReader(theirs, key, patience=Patience(answer_within=0.5, tries=3))


@pytest.mark.parametrize("size", [3, 4, 8, 12, 28, 32])
def test_our_panel_reads_a_badge_on_their_reader(size: int) -> None:
    theirs = TheirReader(KEY)
    reader = panel(theirs)
    assert reader.poll(0) is None
    badge = bytes(range(1, size + 1))
    theirs.context.submit_event(
        {
            "event": osdp.Event.CardRead,
            "reader_no": 0,
            "direction": 0,
            "format": osdp.CardFormat.Wiegand,
            "length": 8 * size,
            "data": badge,
        }
    )
    assert reader.poll(WITHIN) == CardRead(8 * size, badge, Format.WIEGAND)


def test_our_panel_sees_the_cover_and_sets_light_and_buzzer() -> None:
    theirs = TheirReader(KEY)
    reader = panel(theirs)
    reader.led(Colour.BLUE)
    reader.beep(3)
    light, tone = theirs.commands
    assert (light["command"], light["on_color"], light["temporary"]) == (
        osdp.Command.LED,
        osdp.CommandLEDColor.Blue,
        False,
    )
    assert (tone["command"], tone["rep_count"]) == (osdp.Command.Buzzer, 3)
    kind = osdp.StatusReportType.Local
    theirs.context.submit_event({"event": osdp.Event.Status, "type": kind, "report": b"\x01\x00"})
    assert reader.poll(WITHIN) == Tamper(opened=True)


def test_their_reader_with_another_key_is_refused() -> None:
    with pytest.raises(NotSecure, match="does not know the key"):
        panel(TheirReader(bytes(range(16)))).poll(0)


class TheirPanel:
    """libosdp plays the panel of our simulated reader."""

    def __init__(self, device: FakeBadgeReader, key: bytes) -> None:
        self.device, self.pipe, self.events = device, Pipe(), []
        info = osdp.PDInfo(0, self.pipe, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
        self.context = osdp_sys.ControlPanel([info.get()])
        self.context.set_event_callback(self._happened)

    def _happened(self, _: int, event: dict) -> int:
        self.events.append(event)
        return 0

    def until(self, met: Callable[[], object], within: float = WITHIN) -> bool:
        deadline = time.monotonic() + within
        while not met() and time.monotonic() < deadline:
            self.context.refresh()
            said = bytes(self.pipe.outbox)
            self.pipe.outbox.clear()
            self.pipe.inbox += self.device.receive(said)
            time.sleep(0.001)
        return bool(met())


def test_their_panel_reads_a_badge_on_our_reader() -> None:
    device = FakeBadgeReader(KEY)
    theirs = TheirPanel(device, KEY)
    assert theirs.until(theirs.context.sc_status)
    assert device.secure
    for size in (3, 12, 28):
        device.show(bytes(range(size)))
        assert theirs.until(lambda: theirs.events)
        event = theirs.events.pop()
        assert (event["length"], event["data"]) == (8 * size, bytes(range(size)))
    submitted = theirs.context.submit_command(
        0,
        {
            "command": osdp.Command.Buzzer,
            "reader": 0,
            "control_code": 2,
            "on_count": 1,
            "off_count": 1,
            "rep_count": 4,
        },
    )
    assert submitted
    assert theirs.until(lambda: device.beeps == 4)


def test_their_panel_refuses_our_reader_with_another_key() -> None:
    device = FakeBadgeReader(KEY)
    device.faults.wrong_key = True
    theirs = TheirPanel(device, KEY)
    assert not theirs.until(theirs.context.sc_status, within=0.5)  # 0.06 with the right one
    assert not device.secure
