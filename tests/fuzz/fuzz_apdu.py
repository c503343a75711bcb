"""Coverage-guided fuzzing of all that a chip may say (needs atheris: ``pip install atheris``).

    python -m tests.fuzz.fuzz_apdu -max_total_time=60 [CORPUS]

The first byte of an input chooses the target; the rest is what the chip, or a file on it, says.
Anything but the errors that a target names is a finding, as is more than a second or 512 MiB.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from edge.documents.chip import buffers, card_security, security_infos
from edge.documents.chip.apdu import ApduError, Command, Response
from edge.documents.chip.atr import extended_length
from edge.documents.chip.ciphers import CIPHERS
from edge.documents.chip.cv_certificate import CvCertificate, CvCertificateError
from edge.documents.chip.errors import ChipError, MessageForged
from edge.documents.chip.keys import agreed_session
from edge.documents.chip.reader import read_chip
from edge.documents.chip.secure_messaging import Channel
from edge.documents.chip.terminal_authentication import trust_points
from edge.documents.lds import LdsError

KEY_INPUT = "L898902C3674081221204159"


def commands(data: bytes) -> None:
    """Commands and responses."""
    for decode in (Command.decode, Response.decode):
        try:
            decode(data)
        except ApduError:
            continue


def protected(data: bytes) -> None:
    """A protected answer, under each cipher."""
    for cipher in CIPHERS:
        try:
            Channel.after(agreed_session(cipher, b"secret")).open(Response(data))
        except MessageForged:
            continue


def files(data: bytes) -> None:
    """The files that say what a chip can do."""
    for read in (lambda raw: security_infos.read(raw, "CardAccess"), card_security.read):
        try:
            read(data)
        except LdsError:
            continue
    buffers.read_size(data, 231)
    extended_length(data)
    trust_points(data)


def certificates(data: bytes) -> None:
    """Card-verifiable certificates."""
    try:
        found = CvCertificate.load(data)
    except CvCertificateError:
        return
    found.signed_by(found.key, found.key.curve)


def conversation(data: bytes) -> None:
    """A whole reading: each answer is a length and so many bytes."""
    try:
        read_chip(_Told(data), KEY_INPUT, bytes, bac_after_pace=True)
    except ChipError:
        return


class _Told:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def transmit(self, apdu: bytes) -> bytes:
        """Answer with the next piece; refuse once there is none."""
        if not self._data:
            return b"\x6f\x00"
        size = self._data[0] + 2
        answer, self._data = self._data[1 : 1 + size], self._data[1 + size :]
        return answer


TARGETS: tuple[Callable[[bytes], None], ...] = (
    commands,
    protected,
    files,
    certificates,
    conversation,
)


def one(data: bytes) -> None:
    """Run the target that the first byte chooses over the rest."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


def main() -> None:
    """Fuzz until told otherwise."""
    import atheris  # only where somebody fuzzes

    atheris.instrument_all()
    atheris.Setup([*sys.argv, "-rss_limit_mb=512", "-timeout=1", "-max_len=4096"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
