r"""Signed before trusted: how a message is sealed, and how a seal is broken.

    bc1 <key id> <signature, base64>\n<body>

The signature is Ed25519 (RFC 8032) over the purpose, a zero byte and the body's very bytes, so
nothing has to be re-encoded to be checked, and a seal made for one purpose is worthless for
another. The key id is the first 16 hex digits of the SHA-256 of the raw public key.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_MAGIC = b"bc1"
_RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Purpose(StrEnum):
    """What a seal is for."""

    EVENTS = "events"
    ACK = "ack"
    COMMAND = "command"
    CHALLENGE = "challenge"
    PRESENCE = "presence"
    BLOB = "blob"
    LIST = "list"
    ASK = "ask"
    TRUST_LISTS = "trust-lists"
    EVIDENCE = "evidence"


class SealError(Exception):
    """A message that must not be believed; the text says why."""


PublicKeys = Callable[[str], Ed25519PublicKey | None]


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name under which ``key`` is known."""
    return hashlib.sha256(key.public_bytes(*_RAW)).hexdigest()[:16]


def seal(purpose: Purpose, body: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return ``body`` sealed by ``key`` for ``purpose``."""
    signature = base64.b64encode(key.sign(_signed(purpose, body)))
    return b" ".join((_MAGIC, key_id(key.public_key()).encode(), signature)) + b"\n" + body


def unseal(purpose: Purpose, message: bytes, keys: PublicKeys) -> bytes:
    """Return the body of ``message`` or raise SealError. ``keys`` maps a key id to a key."""
    head, newline, body = message.partition(b"\n")
    parts = head.split(b" ")
    if not newline or len(parts) != 3 or parts[0] != _MAGIC:
        raise SealError("not a sealed message: no 'bc1 <key> <signature>' line")
    name = parts[1].decode("ascii", "replace")
    if (key := keys(name)) is None:
        raise SealError(f"sealed by key {name!r}, which is not trusted here")
    try:
        key.verify(_decoded(parts[2]), _signed(purpose, body))
    except (InvalidSignature, binascii.Error) as error:
        raise SealError(f"the seal of key {name} does not hold for {purpose}") from error
    return body


def only(key: Ed25519PublicKey) -> PublicKeys:
    """Return a lookup that trusts ``key`` and no other."""
    return {key_id(key): key}.get


def public_text(key: Ed25519PublicKey) -> str:
    """Return ``key`` as base64 text for a configuration file."""
    return base64.b64encode(key.public_bytes(*_RAW)).decode()


def public_key(text: str) -> Ed25519PublicKey:
    """Return the key that ``public_text`` wrote; raise ValueError for anything else."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not an Ed25519 public key in base64: {text!r}") from error


def create_private_key(path: Path) -> Ed25519PrivateKey:
    """Make a key, write it to ``path`` for its owner only, return it; refuse to overwrite."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return key


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Return the key in ``path``; raise ValueError for another kind, OSError if unreadable."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds a key of another kind; an Ed25519 key is needed")  # noqa: TRY004
    return key


def _decoded(text: bytes) -> bytes:
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value) != text:  # one signature, one spelling
        raise binascii.Error("base64 with stray bits")
    return value


def _signed(purpose: Purpose, body: bytes) -> bytes:
    return purpose.value.encode() + b"\0" + body
