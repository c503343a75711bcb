"""Secrets that a browser holds and the database knows only by their hash."""

import base64
import hashlib
import hmac
import secrets


def new_token() -> str:
    """Return 256 random bits, safe in a cookie and in an address."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the name of ``token`` in the database. A random token needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_of(token: str) -> str:
    """Return what changing requests of this session must carry; the database cannot tell it."""
    mac = hmac.digest(token.encode(), b"csrf", "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def same(one: str, other: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
