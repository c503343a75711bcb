import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract import signing
from contract.signing import Purpose, SealError

KEY = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)  # RFC 8032, 7.1, test 1
TRUSTED = signing.only(KEY.public_key())


def test_the_public_key_is_the_one_of_rfc_8032() -> None:
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert signing.public_key(signing.public_text(KEY.public_key())).public_bytes_raw() == raw


@given(st.binary(max_size=200))
def test_a_sealed_body_comes_back_as_it_was(body: bytes) -> None:
    assert signing.unseal(Purpose.EVENTS, signing.seal(Purpose.EVENTS, body, KEY), TRUSTED) == body


@given(st.binary(max_size=50), st.data())
def test_any_flipped_bit_is_noticed(body: bytes, data: st.DataObject) -> None:
    sealed = bytearray(signing.seal(Purpose.ACK, body, KEY))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealError):
        signing.unseal(Purpose.ACK, bytes(sealed), TRUSTED)


def test_a_seal_is_worthless_for_another_purpose() -> None:
    sealed = signing.seal(Purpose.ACK, b"{}", KEY)
    with pytest.raises(SealError, match="does not hold for command"):
        signing.unseal(Purpose.COMMAND, sealed, TRUSTED)


def test_a_stranger_is_named_and_refused() -> None:
    sealed = signing.seal(Purpose.COMMAND, b"{}", Ed25519PrivateKey.generate())
    with pytest.raises(SealError, match="not trusted here"):
        signing.unseal(Purpose.COMMAND, sealed, TRUSTED)


@given(st.binary(max_size=100))
def test_noise_is_not_a_message(noise: bytes) -> None:
    with pytest.raises(SealError):
        signing.unseal(Purpose.EVENTS, noise, TRUSTED)


def test_a_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "unit.pem"
    made = signing.create_private_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = signing.load_private_key(path)
    assert loaded.private_bytes_raw() == made.private_bytes_raw()
    with pytest.raises(FileExistsError):
        signing.create_private_key(path)
