"""What a captured face says, check by check (BSI TR-03121-3-1: PAD-FI-APP, CMP-FI-VER, §2.5).

    face-image       a face was captured, and never another beside it
    face-quality     its picture keeps the limits
    face-pad         it does not look like a picture held up
    face-comparison  it is the face of the chip's portrait

1. A slot without a model, or attack detection switched off, is said: *not supported*.
2. What could not be judged is *undetermined*. No face, an alarm or a failed comparison is *failed*:
   the profile sends all three to an officer.
3. A detail holds scores, thresholds and rates, and no personal data: no picture, no template.
4. Templates live as long as one call and are then overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.passage import Check, Status
from edge.egate.face.capture import Captured
from models.face.calibration import DEFAULT_FMR, CalibrationError
from models.face.comparison import Comparison, compare
from models.face.geometry import Face
from models.face.pack import FacePack

__all__ = ["NAMES", "FacePolicy", "face_checks", "no_face_models"]

Image = NDArray[np.uint8]
NAMES = ("face-image", "face-quality", "face-pad", "face-comparison")
PAD_ALARM = 0.5  # score; at most 2 % of bona fide travellers may reach it (PAD-FI-APP)


@dataclass(frozen=True)
class FacePolicy:
    """What the administrator decided."""

    fmr: float = DEFAULT_FMR  # 0.001 at most; 0.0001 is recommended
    pad_alarm: float = PAD_ALARM


_USUAL = FacePolicy()


def face_checks(
    captured: Captured | None,
    portrait: Image | None,
    pack: FacePack,
    policy: FacePolicy = _USUAL,
) -> list[Check]:
    """Return the four checks of a capture against the chip's ``portrait`` (BGR).

    ``captured`` None: nothing could be captured because no detector is there.
    """
    if pack.detect is None or captured is None:
        return no_face_models()
    return [
        _image(captured),
        _quality(captured),
        _attack(captured, policy),
        _comparison(captured, portrait, pack, policy),
    ]


def no_face_models() -> list[Check]:
    """Return the four checks of a lane without face models."""
    detail = "no face model on this lane"
    return [_check(name, Status.NOT_SUPPORTED, detail) for name in NAMES]


def _image(captured: Captured) -> Check:
    counted = f"{captured.seen} of {captured.frames} frames with a face"
    if captured.image is None:
        return _check("face-image", Status.FAILED, f"no face was seen; {counted}")
    if captured.most_faces > 1:
        several = f"{captured.most_faces} faces near; {counted}"
        return _check("face-image", Status.FAILED, several)
    return _check("face-image", Status.SUCCESSFUL, counted)


def _quality(captured: Captured) -> Check:
    quality = captured.quality
    if captured.image is None:
        return _check("face-quality", Status.UNDETERMINED, "no face was seen")
    missed = [f"{m.name} {m.value:.2f}" for m in quality.measures if not m.enough]
    late = "; released when time was up" if captured.timed_out else ""
    detail = f"quality {quality.score:.2f}" + (f"; misses {', '.join(missed)}" if missed else "")
    status = Status.UNDETERMINED if missed else Status.SUCCESSFUL
    return _check("face-quality", status, detail + late)


def _attack(captured: Captured, policy: FacePolicy) -> Check:
    if not captured.pad_looked:
        return _check("face-pad", Status.NOT_SUPPORTED, "presentation attacks are not looked for")
    if captured.pad is None:
        return _check("face-pad", Status.UNDETERMINED, "no frame could be judged")
    alarm = captured.pad >= policy.pad_alarm
    detail = f"score {captured.pad:.3f}, alarm from {policy.pad_alarm:.3f}"
    return _check("face-pad", Status.FAILED if alarm else Status.SUCCESSFUL, detail)


def _comparison(
    captured: Captured, portrait: Image | None, pack: FacePack, policy: FacePolicy
) -> Check:
    name = "face-comparison"
    if pack.embed is None or pack.detect is None:
        return _check(name, Status.NOT_SUPPORTED, "no model that compares faces on this lane")
    if captured.image is None or captured.face is None:
        return _check(name, Status.UNDETERMINED, "no face was seen")
    if portrait is None:
        return _check(name, Status.UNDETERMINED, "the chip's portrait is not at hand")
    stored = pack.detect(portrait)
    if not stored:
        return _check(name, Status.UNDETERMINED, "no face was found in the chip's portrait")
    try:
        seen = [(captured.image, captured.face), (portrait, _largest(stored))]
        found = _compared(seen, pack, policy)
    except CalibrationError as error:
        return _check(name, Status.UNDETERMINED, str(error))
    return _judged(name, found, pack)


def _compared(pair: Sequence[tuple[Image, Face]], pack: FacePack, policy: FacePolicy) -> Comparison:
    assert pack.embed is not None
    templates = [pack.embed(image, face) for image, face in pair]
    try:
        return compare(templates[0], templates[1], pack.embed, policy.fmr)
    finally:
        for template in templates:
            template[:] = 0


def _judged(name: str, found: Comparison, pack: FacePack) -> Check:
    told = f"score {found.score:.3f}"
    if found.threshold is None or found.fmr is None or found.threshold_fmr is None:
        return _check(name, Status.UNDETERMINED, f"{told}; the model's error rates are not known")
    told += (
        f", FMR {_least(found.fmr, pack)}{found.fmr:.2g}; "
        f"threshold {found.threshold:.3f} for FMR {found.threshold_fmr:.2g}"
    )
    return _check(name, Status.SUCCESSFUL if found.match else Status.FAILED, told)


def _least(fmr: float, pack: FacePack) -> str:
    """Return "≤ " where the calibration cannot show a lower rate."""
    calibration = pack.embed.calibration if pack.embed is not None else None
    return "≤ " if calibration is not None and fmr <= 1.001 * calibration.finest else ""


def _largest(faces: Sequence[Face]) -> Face:
    return max(faces, key=lambda face: face.size)


def _check(name: str, status: Status, detail: str) -> Check:
    return Check(name=name, status=status, detail=detail[:300])
