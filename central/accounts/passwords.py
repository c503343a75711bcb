"""Passwords: argon2id, in threads, a few at a time.

Hashing takes tens of milliseconds and 64 MiB by design (RFC 9106, second recommended option), so it
never runs in the loop, and never more than two at once: a flood of sign-ins must not take the
memory that the lanes need. A name that does not exist costs as much time as one that does.
"""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12  # characters; NIST SP 800-63B asks for 8, and 15 without a second factor
LONGEST: Final = 256
_AT_ONCE: Final = 2


class Passwords:
    """Hashes and verifies; ``hasher`` says at what cost."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash to store; raise ValueError for a password that is too short or long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters")
        async with self._gate:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Return whether ``password`` is the one behind ``stored``; None never matches."""
        async with self._gate:
            return await asyncio.to_thread(self._matches, stored, password)

    def _matches(self, stored: str | None, password: str) -> bool:
        if stored is None:
            self._decoy = self._decoy or self._hasher.hash(secrets.token_hex())
        try:
            self._hasher.verify(stored or self._decoy or "", password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None
