import asyncio
import threading

import pytest

from edge.uplink.wake import Wake


@pytest.mark.parametrize("turns", range(4))
def test_a_cancellation_that_comes_with_the_bell_is_not_lost(turns: int) -> None:
    async def run() -> None:
        wake = Wake()
        waiting = asyncio.create_task(forever(wake))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        wake.ring()
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        done, _ = await asyncio.wait([waiting], timeout=30)
        assert done, "it waits on, cancelled as it is"
        assert waiting.cancelled()

    async def forever(wake: Wake) -> None:
        while True:
            await wake.wait(60)

    asyncio.run(run())


def test_it_is_rung_from_any_thread_and_before_the_wait() -> None:
    async def run() -> Wake:
        wake = Wake()
        ringer = threading.Thread(target=wake.ring)
        ringer.start()
        async with asyncio.timeout(10):
            await wake.wait()
        ringer.join()
        wake.ring()
        async with asyncio.timeout(10):
            await wake.wait()
        return wake

    wake = asyncio.run(run())
    wake.ring()  # the loop has gone: nobody hears, nothing breaks


def test_it_comes_back_by_itself_when_nobody_rings() -> None:
    async def run() -> None:
        await Wake().wait(0.001)

    asyncio.run(run())
