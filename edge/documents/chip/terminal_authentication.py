"""Terminal authentication, version 1: proving that we may read fingers and irises (§7.1).

1. The chip names whose certificates it believes (EF.CVCA). The chain from there to ours goes to it
   one by one: MSE:Set DST with the authority's name, PSO:Verify Certificate.
2. MSE:Set AT names our key; the chip gives a challenge; we sign the chip's name, the challenge, and
   Comp() of the ephemeral key with which the present session was agreed.
3. The chip's name is the document number with its check digit after BAC, Comp() of its ephemeral
   key after PACE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from edge.documents import tlv
from edge.documents.chip.apdu import SUCCESS, Command
from edge.documents.chip.cv_certificate import CvCertificate, CvCertificateError
from edge.documents.chip.errors import ChipRefused
from edge.documents.chip.session import Conversation
from edge.documents.signatures import HASHES

CHALLENGE = 8  # bytes
_REFERENCE = 0x83
_AUTHORITY = 0x42
_DATES = 14  # characters of birth and expiry, each with its check digit, in the "MRZ information"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class TerminalError(ValueError):
    """The terminal's own certificates or key are not there, or do not fit together."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """An inspection system: its certificates, in any order, the last holder's key, its name."""

    certificates: tuple[CvCertificate, ...]
    key: Key = field(repr=False)
    holder: str

    @classmethod
    def load(cls, folder: Path) -> Terminal:
        """Read ``*.cvcert`` and ``terminal.pkcs8`` in ``folder``; TerminalError if none are there.

        The terminal's own certificate is the one that signed no other.
        """
        try:
            found = [CvCertificate.load(path.read_bytes()) for path in folder.glob("*.cvcert")]
            key = serialization.load_der_private_key(
                (folder / "terminal.pkcs8").read_bytes(), password=None
            )
        except (OSError, CvCertificateError, ValueError) as error:
            raise TerminalError(f"cannot read a terminal's certificates: {error}") from error
        authorities = {each.authority for each in found}
        own = [each.holder for each in found if each.holder not in authorities]
        if len(own) != 1 or not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise TerminalError(f"{folder} holds {len(own)} terminals' certificates, not one")
        return cls(tuple(found), key, own[0])

    def chain(self, trusted: Sequence[str]) -> list[CvCertificate]:
        """Return the certificates from one that ``trusted`` names down to our own."""
        by_holder = {each.holder: each for each in self.certificates}
        chain: list[CvCertificate] = []
        name = self.holder
        while name not in trusted:
            certificate = by_holder.get(name)
            if certificate is None or certificate in chain:
                raise TerminalError(f"no certificates lead from {', '.join(trusted)} to us")
            chain.insert(0, certificate)
            name = certificate.authority
        return chain

    def sign(self, certificate: CvCertificate, data: bytes) -> bytes:
        """Return our signature over ``data`` in the way that our ``certificate`` says."""
        chosen = HASHES[certificate.key.hash]
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(chosen)))
            size = (self.key.curve.key_size + 7) // 8
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if certificate.key.family == "rsa":
            return self.key.sign(data, padding.PKCS1v15(), chosen)
        return self.key.sign(data, padding.PSS(padding.MGF1(chosen), chosen.digest_size), chosen)


def trust_points(ef_cvca: bytes) -> list[str]:
    """Return the authorities that EF.CVCA names, the newest first; none if it is not readable."""
    names = []
    try:
        for element in _until_padding(ef_cvca):
            names.append(element.value.decode("latin-1"))
    except tlv.TlvError:
        return names
    return names


def _until_padding(data: bytes) -> Iterable[tlv.Tlv]:
    at = 0
    while at < len(data) and data[at] == _AUTHORITY:
        found = tlv.read(data, at)
        yield found
        at = found.end


def name_after_bac(key_input: str) -> bytes:
    """Return the chip's name after BAC: the document number and its check digit."""
    return key_input[:-_DATES].encode("latin-1")


def authenticate(
    talk: Conversation,
    terminal: Terminal,
    trusted: Sequence[str],
    chip_name: bytes,
    compressed_key: bytes,
) -> str:
    """Prove who we are; return our name. Raises ChipRefused, or TerminalError without a chain."""
    chain = terminal.chain(trusted)
    for certificate in chain:
        name = tlv.encode(_REFERENCE, certificate.authority.encode("latin-1"))
        _must(talk, Command(0, 0x22, 0x81, 0xB6, name), f"choosing {certificate.authority}")
        doing = f"verifying {certificate.holder}"
        _must(talk, Command(0, 0x2A, 0x00, 0xBE, certificate.command_data), doing)
    name = tlv.encode(_REFERENCE, terminal.holder.encode("latin-1"))
    _must(talk, Command(0, 0x22, 0x81, 0xA4, name), "choosing our key")
    challenge = _must(talk, Command(0, 0x84, 0, 0, le=CHALLENGE), "asking for a challenge")
    signature = terminal.sign(chain[-1], chip_name + challenge + compressed_key)
    _must(talk, Command(0, 0x82, 0, 0, signature), "proving our key")
    return terminal.holder


def _must(talk: Conversation, command: Command, doing: str) -> bytes:
    answer = talk.ask(command, f"terminal authentication, {doing}")
    if answer.status != SUCCESS:
        raise ChipRefused(f"terminal authentication, {doing}", answer.status)
    return answer.data
