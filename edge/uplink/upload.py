"""Pictures go to central by HTTP: asked how much it has, sent from there, deleted on its receipt.

1. HEAD tells the offset, or that central has it whole.
2. PUT appends pieces of 1 MiB from that offset: 202 for a part, 201 once the whole is on central's
   disk and its hash is right. Only then is ours deleted.
3. 409: central has another offset; begin at 1 again.
4. 413 and 415 never get better, nor does 422 when our own file has decayed: the picture is given
   up, and said so.
5. Everything else waits 1 → 60 s with jitter. A picture that central does not take does not hold
   up the next one; a central that is away holds up all. Each request is sealed by the unit's key.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from enum import Enum, auto
from typing import Final

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.envelope import canonical
from contract.signing import Purpose, seal
from edge.runtime.backoff import Backoff
from edge.uplink.blobs import BlobSpool, Held
from edge.uplink.wake import Wake

PIECE: Final = 1024 * 1024  # bytes of one PUT
_TRIES: Final = 3  # after 409
_HOPELESS: Final = (413, 415)
_LOG = structlog.get_logger()


class _Step(Enum):
    DONE = auto()
    AGAIN = auto()
    HOPELESS = auto()


class UploadFailed(Exception):
    """Central did not take a picture: wait and try again."""


class CentralAway(UploadFailed):
    """Central cannot be reached: no other picture will fare better."""


class Uploader:
    """Empties a spool into central. One at a time, the oldest first."""

    def __init__(
        self, spool: BlobSpool, unit: str, key: Ed25519PrivateKey, client: httpx.AsyncClient
    ) -> None:
        self._spool = spool
        self._unit = unit
        self._key = key
        self._client = client

    async def run(self) -> None:
        """Send for ever; returns only by cancellation."""
        wake, backoff = Wake(), Backoff(1.0, 60.0)
        self._spool.subscribe(wake.ring)
        while True:
            try:
                await self.drain()
                backoff.reset()
                await wake.wait()
            except UploadFailed as error:
                _LOG.warning("picture waits", reason=str(error))
                await asyncio.sleep(backoff.wait())

    async def drain(self) -> None:
        """Send what waits; raise UploadFailed when some of it still does."""
        failure: UploadFailed | None = None
        for held in self._spool.pending():
            try:
                await self.send(held)
            except CentralAway:
                raise
            except UploadFailed as error:
                failure = error
        if failure is not None:
            raise failure

    async def send(self, held: Held) -> None:
        """Send one picture whole, or give it up; raise UploadFailed when it must wait."""
        for _ in range(_TRIES):
            step = await self._try(held)
            if step is _Step.HOPELESS:
                _LOG.error("picture given up", sha256=held.blob.sha256, size=held.blob.size)
            if step is not _Step.AGAIN:
                self._spool.erase(held.blob.sha256)
                return
        raise UploadFailed(f"{held.blob.sha256}: central's offset changes all the time")

    async def _try(self, held: Held) -> _Step:
        try:
            return await self._step(held)
        except httpx.TransportError as error:
            raise CentralAway(f"{type(error).__name__}: {error}") from error
        except (httpx.HTTPError, OSError, ValueError, LookupError) as error:
            raise UploadFailed(f"{held.blob.sha256}: {type(error).__name__}: {error}") from error

    async def _step(self, held: Held) -> _Step:
        answer = await self._client.head(self._path(held), headers=self._sealed(held))
        if answer.status_code == 200 and answer.headers.get("Upload-Complete") == "?1":
            return _Step.DONE
        if answer.status_code != 204:
            return _judge(answer)
        return await self._append(held, int(answer.headers["Upload-Offset"]))

    async def _append(self, held: Held, offset: int) -> _Step:
        while self._spool.holds(held.blob.sha256):  # it may be erased between two pieces
            piece = await asyncio.to_thread(_read, held, offset)
            headers = {**self._sealed(held), "Upload-Offset": str(offset)}
            answer = await self._client.put(self._path(held), headers=headers, content=piece)
            offset += len(piece)
            if answer.status_code == 422 and not await asyncio.to_thread(_is_sound, held):
                return _Step.HOPELESS
            if answer.status_code != 202:
                return _judge(answer)
            if offset >= held.blob.size:
                raise UploadFailed(f"{held.blob.sha256}: sent whole, but central wants more")
        return _Step.DONE

    def _path(self, held: Held) -> str:
        return f"/blobs/sha256/{held.blob.sha256}"

    def _sealed(self, held: Held) -> dict[str, str]:
        body = canonical(
            {"unit": self._unit, "personal": held.personal, **held.blob.model_dump(mode="json")}
        )
        sealed = base64.b64encode(seal(Purpose.BLOB, body, self._key)).decode()
        return {"Authorization": f"Seal {sealed}"}


def _judge(answer: httpx.Response) -> _Step:
    if answer.status_code == 201:
        return _Step.DONE
    if answer.status_code in _HOPELESS:
        return _Step.HOPELESS
    if answer.status_code == 409:
        return _Step.AGAIN
    raise UploadFailed(f"central answered {answer.status_code}")


def _is_sound(held: Held) -> bool:
    with held.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == held.blob.sha256


def _read(held: Held, offset: int) -> bytes:
    with held.path.open("rb") as file:
        file.seek(offset)
        return file.read(PIECE)
