"""The base key of a reader, in a file of its own that nobody else can read.

One line of 32 hexadecimal digits. A file that others may read, a wrong length, or the default key
that every installer knows is refused: the error names the file, never what is in it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from drivers.badge_reader.secure_channel import DEFAULT_KEY, KEY
from drivers.errors import Refused

_OTHERS = 0o077


def load_key(path: Path) -> bytes:
    """Return the key in ``path``; Refused if it is missing, open to others, or no key."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(256)
    except OSError as error:
        raise Refused(f"badge reader: no key in {path} ({error.strerror})") from error
    if mode & _OTHERS:
        raise Refused(f"badge reader: others may read {path}; chmod 600 it, and change the key")
    key = _from_hex(text)
    if len(key) != KEY:
        raise Refused(f"badge reader: {path} does not hold {2 * KEY} hexadecimal digits")
    if key == DEFAULT_KEY:
        raise Refused(f"badge reader: {path} holds the default key, which everybody knows")
    return key


def new_key(path: Path) -> bytes:
    """Make a key, keep it in ``path``, which must not exist, and return it."""
    key = secrets.token_bytes(KEY)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"badge reader: cannot make {path} ({error.strerror})") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _from_hex(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        return b""
