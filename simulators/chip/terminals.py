"""Which terminals a chip believes: verifying their certificates, and their proof (§7.1).

1. MSE:Set DST names the key that verifies the next certificate: a trust point, or one imported.
2. A certificate must be signed by that key; a DV's or terminal's must not have expired on the day
   that the chip last saw in a certificate that it believes. A link's key is a new trust point.
3. The terminal signs the chip's name, the challenge and Comp() of its ephemeral key.
4. Rights are the AND along the chain: bit 0 opens EF.DG3, bit 1 EF.DG4. Once per session only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from edge.documents import tlv
from edge.documents.chip.apdu import SECURITY_NOT_SATISFIED, Response
from edge.documents.chip.cv_certificate import CERTIFICATE, CvCertificate, CvCertificateError
from edge.documents.chip.keys import Random
from edge.documents.curves import Curve

CHALLENGE = 8
_OPENED_BY = {0: "DG3", 1: "DG4"}
NOT_FOUND = Response(b"", 0x6A88)
FAILED = Response(b"", 0x6300)


@dataclass(frozen=True, slots=True)
class _Imported:
    certificate: CvCertificate
    curve: Curve | None
    rights: int


@dataclass
class Terminals:
    """The trust points and what one session imported."""

    trust_points: Sequence[CvCertificate]
    random: Random
    today: date = date(2000, 1, 1)
    rights: frozenset[str] = frozenset()
    _imported: dict[str, _Imported] = field(default_factory=dict)
    _verifier: _Imported | None = None
    _terminal: _Imported | None = None
    _challenge: bytes = b""
    _done: bool = False

    def __post_init__(self) -> None:
        for point in self.trust_points:
            self.today = max(self.today, point.effective)
            self._imported[point.holder] = _Imported(point, point.key.curve, _bits(point))

    def choose(self, name: bytes) -> Response:
        """MSE:Set DST."""
        self._verifier = self._imported.get(name.decode("latin-1"))
        return Response() if self._verifier else NOT_FOUND

    def verify(self, data: bytes) -> Response:
        """PSO:Verify Certificate: body and signature."""
        try:
            certificate = CvCertificate.load(tlv.encode(CERTIFICATE, data))
        except CvCertificateError:
            return Response(b"", 0x6A80)
        by, self._verifier = self._verifier, None
        if by is None or not self._believed(certificate, by):
            return FAILED
        self.today = max(self.today, certificate.effective)
        curve = certificate.key.curve or by.curve
        imported = _Imported(certificate, curve, by.rights & _bits(certificate))
        self._imported[certificate.holder] = imported
        return Response()

    def _believed(self, certificate: CvCertificate, by: _Imported) -> bool:
        if certificate.authority != by.certificate.holder:
            return False
        if not certificate.signed_by(by.certificate.key, by.curve):
            return False
        return certificate.is_link or certificate.expires >= self.today

    def select(self, name: bytes) -> Response:
        """MSE:Set AT: whose key will sign."""
        self._terminal = self._imported.get(name.decode("latin-1"))
        return Response() if self._terminal else NOT_FOUND

    def challenge(self) -> Response:
        """GET CHALLENGE."""
        self._challenge = self.random(CHALLENGE)
        return Response(self._challenge)

    def prove(self, signature: bytes, chip_name: bytes, terminal_key: bytes | None) -> Response:
        """EXTERNAL AUTHENTICATE."""
        who, challenge = self._terminal, self._challenge
        self._challenge = b""
        if who is None or not challenge or terminal_key is None or self._done:
            return Response(b"", SECURITY_NOT_SATISFIED)
        data = chip_name + challenge + terminal_key
        if not who.certificate.key.verifies(who.curve, signature, data):
            return FAILED
        self._done = True
        self.rights = frozenset(n for bit, n in _OPENED_BY.items() if who.rights >> bit & 1)
        return Response()


def _bits(certificate: CvCertificate) -> int:
    return int.from_bytes(certificate.rights, "big")
