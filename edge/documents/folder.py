"""A chip's files in a folder: ``EF_COM.bin``, ``EF_SOD.bin``, ``EF_DG1.bin`` … ``EF_DG16.bin``.

A name may go on after the file's (``EF_DG15_not_in_sod.bin``); the plain one wins over it.
"""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"EF[_.](COM|SOD|DG(?:[1-9]|1[0-6]))(?:_\w+)?\.bin", re.IGNORECASE)


class FolderError(ValueError):
    """There are no files of a chip there."""


def load(folder: Path) -> dict[str, bytes]:
    """Return the files in ``folder`` by name (``COM``, ``DG1`` …); FolderError if none is there."""
    named = [(match[1].upper(), path) for path in _listed(folder) if (match := _file(path))]
    files: dict[str, bytes] = {}
    for name, path in sorted(named, key=lambda each: (-len(each[1].name), each[1].name)):
        files[name] = path.read_bytes()
    if not files:
        raise FolderError(f"{folder} holds no EF_*.bin file of a chip")
    return files


def _listed(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise FolderError(f"cannot read folder {folder}: {error.strerror}") from error


def _file(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(path.name)
