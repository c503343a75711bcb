"""The library of threats: each a stamp of optical depth at two energies.

1. A stamp is τ (2, rows, columns), low energy first, of the thing alone in the beam, at the
   scanner's own pitch. It is turned by quarters and mirrored, never resampled: that would soften
   its rim, and by soft rims alone a projection was told apart (AUC 0.90). For another pitch another
   library is rendered (``python -m models.training.threat_stamps --pitch MM``).
2. The file is an uncompressed ZIP: ``library.json`` (format, version, where they come from,
   every stamp's name, kind and pitch) and one lossless JPEG XL picture for each, low above high,
   in 1/3000 of τ.
3. Reading trusts nothing: what is missing, too large or of another version is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from models.catalogue import WEIGHTS
from models.xray.tip.errors import TipError

Image = NDArray[np.float32]

FORMAT, VERSION = "border-threat-stamps", 1
DEFAULT = WEIGHTS / "threat_stamps.zip"
STEPS_PER_DEPTH = 3000  # below a fifth of the noise of 20 000 photons; 65 535 is then τ 21.8
MANIFEST = "library.json"
MOST_STAMPS, LARGEST = 2_000, 4_000  # stamps; rows or columns of one
SAME_PITCH = 0.02
COVERED = 0.01  # τ_high from which a pixel belongs to the thing


@dataclass(frozen=True)
class Stamp:
    """One threat in one pose: ``tau`` (2, rows, columns) at ``pitch_mm`` per pixel."""

    name: str
    kind: str
    pitch_mm: float
    tau: Image = field(repr=False)

    def seen(self, pitch_mm: float, turns: int, mirror: bool) -> Image:
        """Return τ (2, h, w), mirrored, then turned by ``turns`` quarters, against the clock.

        Raises TipError where the picture's pixels are of another size than the stamp's.
        """
        if abs(pitch_mm / self.pitch_mm - 1) > SAME_PITCH:
            raise TipError(
                f"threats are drawn in pixels of {self.pitch_mm:g} mm, the picture's are "
                f"{pitch_mm:g} mm; render a library for this scanner"
            )
        tau = self.tau[..., ::-1] if mirror else self.tau
        return np.ascontiguousarray(np.rot90(tau, turns, axes=(1, 2)))


@dataclass(frozen=True)
class Library:
    """Every stamp by name; ``sha256`` is of the file it came from."""

    stamps: Mapping[str, Stamp] = field(repr=False)
    sha256: str

    def find(self, name: str) -> Stamp:
        """Return the stamp ``name``; raise TipError if there is none."""
        if name not in self.stamps:
            raise TipError(f"no threat {name!r} in the library; it has {len(self.stamps)} others")
        return self.stamps[name]


def load(path: Path = DEFAULT) -> Library:
    """Return the library in the file ``path``; raise TipError if it is none."""
    try:
        return read(path.read_bytes())
    except OSError as error:
        raise TipError(f"cannot read {path.name}: {error.strerror}") from error


def read(content: bytes) -> Library:
    """Return the library in ``content``; raise TipError if it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if (manifest["format"], manifest["version"]) != (FORMAT, VERSION):
                raise TipError(f"a library of version {manifest['version']}, wanted {VERSION}")
            entries = list(manifest["stamps"])[: MOST_STAMPS + 1]
            stamps = [_unpack(entry, archive.read(entry["file"])) for entry in entries]
    except _BROKEN as error:
        raise TipError(f"not a library of threat stamps ({error}); install it again") from error
    if not 1 <= len(stamps) <= MOST_STAMPS:
        raise TipError(f"a library has 1 to {MOST_STAMPS} stamps, not {len(stamps)}")
    return Library({stamp.name: stamp for stamp in stamps}, hashlib.sha256(content).hexdigest())


def pack(stamps: Sequence[Stamp], source: str) -> bytes:
    """Return the file that holds ``stamps``; the same stamps give the same bytes."""
    entries = [
        {"name": s.name, "kind": s.kind, "pitch_mm": s.pitch_mm, "file": f"{s.name}.jxl"}
        for s in stamps
    ]
    manifest = {"format": FORMAT, "version": VERSION, "source": source, "stamps": entries}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        # A ZipInfo without a date is of 1980: bytes then depend on nothing but the stamps.
        archive.writestr(zipfile.ZipInfo(MANIFEST), json.dumps(manifest, indent=1, sort_keys=True))
        for stamp in stamps:
            archive.writestr(zipfile.ZipInfo(f"{stamp.name}.jxl"), _picture(stamp.tau))
    return out.getvalue()


_BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    RecursionError,
)


def _picture(tau: Image) -> bytes:
    steps = np.rint(np.clip(tau * STEPS_PER_DEPTH, 0, 65_535)).astype(np.uint16)
    flat = steps.reshape(-1, steps.shape[-1])
    return bytes(imagecodecs.jpegxl_encode(flat, lossless=True, effort=7))


def _unpack(entry: Mapping[str, object], content: bytes) -> Stamp:
    flat = np.asarray(imagecodecs.jpegxl_decode(content))
    pitch = float(str(entry["pitch_mm"]))
    if flat.ndim != 2 or flat.dtype != np.uint16 or flat.shape[0] % 2 or max(flat.shape) > LARGEST:
        raise TipError(f"stamp {entry['name']} is {flat.dtype} {flat.shape}, wanted low over high")
    if not 0.01 <= pitch <= 10:
        raise TipError(f"stamp {entry['name']} has pixels of {pitch} mm")
    tau = flat.reshape(2, -1, flat.shape[1]).astype(np.float32) / np.float32(STEPS_PER_DEPTH)
    return Stamp(str(entry["name"]), str(entry["kind"]), pitch, tau)
