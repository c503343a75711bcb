"""The ways in which real chips break readers (their issue trackers tell), each once.

Each is a simulated chip with that habit and nothing else, or an exchange played back.
"""

import pytest

from drivers.errors import NoAnswer
from edge.documents.chip import pace_access, security_infos
from edge.documents.chip.apdu import Command, Response
from edge.documents.chip.pace import mrz_password
from edge.documents.chip.secure_messaging import open_command, protect_response
from edge.documents.chip.session import Conversation
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.serve import InProcess
from tests.unit.chip_world import GROUPS, KEY_INPUT, issued, read, read_from, statuses
from tests.unit.test_pace import G1, G2, I1, here, hexed, told

FULL = "PACE-ECDH-GM-AES128+CA-ECDH-AES128+AA-ECDSA+TA"
OLD = "BAC"


@pytest.mark.parametrize("most", [255, 223, 192, 160, 128, 100, 17, 1])
def test_read_size_falls_back_to_what_the_chip_gives(most: int) -> None:
    found = read(issued(OLD), ChipFaults(short=most, no_extended=True), groups=(1,))
    assert found.files["DG1"] == GROUPS["DG1"]
    assert found.files["SOD"] == issued(OLD).files["SOD"]


@pytest.mark.parametrize(("most", "settles"), [(231, 231), (200, 192), (192, 192), (128, 128)])
def test_read_size_falls_back_256_192_128_where_the_chip_refuses(most: int, settles: int) -> None:
    found = read(issued(OLD), ChipFaults(refuse_long=most, no_extended=True))
    assert found.files["DG2"] == GROUPS["DG2"]
    note = f"gives no more than {settles} bytes at once"
    assert (note in found.habits) == (settles < 231)


def test_a_bare_6700_in_the_middle_does_not_advance_the_counter() -> None:
    """The chip refuses outside its session, uncounted; every answer after it still verifies."""
    found = read(issued(FULL), ChipFaults(refuse_long=128))
    assert found.files["DG2"] == GROUPS["DG2"]
    assert set(statuses(found).values()) == {"successful"}


def test_no_stray_le_goes_out() -> None:
    """German chips answer 6700 to MSE:Set AT with an Le."""
    chip = issued(FULL)
    found = read(chip, ChipFaults(no_stray_le=True), terminal=chip.terminal)
    assert set(statuses(found).values()) == {"successful"}


def test_mse_set_at_is_tried_again_with_tag_84() -> None:
    found = read(issued(FULL), ChipFaults(wants_tag_84=True))
    assert statuses(found)["pace"] == "successful"
    assert found.habits == ("MSE:Set AT refused (6A80), taken with tag 84",)
    with_choice = issued("PACE-ECDH-GM-AES128@12+PACE-ECDH-GM-AES128@13")
    assert read(with_choice, ChipFaults(wants_tag_84=True)).habits == ()  # named from the start


def test_the_master_file_is_shut_before_bac() -> None:
    """EF.DIR and all else there give 6982 on United States passports; BAC opens them."""

    class Shut(Chip):
        def process(self, raw: bytes) -> bytes | None:
            command = Command.decode(raw)
            first = not self._suite and command.ins in (0xA4, 0xB0) and command.p1 != 0x04
            return b"\x69\x82" if first else super().process(raw)

    chip = Shut(issued(OLD).files)
    assert InProcess(chip).transmit(bytes.fromhex("00A4020C022F00")) == b"\x69\x82"
    assert read_from(chip).files["DG2"] == GROUPS["DG2"]


@pytest.mark.parametrize("status", ["6A82", "6A86", "6D00", "6985", "6F00", "6B00", "6700"])
def test_whatever_a_chip_says_of_card_access_bac_is_tried(status: str) -> None:
    class Odd(Chip):
        def process(self, raw: bytes) -> bytes | None:
            command = Command.decode(raw)
            first = not self._suite and command.ins in (0xA4, 0xB0) and command.p1 != 0x04
            return bytes.fromhex(status) if first else super().process(raw)

    assert read_from(Odd(issued(OLD).files)).protocol == "BAC"


def test_a_failing_fourth_step_is_recorded_then_bac_if_allowed() -> None:
    found = read(issued(FULL), ChipFaults(pace_step=4), bac_after_pace=True)
    assert found.authentications["pace"].detail == (
        "PACE step 4: the chip answered 6300 (authentication failed)"
    )
    assert (found.protocol, len(found.downgrades)) == ("BAC", 1)


def test_chip_authentication_without_mse_set_kat() -> None:
    """Doc 9303-11 §8.5, note 1: triple DES by the way of AES."""
    found = read(issued("BAC+CA-ECDH-3DES@12"), ChipFaults(no_agreement_template=True))
    assert statuses(found)["chip_authentication"] == "successful"


def test_a_chip_that_refuses_to_read_past_the_end() -> None:
    for extended in (True, False):
        found = read(issued(FULL), ChipFaults(within_file=True, no_extended=not extended))
        assert found.files["DG2"] == GROUPS["DG2"]
        assert "refuses a first read of" in found.habits[0]
        assert set(statuses(found).values()) == {"successful"}


def test_a_chip_without_short_identifiers() -> None:
    found = read(issued(FULL), ChipFaults(no_short_ids=True))
    assert found.files["DG2"] == GROUPS["DG2"]
    assert "knows no short file identifiers" in found.habits


class Played:
    """Plays an exchange back: each command must be the one recorded."""

    def __init__(self, steps: list[tuple[str, str]]) -> None:
        self._steps = [(bytes.fromhex(c), bytes.fromhex(r)) for c, r in steps]

    def transmit(self, apdu: bytes) -> bytes:
        if not self._steps:
            raise NoAnswer("the record ends here")
        command, answer = self._steps.pop(0)
        assert apdu == command
        return answer


def played(steps: list[tuple[str, str]], info: bytes, key_input: str, *secrets: bytes):
    talk = Conversation(Played(steps))
    infos = security_infos.read(b"\x31" + bytes([len(info)]) + info, "CardAccess")
    chosen = pace_access.choice(infos)
    assert chosen is not None
    return pace_access.establish(
        talk, chosen, mrz_password(key_input), told(*secrets), ambiguous=False, habits=[]
    )


@here
def test_the_exchange_of_appendix_g1() -> None:
    steps = [(step["c"], step["r"]) for step in G1["apdus"]]
    secrets = hexed(G1["terminal_map_private"]), hexed(G1["terminal_ka_private"])
    done = played(steps, hexed(G1["pace_info"]), "".join(G1["mrz_fields"].values()), *secrets)
    assert done.session.keys.enc == hexed(G1["ks_enc"])


def test_the_exchange_of_appendix_g2_with_its_authority_reference() -> None:
    """The last answer also names a certification authority (87), which is no error."""
    steps = [
        ("0022C1A40F800A04007F00070202040102830101", "9000"),
        ("10860000027C0000", f"7C128010{G2['encrypted']}9000"),
        (f"10860000867C8183818180{G2['map_public']}00",
         f"7C8183828180{G2['chip_map_public']}9000"),
        (f"10860000867C8183838180{G2['public']}00", f"7C8183848180{G2['chip_public']}9000"),
        (f"008600000C7C0A8508{G2['t_ifd']}00",
         f"7C1B8608{G2['t_ic']}870F4445544553544356434130303030339000"),
    ]  # fmt: skip
    secrets = hexed(G2["map_secret"]), hexed(G2["secret"])
    info = hexed("3012060A04007F00070202040102020102020100")
    done = played(steps, info, "T22000129364081251010318", *secrets)
    assert done.session.keys.mac == hexed(G2["mac"])


def test_the_exchange_of_appendix_i1() -> None:
    steps = [
        ("0022C1A40F800A04007F00070202040602830101", "9000"),
        ("10860000027C0000", f"7C128010{I1['encrypted']}9000"),
        (f"10860000457C438141{I1['map_public']}00", f"7C438241{I1['chip_map_public']}9000"),
        (f"10860000457C438341{I1['public']}00", f"7C438441{I1['chip_public']}9000"),
        (f"008600000C7C0A8508{I1['t_ifd']}00",
         f"7C3C8608{I1['t_ic']}8A30{I1['encrypted_data']}9000"),
    ]  # fmt: skip
    secrets = hexed(I1["terminal_map_secret"]), hexed(I1["secret"])
    info = hexed("3012060A04007F0007020204060202010202010D")
    done = played(steps, info, I1["key_input"], *secrets)
    assert done.chip_data == hexed(I1["data"])


def test_a_6700_played_back_inside_secure_messaging() -> None:
    """The chip's side counts by hand: one command refused bare, the next has the same number."""
    chip = issued(OLD)
    seen: list[int] = []

    class Counting(Chip):
        refused = False

        def _protected(self, suite, command):
            plain = open_command(suite, self._counter + 1, command)
            seen.append(self._counter)
            if plain.ins == 0xB0 and not self.refused:
                self.refused = True
                return Response(b"", 0x6700)
            self._counter += 2
            return protect_response(suite, self._counter, self._opened(plain), odd=False)

    assert read_from(Counting(chip.files), KEY_INPUT).files["DG1"] == GROUPS["DG1"]
    assert seen[0] == seen[1]
