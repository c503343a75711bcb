"""A state that does not exist, for a world: its authority, one document signer, its passports.

Keys live in memory and end with the process. Nothing here is secret, and nothing real.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import cv2

from simulators.chip.issuer import State, passport
from simulators.world.portraits import portrait

_FACE = 480, 360  # height and width of the portrait in the chip, pixels


class Issuer:
    """One fictitious state. ``country`` is its two-letter code; ``now`` its wall clock."""

    def __init__(self, country: str, now: datetime) -> None:
        self._now = now
        self._state = State(country, now)
        self._signer = self._state.signer(now - timedelta(days=30), now + timedelta(days=3650))

    @property
    def csca(self) -> bytes:
        """The CSCA certificate, DER: what a gate has to trust."""
        return self._state.der

    @property
    def crl(self) -> bytes:
        """The CSCA's revocation list, DER: nothing is revoked."""
        return self._state.revocation_list(self._now - timedelta(hours=1))

    def personalise(self, lines: tuple[str, ...], seed: int) -> dict[str, bytes]:
        """Return a chip's files for the printed ``lines``, with the portrait of ``seed``."""
        _, jpeg = cv2.imencode(".jpg", portrait(seed, *_FACE), [cv2.IMWRITE_JPEG_QUALITY, 85])
        height, width = _FACE
        return passport(lines, jpeg.tobytes(), (width, height), self._signer)
