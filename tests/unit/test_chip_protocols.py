"""Every way of opening a chip and of its proving itself, against the simulated chip."""

import secrets
from dataclasses import replace
from datetime import date

import pytest

from edge.documents.chip.apdu import Response
from edge.documents.chip.cv_certificate import CvCertificate
from edge.documents.chip.errors import AccessDenied, MessageForged, PaceFailed
from edge.documents.chip.groups import new_secret
from edge.documents.chip.protocols import CHIP_AUTHENTICATION_PROTOCOLS, PACE_PROTOCOLS
from edge.documents.chip.terminal_authentication import Terminal
from simulators.chip.device import Chip
from simulators.chip.faults import ChipFaults
from simulators.chip.keys import ChipKeys, another
from simulators.chip.terminal_issuer import IRISES, issue, terminal
from tests.unit.chip_world import CAN, GROUPS, KEY_INPUT, issued, read, read_from, statuses

SMALL = {"ECDH": 12, "DH": 0}  # quick groups; the others are in test_pace and below
FULL = "PACE-ECDH-GM-AES128+CA-ECDH-AES128+AA-ECDSA+TA"


@pytest.mark.parametrize("way", sorted(PACE_PROTOCOLS.values(), key=str), ids=str)
def test_every_way_of_pace_opens_with_zone_and_number(way) -> None:
    chip = issued(f"{way}@{SMALL[way.agreement]}")
    for opened in (read(chip), read(chip, key_input="", can=CAN)):
        assert opened.protocol == str(way)
        assert statuses(opened)["pace"] == "successful"
        assert opened.files["DG2"] == GROUPS["DG2"]
        assert statuses(opened)["card_access"] == "successful"
    mapped = {"chip_authentication_mapping": "successful"} if way.mapping == "CAM" else {}
    assert {k: v for k, v in statuses(opened).items() if k.endswith("mapping")} == mapped


@pytest.mark.parametrize("number", [0, 1, 2, *range(8, 19)])
def test_every_standardized_group(number: int) -> None:
    agreement = "DH" if number < 8 else "ECDH"
    chip = issued(f"PACE-{agreement}-GM-AES256@{number}")
    assert statuses(read(chip))["pace"] == "successful"


@pytest.mark.parametrize("way", CHIP_AUTHENTICATION_PROTOCOLS.values(), ids=str)
def test_every_way_of_chip_authentication(way) -> None:
    numbers = {"ECDH": (11, 14), "DH": (0, 1)}[way.agreement]  # the library lacks these curves
    for number in numbers:
        found = read(issued(f"BAC+{way}@{number}"))
        assert found.protocol == "BAC"
        assert statuses(found)["chip_authentication"] == "successful"
        assert str(way) in found.authentications["chip_authentication"].detail
        assert found.files["DG2"] == GROUPS["DG2"]


def test_aes_goes_before_triple_des() -> None:
    found = read(issued("BAC+CA-ECDH-3DES@12+CA-ECDH-AES256@12+CA-ECDH-AES128@12"))
    assert "CA-ECDH-AES256" in found.authentications["chip_authentication"].detail


def test_the_key_is_named_where_there_are_several() -> None:
    found = read(issued("BAC+CA-DH-AES128@0+CA-ECDH-AES192@13"))
    assert "AES192 over brainpoolP256r1" in found.authentications["chip_authentication"].detail


def test_mapping_goes_before_the_others_and_triple_des_last() -> None:
    chip = issued("PACE-DH-GM-3DES@0+PACE-ECDH-GM-AES128@12+PACE-ECDH-CAM-AES128@12")
    assert read(chip).protocol == "PACE-ECDH-CAM-AES128"
    assert read(issued("PACE-DH-GM-3DES@0+PACE-DH-GM-AES128@0")).protocol == "PACE-DH-GM-AES128"
    # The integrated mapping cannot be computed over secp224r1 (Doc 9303-11, table 12).
    assert read(issued("PACE-ECDH-IM-AES128@10+PACE-DH-GM-3DES@0")).protocol == "PACE-DH-GM-3DES"


@pytest.mark.parametrize("signer", ["AA-RSA", "AA-ECDSA"])
def test_active_authentication(signer: str) -> None:
    chip = issued(f"BAC+{signer}")
    assert statuses(read(chip))["active_authentication"] == "successful"
    other = ChipKeys(signing=another(chip.keys.signing))
    found = read(replace(chip, keys=other))
    assert found.authentications["active_authentication"].detail == (
        "the chip's signature over our challenge is wrong"
    )


@pytest.mark.parametrize("protocol", [FULL, "PACE-ECDH-CAM-AES128@12+TA", "BAC+CA-DH-3DES@0+TA"])
def test_terminal_authentication_opens_fingers(protocol: str) -> None:
    chip = issued(protocol)
    without = read(chip)
    assert without.skipped == {"DG3": "opened by terminal authentication only"}
    assert "terminal_authentication" not in without.authentications
    found = read(chip, terminal=chip.terminal)
    assert statuses(found)["terminal_authentication"] == "successful"
    assert found.files["DG3"] == GROUPS["DG3"]


def test_a_terminal_of_another_country_or_without_the_right_reads_no_fingers() -> None:
    chip = issued(FULL)
    _, stranger = terminal("XX", date(2026, 6, 1))
    found = read(chip, terminal=stranger)
    check = found.authentications["terminal_authentication"]
    assert (check.status.value, "no certificates lead" in check.detail) == ("not supported", True)
    # Ours, but for irises only: believed, and DG3 stays shut. Its issuer is made here.
    authority, _ = terminal("UT", date(2026, 6, 1))
    held = replace(chip, keys=replace(chip.keys, trust_points=(authority.certificate,)))
    year = date(2026, 1, 1), date(2027, 1, 1)
    verifier = issue("UTDVDE00002", 0b10 << 6 | IRISES, *year, authority)
    own = issue("UTIS00002", 0b11, *year, verifier)
    ours = Terminal((verifier.certificate, own.certificate), own.key, "UTIS00002")
    found = read(held, terminal=ours)
    assert statuses(found)["terminal_authentication"] == "successful"
    assert "6982" in found.skipped["DG3"]
    assert "DG3" not in found.files


@pytest.mark.parametrize("tampered", [0, 1])
def test_a_certificate_that_nobody_signed_is_refused(tampered: int) -> None:
    chip = issued(FULL)
    good = chip.terminal.certificates[tampered]
    bent = CvCertificate.load(good.raw[:-1] + bytes([good.raw[-1] ^ 1]))
    held = [bent if each is good else each for each in chip.terminal.certificates]
    found = read(chip, terminal=replace(chip.terminal, certificates=tuple(held)))
    check = found.authentications["terminal_authentication"]
    assert (check.status.value, "verifying" in check.detail) == ("failed", True)
    assert "DG3" not in found.files


def test_an_expired_terminal_is_refused() -> None:
    chip = issued(FULL)
    authority, _ = terminal("UT", date(2026, 6, 1))
    held = replace(chip, keys=replace(chip.keys, trust_points=(authority.certificate,)))
    verifier = issue("UTDVDE00002", 0b10 << 6 | 3, date(2026, 6, 1), date(2027, 1, 1), authority)
    own = issue("UTIS00002", 3, date(2025, 1, 1), date(2025, 2, 1), verifier)
    ours = Terminal((verifier.certificate, own.certificate), own.key, "UTIS00002")
    assert statuses(read(held, terminal=ours))["terminal_authentication"] == "failed"


def test_a_clone_fails_chip_authentication_and_is_read_all_the_same() -> None:
    chip = issued(FULL)
    keys = {n: replace(k, secret=new_secret(k.group, secrets.token_bytes))
            for n, k in chip.keys.agreement.items()}  # fmt: skip
    found = read(replace(chip, keys=replace(chip.keys, agreement=keys)))
    assert found.authentications["chip_authentication"].detail == (
        "the chip does not answer under the keys that were agreed on"
    )
    assert found.protocol == "PACE-ECDH-GM-AES128"  # opened anew in the same way
    assert found.files["DG2"] == GROUPS["DG2"]
    assert found.downgrades == ()


def test_a_clone_fails_the_mapping() -> None:
    chip = issued("PACE-ECDH-CAM-AES128@12")
    keys = {n: replace(k, secret=new_secret(k.group, secrets.token_bytes))
            for n, k in chip.keys.agreement.items()}  # fmt: skip
    found = read(replace(chip, keys=replace(chip.keys, agreement=keys)))
    assert statuses(found)["pace"] == "successful"
    assert statuses(found)["chip_authentication_mapping"] == "failed"
    without = {k: v for k, v in chip.files.items() if k != "CardSecurity"}
    found = read(replace(chip, files=without))
    assert statuses(found)["chip_authentication_mapping"] == "failed"


@pytest.mark.parametrize("missing", ["DG14", "DG15"])
def test_leaving_a_signed_key_out_is_a_failure(missing: str) -> None:
    chip = issued(FULL)
    found = read(replace(chip, files={k: v for k, v in chip.files.items() if k != missing}))
    name = {"DG14": "chip_authentication", "DG15": "active_authentication"}[missing]
    assert found.authentications[name].detail == (
        f"EF.SOD lists EF.{missing}, and the chip does not give it"
    )
    assert statuses(found)[name] == "failed"


def test_a_failed_pace_ends_the_reading_unless_bac_is_allowed() -> None:
    chip = issued(FULL)
    with pytest.raises(PaceFailed, match="step 4") as error:
        read(chip, ChipFaults(pace_step=4))
    assert error.value.step == 4
    assert isinstance(error.value, AccessDenied)
    found = read(chip, ChipFaults(pace_step=4), bac_after_pace=True)
    assert (found.protocol, statuses(found)["pace"]) == ("BAC", "failed")
    assert found.downgrades[0].startswith("BAC although the chip offers PACE (PACE step 4")
    assert found.files["DG2"] == GROUPS["DG2"]


@pytest.mark.parametrize("step", [1, 2, 3])
def test_each_step_of_pace_is_named(step: int) -> None:
    with pytest.raises(PaceFailed, match=f"step {step}: the chip answered 6300"):
        read(issued(FULL), ChipFaults(pace_step=step))


def test_the_wrong_zone_or_number_does_not_open_pace() -> None:
    with pytest.raises(PaceFailed, match="step 4"):
        read(issued(FULL), key_input="L898902C3674081221204158")
    with pytest.raises(PaceFailed, match="step 4"):
        read(issued(FULL), can="123457")
    with pytest.raises(AccessDenied, match="no key"):
        read(issued(FULL), key_input="")
    with pytest.raises(AccessDenied, match="no key"):
        read(issued("BAC"), key_input="", can=CAN)  # the number opens PACE only


def test_a_hidden_or_changed_card_access_shows() -> None:
    chip = issued(FULL)
    hidden = read(chip, ChipFaults(hides_card_access=True))
    assert (hidden.protocol, statuses(hidden)["card_access"]) == ("BAC", "failed")
    assert hidden.downgrades
    weaker = issued("PACE-ECDH-GM-AES128@8")
    changed = replace(chip, files={**chip.files, "CardAccess": weaker.files["CardAccess"]})
    found = read(changed)
    assert statuses(found)["card_access"] == "failed"
    assert found.authentications["card_access"].detail == (
        "of the ways of PACE it leaves out 1 and adds 1"
    )


def test_only_the_groups_asked_for() -> None:
    found = read(issued(FULL), groups=(1, 2))
    assert list(found.files) == ["CardAccess", "COM", "SOD", "DG1", "DG2"]
    assert found.authentications["chip_authentication"].detail == "EF.DG14 was not asked for"
    assert found.apdus == 12  # the buffers, CardAccess, five for PACE, SELECT, four files


def test_the_zone_is_never_shown() -> None:
    found = read(issued(FULL), ChipFaults(pace_step=4), bac_after_pace=True)
    assert KEY_INPUT not in repr(found)
    assert CAN not in repr(found)


def test_the_mapping_spares_chip_authentication_unless_it_failed() -> None:
    protocol = "PACE-ECDH-CAM-AES128@12+CA-ECDH-AES128@13"
    chip = issued(protocol)
    assert "chip_authentication" not in statuses(read(chip))
    without = {k: v for k, v in chip.files.items() if k != "CardSecurity"}
    found = statuses(read(replace(chip, files=without)))
    assert found["chip_authentication_mapping"] == "failed"
    assert found["chip_authentication"] == "successful"


def test_a_chip_that_ends_the_session_over_a_missing_file_is_read_to_the_end() -> None:
    class Touchy(Chip):
        def _protected(self, suite, command):
            answer = super()._protected(suite, command)
            if answer.status == 0x6A82:
                self._end_session()
                return Response(b"", 0x6A82)
            return answer

    chip = issued("BAC")
    found = read_from(Touchy(chip.files))
    assert found.files["DG2"] == GROUPS["DG2"]
    assert statuses(found)["active_authentication"] == "not supported"


@pytest.mark.parametrize("protocol", ["PACE-ECDH-GM-AES128@12", "BAC"])
@pytest.mark.parametrize("extended", [True, False])
def test_a_file_beyond_32_kib_comes_by_the_odd_instruction(protocol: str, extended: bool) -> None:
    chip = issued(protocol)
    large = b"\x75\x83\x01\x11\x70" + bytes(n % 251 for n in range(70_000))
    held = replace(chip, files={**chip.files, "DG2": large})
    found = read(held, ChipFaults(no_extended=not extended), groups=(1, 2))
    assert found.files["DG2"] == large


@pytest.mark.parametrize(
    ("ins", "p1", "name"),
    [
        (0x22, 0x41, "chip_authentication"),
        (0x86, 0x00, "chip_authentication"),
        (0x2A, 0x00, "terminal_authentication"),
        (0x88, 0x00, "active_authentication"),
    ],
)
def test_an_authentication_that_costs_the_session_is_a_failure(ins, p1, name) -> None:
    class Touchy(Chip):
        def _opened(self, command):
            if (command.ins, command.p1) == (ins, p1):
                raise MessageForged("that ends it")
            return super()._opened(command)

        def _protected(self, suite, command):
            try:
                return super()._protected(suite, command)
            except MessageForged:
                self._end_session()
                return Response(b"", 0x6988)

    chip = issued(FULL)
    touchy = Touchy(chip.files, keys=chip.keys)
    found = read_from(touchy, terminal=chip.terminal)
    assert statuses(found)[name] == "failed"
    assert found.protocol == "PACE-ECDH-GM-AES128"
    assert found.files["DG2"] == GROUPS["DG2"]
