"""The pictures an officer needs for a referral, as blobs: page, portrait from the chip, face.

They are personal: erased here and at central when the passage ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import cv2
import numpy as np

from contract.blob import Picture
from edge.documents import face, lds
from edge.documents.picture import PictureError, decode
from edge.egate.evidence import Evidence, Image
from edge.uplink.blobs import BlobSpool

LONGEST_SIDE = 1600  # pixels; enough to read a page on a screen
QUALITY = 85  # JPEG


def referral_pictures(
    evidence: Evidence, spool: BlobSpool, had: Collection[str] = ()
) -> list[Picture]:
    """Put the pictures of ``evidence`` into ``spool``; return their addresses.

    The officer has those of the kinds ``had`` already. Raises what ``spool.put`` raises: SpoolFull,
    DiskFull, DiskFailed.
    """
    return [_put(kind, image, spool) for kind, image in _images(evidence) if kind not in had]


def _images(evidence: Evidence) -> Iterator[tuple[str, Image]]:
    if evidence.page_image is not None:
        yield "page", evidence.page_image
    if evidence.portrait is not None:
        yield "portrait", evidence.portrait
    if evidence.captured is not None and evidence.captured.image is not None:
        yield "face", evidence.captured.image


def portrait_of(files: Mapping[str, bytes]) -> Image | None:
    """Return the first portrait of DG2 as BGR, or None where there is none that can be decoded."""
    try:
        rgb = decode(face.dg2(files["DG2"])[0].image)
    except (KeyError, IndexError, lds.LdsError, PictureError):
        return None
    if rgb.ndim == 3 and rgb.shape[2] != 3:
        return None
    colour = cv2.COLOR_GRAY2BGR if rgb.ndim == 2 else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(rgb, colour), np.uint8)


def _put(kind: str, image: Image, spool: BlobSpool) -> Picture:
    small = _shrunk(image)
    encoded, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not encoded:
        raise ValueError(f"a {kind} of shape {image.shape} cannot be written as JPEG")
    blob = spool.put(jpeg.tobytes(), "image/jpeg", personal=True)
    height, width = small.shape[:2]
    return Picture(kind=kind, blob=blob, width=width, height=height, bits=8, personal=True)


def _shrunk(image: Image) -> Image:
    factor = LONGEST_SIDE / max(image.shape[:2])
    if factor >= 1:
        return image
    size = round(image.shape[1] * factor), round(image.shape[0] * factor)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
