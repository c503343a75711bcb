"""The ciphers against published vectors, and secure messaging under each of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents.chip import crypto
from edge.documents.chip.apdu import Command, Response
from edge.documents.chip.ciphers import AES128, AES192, AES256, CIPHERS, TRIPLE_DES
from edge.documents.chip.errors import MessageForged
from edge.documents.chip.keys import agreed_session
from edge.documents.chip.secure_messaging import Channel, Suite, open_command, protect_response

MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411"
)
# NIST SP 800-38B, appendix D: the CMAC of the first 40 bytes, cut to 8; SP 800-38A F.2: CBC.
NIST = [
    (AES128, "2b7e151628aed2a6abf7158809cf4f3c", "dfa66747de9ae630",
     "7649abac8119b246cee98e9b12e9197d"),
    (AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "8a1de5be2eb31aad",
     "4f021db243bc633d7178183a9fa071e8"),
    (AES256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "aaf3d8f1de5640c2", "f58c4c04d6e5f1ba779eabfb5f7bfbd6"),
]  # fmt: skip


@pytest.mark.parametrize(("cipher", "key", "mac", "first"), NIST)
def test_the_vectors_of_nist(cipher, key: str, mac: str, first: str) -> None:
    held = bytes.fromhex(key)
    assert cipher.token(held, MESSAGE).hex() == mac
    iv = bytes(range(16))
    assert cipher.encrypt(held, MESSAGE[:16], iv).hex() == first
    assert cipher.decrypt(held, bytes.fromhex(first), iv) == MESSAGE[:16]


def test_what_keys_come_of() -> None:
    """Doc 9303-11 appendix G.1: AES-128 keys; and the hash of the longer ones."""
    secret = bytes.fromhex("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925")
    assert AES128.derive(secret, 1).hex().upper() == "F5F0E35C0D7161EE6724EE513A0D9A7F"
    assert AES128.derive(secret, 2).hex().upper() == "FE251C7858B356B24514B3BD5F4297D1"
    assert AES256.derive(secret, 1)[:24] == AES192.derive(secret, 1)
    assert [len(c.derive(secret, 1)) for c in CIPHERS] == [16, 16, 24, 32]
    assert all(byte.bit_count() % 2 for byte in TRIPLE_DES.derive(secret, 1))


def test_the_iv_is_the_counter_encrypted() -> None:
    key = bytes(range(16))
    assert AES128.iv(key, 5) == AES128.encrypt(key, (5).to_bytes(16, "big"))
    assert TRIPLE_DES.iv(key, 5) == bytes(8)


@pytest.mark.parametrize("cipher", CIPHERS, ids=lambda c: c.name)
@settings(max_examples=25, deadline=None)
@given(
    data=st.binary(max_size=70) | st.binary(min_size=250, max_size=700),
    ins=st.sampled_from([0xB0, 0xB1, 0x86]),
    counter=st.integers(0, 2**64 - 9),
)
def test_what_goes_in_comes_out_under_every_cipher(cipher, data, ins, counter) -> None:
    suite = Suite(agreed_session(cipher, b"secret"))
    line = Channel(suite, counter)
    command = Command(0, ins, 1, 2, data, le=len(data) or 256)
    sent = Command.decode(line.protect(command).encode())
    assert open_command(suite, counter + 1, sent) == command
    answer = protect_response(suite, counter + 2, Response(data), odd=ins == 0xB1)
    assert line.open(Response.decode(answer.encode())) == Response(data)
    assert (line.counter, line.verified) == (counter + 2, 1)
    if data:
        assert data not in sent.encode() or len(data) < 4


@pytest.mark.parametrize("cipher", CIPHERS, ids=lambda c: c.name)
def test_the_largest_read_just_fits_a_short_answer(cipher) -> None:
    suite = Suite(agreed_session(cipher, b"secret"))
    most = suite.largest_read
    assert most == (231 if cipher is TRIPLE_DES else 223)
    answers = [protect_response(suite, 2, Response(bytes(n)), odd=False) for n in (most, most + 1)]
    assert len(answers[0].data) <= 256 < len(answers[1].data)


@pytest.mark.parametrize("cipher", CIPHERS, ids=lambda c: c.name)
def test_another_message_s_number_or_keys_are_forged(cipher) -> None:
    suite = Suite(agreed_session(cipher, b"secret"))
    answer = protect_response(suite, 2, Response(b"data"), odd=False)
    for wrong in (Channel(suite, 1), Channel(Suite(agreed_session(cipher, b"other")), 0)):
        wrong.protect(Command(0, 0xB0, 0, 0, le=4))
        with pytest.raises(MessageForged, match="checksum"):
            wrong.open(answer)


def test_padding() -> None:
    assert crypto.unpad(crypto.pad(b"x", 16)) == b"x"
    with pytest.raises(ValueError, match="no padding"):
        crypto.unpad(bytes(16))
