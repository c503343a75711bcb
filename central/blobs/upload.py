"""One picture on its way in.

1. Too large by its own word: refused before a byte is read. More bytes than said: refused.
2. Bytes go to disk as they come; what has arrived stays when the line is cut.
3. At the offered size the hash is checked, the file made durable, the row committed; then 201.
   A wrong hash drops everything, as nobody can tell which byte is bad.
4. One upload of an address at a time. A silent sender is let go after 30 s.
5. An erased picture may come again: another passage may show the same bytes.
6. A file that is to be erased goes from the disk first, then its row says so; what a crash left
   between the two is found by its state.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from enum import Enum, auto
from typing import Final

from sqlalchemy import select

from central.blobs.folder import Folder
from central.blobs.seal import Offer
from central.review.pictures import BlobState
from central.store.database import Database
from central.store.stories import BlobRow

SILENT: Final = 30.0  # s between two chunks


class Answer(Enum):
    """How an upload went."""

    WHOLE = auto()
    PARTIAL = auto()
    WRONG_HASH = auto()
    TOO_LARGE = auto()
    WRONG_OFFSET = auto()
    BUSY = auto()


class Uploads:
    """Takes pictures in."""

    def __init__(
        self, folder: Folder, database: Database, largest: int, now: Callable[[], datetime]
    ) -> None:
        self._folder = folder
        self._database = database
        self._largest = largest
        self._now = now
        self._busy: set[str] = set()

    def fits(self, offer: Offer) -> bool:
        """Return whether a picture of this size is taken at all."""
        return offer.size <= self._largest

    async def offset(self, offer: Offer) -> int | None:
        """Return how many bytes of ``offer`` are here, or None where it is whole."""
        async with self._database.reading() as session:
            row = await session.get(BlobRow, offer.sha256)
        if row is not None and row.state == BlobState.WHOLE:
            return None
        return await asyncio.to_thread(self._folder.held, offer.sha256)

    async def take(self, offer: Offer, offset: int, chunks: AsyncIterator[bytes]) -> Answer:
        """Append ``chunks`` at ``offset``. What was read before a cut is kept."""
        if not self.fits(offer):
            return Answer.TOO_LARGE
        if offer.sha256 in self._busy:
            return Answer.BUSY
        self._busy.add(offer.sha256)
        try:
            return await self._take(offer, offset, chunks)
        finally:
            self._busy.discard(offer.sha256)

    async def erase_marked(self) -> int:
        """Remove every file that is marked for it; return how many went."""
        query = select(BlobRow.sha256).where(BlobRow.state == BlobState.ERASING)
        async with self._database.reading() as session:
            marked = (await session.scalars(query)).all()
        return sum([await self._erase(sha256) for sha256 in marked if sha256 not in self._busy])

    async def _erase(self, sha256: str) -> bool:
        self._busy.add(sha256)
        try:
            async with self._database.writing() as session:
                row = await session.get_one(BlobRow, sha256)
                if row.state != BlobState.ERASING:
                    return False
                await asyncio.to_thread(self._folder.erase, sha256)
                row.state = BlobState.ERASED
        finally:
            self._busy.discard(sha256)
        return True

    async def _take(self, offer: Offer, offset: int, chunks: AsyncIterator[bytes]) -> Answer:
        held = await self.offset(offer)
        if held is None:
            return Answer.WHOLE
        if offset != held:
            return Answer.WRONG_OFFSET
        await self._remember(offer, BlobState.PARTIAL)
        if await self._receive(offer, held, chunks) > offer.size:
            await asyncio.to_thread(self._folder.drop, offer.sha256)
            return Answer.TOO_LARGE
        return await self._conclude(offer)

    async def _receive(self, offer: Offer, size: int, chunks: AsyncIterator[bytes]) -> int:
        file = await asyncio.to_thread(self._folder.append, offer.sha256)
        try:
            while size <= offer.size:
                async with asyncio.timeout(SILENT):
                    chunk = await anext(chunks, b"")
                if not chunk:
                    break
                size += len(chunk)
                await asyncio.to_thread(file.write, chunk)
        finally:
            file.close()
        return size

    async def _conclude(self, offer: Offer) -> Answer:
        if await asyncio.to_thread(self._folder.held, offer.sha256) < offer.size:
            return Answer.PARTIAL
        if not await asyncio.to_thread(self._folder.finish, offer.sha256):
            return Answer.WRONG_HASH
        await self._remember(offer, BlobState.WHOLE)
        return Answer.WHOLE

    async def _remember(self, offer: Offer, state: str) -> None:
        async with self._database.writing() as session:
            row = await session.get(BlobRow, offer.sha256)
            if row is None:
                row = BlobRow(sha256=offer.sha256, personal=offer.personal)
                session.add(row)
            row.size, row.media_type, row.unit = offer.size, offer.media_type, offer.unit
            row.personal = row.personal or offer.personal
            row.state = state
            row.changed_at = self._now()
