"""A state that does not exist, for a world: its authority, one document signer, its passports.

A passport's chip opens by PACE and proves itself by chip and active authentication.
Keys live in memory and end with the process. Nothing here is secret, and nothing real.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import cv2

from simulators.chip.issue import Issued, issue
from simulators.chip.issuer import State
from simulators.chip.personalisation import ef_dg1, ef_dg2
from simulators.chip.profile import parse
from simulators.world.portraits import portrait

_CHIP = parse("PACE-ECDH-GM-AES128+CA-ECDH-AES128+AA-ECDSA")
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

    def personalise(self, lines: tuple[str, ...], seed: int) -> Issued:
        """Return the chip for the printed ``lines``, with the portrait of ``seed``."""
        _, jpeg = cv2.imencode(".jpg", portrait(seed, *_FACE), [cv2.IMWRITE_JPEG_QUALITY, 85])
        height, width = _FACE
        groups = {"DG1": ef_dg1(lines), "DG2": ef_dg2(jpeg.tobytes(), width, height)}
        return issue(groups, self._signer, _CHIP, secrets.token_bytes, today=self._now.date())
