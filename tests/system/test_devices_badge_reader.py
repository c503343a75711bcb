"""The same driver and the same badge reader over a real port, by address only."""

from pathlib import Path

import pytest

from drivers.badge_reader.reader import (
    BadgeReader,
    CardRead,
    Colour,
    Format,
    NotSecure,
    Tamper,
    commission,
    load_key,
    new_key,
)
from drivers.errors import LinkLost, NoAnswer
from drivers.link import open_link
from drivers.patience import Patience
from edge.egate.badge import Badges, Role, hashed
from simulators.badge_reader.device import FakeBadgeReader
from simulators.serve import on_pty, on_tcp

BADGE = CardRead(26, bytes.fromhex("0a1b2c40"), Format.WIEGAND)
PATIENT = Patience(answer_within=1.0, tries=3)  # a busy test machine is no fault of the line


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
def test_an_officer_s_badge_from_the_box_to_the_lane(serve, tmp_path: Path) -> None:
    """Commission a new reader, keep its key in a file, read a badge with it, know whose it is."""
    device = FakeBadgeReader()
    key = new_key(tmp_path / "badge-reader.key")
    with serve(device) as address:
        link = open_link(address)
        commission(link, key, patience=PATIENT)
        reader = BadgeReader(link, load_key(tmp_path / "badge-reader.key"), patience=PATIENT)
        assert reader.poll(0) is None
        device.show(BADGE.data, BADGE.bits)
        shown = reader.poll(5)
        reader.led(Colour.GREEN)
        reader.beep()
        device.open_cover()
        assert reader.poll(5) == Tamper(opened=True)
        reader.close()
    assert shown == BADGE
    assert (device.light, device.beeps) == (Colour.GREEN, 1)
    salt = "00" * 16
    officer = {"name": "A", "roles": [Role.OVERRIDE], "badge": hashed(BADGE, salt)}
    lane = Badges.model_validate({"salt": salt, "officers": [officer]})
    assert isinstance(shown, CardRead)
    assert lane.officer(shown).may(Role.OVERRIDE)


@pytest.mark.parametrize("serve", [on_pty, on_tcp])
@pytest.mark.parametrize("fault", ["garble", "truncate", "noise", "mute"])
def test_a_bad_line(serve, fault: str) -> None:
    device = FakeBadgeReader(bytes(16))
    with serve(device) as address:
        reader = BadgeReader(open_link(address), bytes(16), patience=Patience(0.4, 6))
        reader.poll(0)
        setattr(device.faults, fault, 2)
        device.show(BADGE.data, BADGE.bits)
        assert reader.poll(5) == BADGE
        reader.close()


def test_a_pulled_cable_is_lost_and_the_channel_opens_again() -> None:
    device = FakeBadgeReader(bytes(16))
    with on_tcp(device) as address:
        reader = BadgeReader(open_link(address), bytes(16), patience=PATIENT)
        reader.poll(0)
        device.faults.hang_up = 1
        with pytest.raises(LinkLost):
            reader.poll(5)
        reader.close()
        reader = BadgeReader(open_link(address), bytes(16), patience=PATIENT)
        assert reader.connect().serial == 42
        reader.close()


def test_a_reader_that_is_none_and_one_that_lies() -> None:
    device = FakeBadgeReader(bytes(16))
    with on_pty(device) as address:
        link = open_link(address)
        with pytest.raises(NotSecure):
            BadgeReader(link, bytes(range(16)), patience=PATIENT).poll(0)
        device.faults.mute = 1000
        with pytest.raises(NoAnswer):
            BadgeReader(link, bytes(16), patience=Patience(0.05, 2)).poll(0)
        link.close()
