"""Pictures from a lane's spool to central's disk, over a line that is cut."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.uplink.blobs import BlobSpool
from edge.uplink.upload import PIECE, CentralAway, Uploader, UploadFailed
from tests.simulation.bad_luck import memory_folder
from tests.system.central_world import GATE, World, in_world

PICTURE = bytes(range(256)) * (10 * PIECE // 1024)  # 2.5 pieces


class Line(httpx.AsyncBaseTransport):
    """A transport that lets the first ``good`` requests through and cuts the next in its middle."""

    def __init__(self, inner: httpx.AsyncBaseTransport, good: int | None = None) -> None:
        self.inner, self.good = inner, good
        self.requests: list[str] = []
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.method)
        content = await request.aread()
        if self.good == 0:
            await self._half(request, content)
            raise httpx.ReadError("the line was cut")
        if self.good is not None:
            self.good -= 1
        self.sent += len(content)
        return await self.inner.handle_async_request(request)

    async def _half(self, request: httpx.Request, content: bytes) -> None:
        half = content[: len(content) // 2]
        self.sent += len(half)
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        cut = httpx.Request(request.method, request.url, headers=headers, content=half)
        await self.inner.handle_async_request(cut)


def uploader(
    world: World, spool: BlobSpool, line: Line, key: Ed25519PrivateKey | None = None
) -> Uploader:
    client = httpx.AsyncClient(transport=line, base_url="http://central")
    return Uploader(spool, GATE.unit, key or world.keys[GATE.unit], client)


def line_to(world: World, good: int | None = None) -> Line:
    return Line(httpx.ASGITransport(world.app, raise_app_exceptions=False), good)


@in_world
async def test_a_picture_arrives_whole_and_ours_is_deleted(world: World) -> None:
    with memory_folder() as folder:
        spool, line = BlobSpool(folder), line_to(world)
        blob = spool.put(PICTURE, "image/jpeg", personal=False)
        await uploader(world, spool, line).drain()
        assert world.core.folder.path(blob.sha256).read_bytes() == PICTURE
        assert spool.pending() == []
        assert line.requests == ["HEAD", "PUT", "PUT", "PUT"]


@in_world
async def test_a_cut_upload_goes_on_where_it_stopped(world: World) -> None:
    with memory_folder() as folder:
        spool, line = BlobSpool(folder), line_to(world, good=2)
        blob = spool.put(PICTURE, "image/jpeg", personal=True)
        with pytest.raises(CentralAway, match="cut"):
            await uploader(world, spool, line).drain()
        assert line.sent == PIECE + PIECE // 2
        assert spool.holds(blob.sha256)
        again = line_to(world)
        await uploader(world, BlobSpool(folder), again).drain()  # after a restart of the lane
        assert again.sent == len(PICTURE) - line.sent
        assert world.core.folder.path(blob.sha256).read_bytes() == PICTURE


@in_world
async def test_a_lost_receipt_is_asked_for_again(world: World) -> None:
    with memory_folder() as folder:
        spool = BlobSpool(folder)
        spool.put(PICTURE, "image/jpeg", personal=False)
        (held,) = spool.pending()
        await uploader(world, spool, line_to(world)).drain()
        spool.put(PICTURE, "image/jpeg", personal=False)  # as if the 201 had never come
        line = line_to(world)
        await uploader(world, spool, line).drain()
        assert (line.requests, line.sent) == (["HEAD"], 0)
        assert not spool.holds(held.blob.sha256)


@in_world
async def test_a_picture_that_is_refused_does_not_hold_up_the_next(world: World) -> None:
    with memory_folder() as folder:
        spool = BlobSpool(folder)
        decayed = spool.put(b"\x01" * 100, "image/png", personal=False)
        (held,) = spool.pending()
        held.path.write_bytes(b"\x02" * 100)
        good = spool.put(b"\x03" * 100, "image/png", personal=False)
        await uploader(world, spool, line_to(world)).drain()
        assert spool.pending() == []
        assert not world.core.folder.path(decayed.sha256).exists()
        assert world.core.folder.path(good.sha256).exists()


@in_world
async def test_a_unit_that_is_not_enrolled_keeps_its_pictures(world: World) -> None:
    with memory_folder() as folder:
        spool = BlobSpool(folder)
        spool.put(PICTURE, "image/jpeg", personal=False)
        stranger = Ed25519PrivateKey.generate()
        with pytest.raises(UploadFailed, match="401"):
            await uploader(world, spool, line_to(world), stranger).drain()
        assert len(spool.pending()) == 1


@in_world
async def test_it_runs_beside_the_lane_and_ends_when_cancelled(world: World) -> None:
    with memory_folder() as folder:
        spool = BlobSpool(folder)
        running = asyncio.create_task(uploader(world, spool, line_to(world)).run())
        await asyncio.sleep(0)
        spool.put(b"\x03" * 100, "image/png", personal=False)
        async with asyncio.timeout(60):
            while spool.pending():  # noqa: ASYNC110 nobody rings a bell for it
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        spool.put(b"\x04" * 100, "image/png", personal=False)  # rings a bell nobody hears


@in_world
async def test_an_erased_picture_is_not_sent_on(world: World) -> None:
    with memory_folder() as folder:
        spool, line = BlobSpool(folder), line_to(world)
        blob = spool.put(PICTURE, "image/jpeg", personal=True)
        (held,) = spool.pending()
        spool.erase(blob.sha256)
        await uploader(world, spool, line).send(held)
        assert line.sent == 0
