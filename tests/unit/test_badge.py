import pytest
from pydantic import ValidationError

from drivers.badge_reader.messages import CardRead, Format
from edge.egate.badge import Badges, Officer, Role, hashed

SALT = "000102030405060708090a0b0c0d0e0f"
CARD = CardRead(26, bytes.fromhex("0a1b2c40"), Format.WIEGAND)
OTHERS = [
    CardRead(26, bytes.fromhex("0a1b2c80"), Format.WIEGAND),
    CardRead(27, bytes.fromhex("0a1b2c40"), Format.WIEGAND),
    CardRead(26, bytes.fromhex("0a1b2c40"), Format.UNSPECIFIED),
]


def lane(*roles: str) -> Badges:
    return Badges.model_validate(
        {
            "salt": SALT,
            "officers": [{"name": "A. Okafor", "roles": roles, "badge": hashed(CARD, SALT)}],
        }
    )


def test_a_listed_badge_is_its_officer_s_and_may_what_it_says() -> None:
    officer = lane("override").officer(CARD)
    assert isinstance(officer, Officer)
    assert officer.name == "A. Okafor"
    assert officer.may(Role.OVERRIDE)
    assert not officer.may(Role.RESET)


@pytest.mark.parametrize("card", OTHERS)
def test_any_other_badge_is_nobody_s(card: CardRead) -> None:
    assert lane("override", "reset").officer(card) is None


def test_another_salt_is_another_hash() -> None:
    assert hashed(CARD, SALT) != hashed(CARD, SALT[::-1])
    # scrypt of RFC 7914, computed with another library: b"WIEGAND:26:" + the bytes
    assert hashed(CARD, SALT) == (
        "d34ffa2a42217cc6b8994143ce95e007e27ea927c6bce338b9084ae2db4dff77"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"roles": []}, "roles"),
        ({"roles": ["king"]}, "override"),
        ({"badge": "00"}, "badge"),
        ({"badge": "Z" * 64}, "badge"),
        ({"name": ""}, "name"),
        ({"nickname": "x"}, "nickname"),
    ],
)
def test_what_is_wrong_in_the_file_is_said(change: dict, said: str) -> None:
    officer = {"name": "A", "roles": ["reset"], "badge": "0" * 64} | change
    with pytest.raises(ValidationError, match=said):
        Badges.model_validate({"salt": SALT, "officers": [officer]})


def test_one_badge_has_one_officer() -> None:
    two = [{"name": n, "roles": ["reset"], "badge": "0" * 64} for n in ("A", "B")]
    with pytest.raises(ValidationError, match="B has the badge of A"):
        Badges.model_validate({"salt": SALT, "officers": two})


def test_neither_number_nor_name_is_in_a_repr() -> None:
    badges = lane("reset")
    assert "0a1b2c" not in repr(CARD)
    assert "Okafor" not in repr(badges)
    assert hashed(CARD, SALT) not in repr(badges)
