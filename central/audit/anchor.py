"""Anchors: what the chain's head was, kept where the database's administrator does not reach.

One line per anchor in a file of the data folder, only ever appended to:

    seq hash signature

The signature is Ed25519, base64, over "central-audit-anchor" NUL "seq hash". A trail that was cut
short, or changed and chained anew, no longer has that hash at that place.
"""

import base64
import binascii
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PURPOSE: Final = b"central-audit-anchor\0"


class AnchorError(Exception):
    """A line of the anchor file that was not written by this service."""


class Anchors:
    """The anchor file."""

    def __init__(self, path: Path, key: Ed25519PrivateKey) -> None:
        self._path = path
        self._key = key

    def add(self, seq: int, head: str) -> None:
        """Anchor the entry ``seq`` with hash ``head``."""
        signed = f"{seq} {head}"
        signature = base64.b64encode(self._key.sign(_PURPOSE + signed.encode())).decode()
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"{signed} {signature}\n")

    def read(self) -> dict[int, str]:
        """Return the anchored hash of every anchored seq; raise AnchorError for a forged line."""
        if not self._path.exists():
            return {}
        lines = self._path.read_text(encoding="ascii", errors="replace").splitlines()
        return dict(_verified(lines, self._key.public_key()))


def _verified(lines: Iterable[str], key: Ed25519PublicKey) -> Iterable[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        try:
            seq, head, signature = line.split(" ")
            signed = _PURPOSE + f"{seq} {head}".encode()
            key.verify(base64.b64decode(signature, validate=True), signed)
            yield int(seq), head
        except (ValueError, binascii.Error, InvalidSignature) as error:
            raise AnchorError(f"line {number} of the anchor file is not ours") from error
