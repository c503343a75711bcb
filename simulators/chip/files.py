"""The files that a forger would put on a chip."""

from __future__ import annotations

from collections.abc import Mapping


def cloned(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return ``files`` as a clone has them: the last byte of the portrait (or of DG1) changed."""
    name = "DG2" if "DG2" in files else "DG1"
    return {**files, name: files[name][:-1] + bytes([files[name][-1] ^ 0x01])}
