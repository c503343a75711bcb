"""The secure channel of OSDP (SIA OSDP v2.2 Annex D), for either end.

1. Session keys: AES under the base key (SCBK) of 01 82, 01 01, 01 02 and six bytes of RND.A.
2. Each end proves the key: AES under S-ENC of RND.A RND.B (reader) and RND.B RND.A (panel).
3. Every frame has a MAC: CBC under S-MAC1, the last block under S-MAC2; the vector is the whole MAC
   of the frame before it in the other direction, so a frame out of its turn does not verify.
4. Data are encrypted: CBC under S-ENC, the vector is the complement of that same MAC.
5. What does not verify is Garbled, before anything is decrypted.

RND.A must be new every time: the session keys come from it alone, and with an old one a recorded
conversation of a reader, badges and all, could be played back.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drivers.badge_reader.frames import MAC, Frame
from drivers.errors import Garbled

KEY = BLOCK = 16
RANDOM = 8
DEFAULT_KEY = bytes(range(0x30, 0x40))  # SCBK-D, known to everybody: for commissioning only
CHALLENGE, ITS_CRYPTOGRAM, OUR_CRYPTOGRAM, FIRST_MAC = b"\x11", b"\x12", b"\x13", b"\x14"
_BARE_COMMAND, _BARE_REPLY, _COMMAND, _REPLY = b"\x15", b"\x16", b"\x17", b"\x18"


@dataclass(frozen=True)
class Handshake:
    """What both ends compute from the base key and the two random numbers, of 8 bytes each."""

    base_key: bytes = field(repr=False)
    rnd_a: bytes
    rnd_b: bytes

    @property
    def reader_cryptogram(self) -> bytes:
        """The reader's proof (client cryptogram)."""
        return _block(self.s_enc, self.rnd_a + self.rnd_b)

    @property
    def panel_cryptogram(self) -> bytes:
        """The control panel's proof (server cryptogram)."""
        return _block(self.s_enc, self.rnd_b + self.rnd_a)

    @property
    def first_mac(self) -> bytes:
        """The MAC that the first command chains to (R-MAC I)."""
        return _block(self.s_mac2, _block(self.s_mac1, self.panel_cryptogram))

    @property
    def s_enc(self) -> bytes:
        """The key of the data."""
        return self._session_key(0x82)

    @property
    def s_mac1(self) -> bytes:
        """The key of every block of a MAC but the last."""
        return self._session_key(0x01)

    @property
    def s_mac2(self) -> bytes:
        """The key of the last block of a MAC."""
        return self._session_key(0x02)

    def session(self) -> Session:
        """Return the session that follows."""
        return Session(self.s_enc, self.s_mac1, self.s_mac2, self.first_mac)

    def _session_key(self, number: int) -> bytes:
        return _block(self.base_key, bytes([0x01, number]) + self.rnd_a[:6] + bytes(8))


class Session:
    """Seals and opens the frames of one end; both directions move it on."""

    def __init__(self, s_enc: bytes, s_mac1: bytes, s_mac2: bytes, first_mac: bytes) -> None:
        self._s_enc, self._s_mac1, self._s_mac2 = s_enc, s_mac1, s_mac2
        self._of_commands, self._of_replies = b"", first_mac

    def seal(self, frame: Frame) -> Frame:
        """Return ``frame`` encrypted and with its MAC."""
        before = self._before(frame)
        if frame.data:
            data = _cbc(self._s_enc, _inverted(before), _padded(frame.data + b"\x80"))
            frame = replace(frame, data=data, block=_REPLY if frame.reply else _COMMAND)
        else:
            frame = replace(frame, block=_BARE_REPLY if frame.reply else _BARE_COMMAND)
        return replace(frame, mac=self._mac(frame, before)[:MAC])

    def open(self, frame: Frame) -> Frame:
        """Return ``frame`` decrypted; Garbled if it is not the next one of its direction."""
        before = self._before(frame)
        expected = (_BARE_REPLY, _REPLY) if frame.reply else (_BARE_COMMAND, _COMMAND)
        if frame.block not in expected or len(frame.data) % BLOCK:
            raise Garbled("OSDP: a frame outside the secure channel")
        whole = self._computed(frame, before)
        if not hmac.compare_digest(whole[:MAC], frame.mac):
            raise Garbled("OSDP: a MAC that does not verify")
        self._moved(frame, whole)
        if not frame.data:
            return frame
        return replace(frame, data=_unpadded(_uncbc(self._s_enc, _inverted(before), frame.data)))

    def _before(self, frame: Frame) -> bytes:
        """Return the MAC of the frame before, in the other direction."""
        return self._of_commands if frame.reply else self._of_replies

    def _mac(self, frame: Frame, before: bytes) -> bytes:
        whole = self._computed(frame, before)
        self._moved(frame, whole)
        return whole

    def _computed(self, frame: Frame, vector: bytes) -> bytes:
        covered = frame.covered()
        blocks = _padded(covered + b"\x80") if len(covered) % BLOCK else covered
        if len(blocks) > BLOCK:
            vector = _cbc(self._s_mac1, vector, blocks[:-BLOCK])[-BLOCK:]
        return _cbc(self._s_mac2, vector, blocks[-BLOCK:])

    def _moved(self, frame: Frame, whole: bytes) -> None:
        if frame.reply:
            self._of_replies = whole
        else:
            self._of_commands = whole


def _block(key: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 one block
    return encryptor.update(data) + encryptor.finalize()


def _cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _uncbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def _unpadded(data: bytes) -> bytes:
    bare = data.rstrip(b"\x00")
    if bare[-1:] != b"\x80":
        raise Garbled("OSDP: decrypted data without their end mark")
    return bare[:-1]


def _inverted(data: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in data)
