"""Erasing beside the ingest: whoever is referred now does not wait for files that must go.

1. ``soon`` says that files are marked; they are erased at once, one round after the other.
2. A round that fails is logged; the duty of every minute tries again.
"""

import asyncio

import structlog

from central.blobs.upload import Uploads

_log = structlog.get_logger(__name__)


class Erasures:
    """Erases what is marked, when told to."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def soon(self) -> None:
        """Erase what is marked by now."""
        self._idle.clear()
        self._some.set()

    async def settled(self) -> None:
        """Return when everything that was asked for has been tried."""
        await self._idle.wait()

    async def run(self) -> None:
        """Erase, round after round, until closed; a round begun is finished."""
        while True:
            await self._some.wait()
            if self._closed:
                return
            self._some.clear()
            try:
                await self._uploads.erase_marked()
            except Exception as error:  # noqa: BLE001 the duty of every minute tries again
                _log.error("marked files were not erased", exc_info=error)
            if not self._some.is_set():
                self._idle.set()

    def close(self) -> None:
        """End the rounds."""
        self._closed = True
        self._some.set()
