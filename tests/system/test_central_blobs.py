"""Pictures on their way in: cut, wrong, oversize, misaddressed."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.accounts.roles import Role
from central.blobs.folder import Folder
from central.blobs.seal import Offer
from central.blobs.upload import Answer
from contract import inspection, signing
from contract.blob import Blob, Picture
from contract.envelope import canonical
from contract.inspection import Disposition, Finding
from contract.signing import Purpose
from tests.system.central_world import GATE, SCANNER, World, in_world

CONTENT = bytes(range(256)) * 400  # 100 KiB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


async def put(
    world: World, content: Any, offset: int = 0, whole: bytes = CONTENT, **other: Any
) -> httpx.Response:
    digest = hashlib.sha256(whole).hexdigest()
    headers = world.seal(SCANNER, whole, **other) | {"Upload-Offset": str(offset)}
    return await world.browser().http.put(
        f"/blobs/sha256/{digest}", content=content, headers=headers
    )


async def head(world: World) -> httpx.Response:
    headers = world.seal(SCANNER, CONTENT)
    return await world.browser().http.head(f"/blobs/sha256/{DIGEST}", headers=headers)


def stored(world: World) -> Path:
    return world.core.folder.path(DIGEST)


@in_world
async def test_whole_in_one_go(world: World) -> None:
    assert (await head(world)).headers["upload-offset"] == "0"
    answer = await put(world, CONTENT)
    assert answer.status_code == 201
    assert stored(world).read_bytes() == CONTENT
    again = await head(world)
    assert (again.status_code, again.headers["upload-complete"]) == (200, "?1")
    assert (await put(world, CONTENT)).status_code == 201


@in_world
async def test_in_pieces(world: World) -> None:
    assert (await put(world, CONTENT[:1000])).status_code == 202
    answer = await head(world)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, "1000")
    assert (await put(world, CONTENT[1000:], 1000)).status_code == 201
    assert stored(world).read_bytes() == CONTENT


@in_world
async def test_a_cut_line_keeps_what_came(world: World) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield CONTENT[:5000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await world.core.uploads.take(offer(), 0, cut())
    assert (await head(world)).headers["upload-offset"] == "5000"
    assert not stored(world).exists()
    assert (await put(world, CONTENT[5000:], 5000)).status_code == 201


@in_world
async def test_cut_before_the_receipt_it_is_finished_by_nothing_more(world: World) -> None:
    world.core.folder.partial_path(DIGEST).write_bytes(CONTENT)
    assert (await head(world)).headers["upload-offset"] == str(len(CONTENT))
    assert (await put(world, b"", len(CONTENT))).status_code == 201


@in_world
async def test_a_wrong_offset_is_told_the_right_one(world: World) -> None:
    await put(world, CONTENT[:1000])
    for wrong in (0, 999, 1001):
        answer = await put(world, CONTENT[wrong:], wrong)
        assert (answer.status_code, answer.headers["upload-offset"]) == (409, "1000")


@in_world
async def test_wrong_bytes_are_dropped(world: World) -> None:
    answer = await put(world, CONTENT[:-1] + b"x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "wrong-hash")
    assert (await head(world)).headers["upload-offset"] == "0"
    assert not stored(world).exists()
    assert (await put(world, CONTENT)).status_code == 201


@in_world
async def test_more_bytes_than_said_are_dropped(world: World) -> None:
    answer = await put(world, CONTENT + b"more")
    assert answer.status_code == 413
    assert (await head(world)).headers["upload-offset"] == "0"


@in_world(blobs={"largest": 50_000})
async def test_too_large_by_its_own_word(world: World) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("nothing of it must be read")
        yield b""

    assert await world.core.uploads.take(offer(), 0, unread()) is Answer.TOO_LARGE
    assert (await put(world, CONTENT)).status_code == 413
    assert (await head(world)).status_code == 413


@in_world
async def test_one_upload_of_an_address_at_a_time(world: World) -> None:
    going_on, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CONTENT[:10]
        going_on.set()
        await go_on.wait()
        yield CONTENT[10:]

    first = asyncio.create_task(world.core.uploads.take(offer(), 0, slow()))
    await going_on.wait()
    assert (await put(world, CONTENT)).status_code == 503
    go_on.set()
    assert await first is Answer.WHOLE


@in_world
async def test_a_seal_that_says_something_else_is_refused(world: World) -> None:
    lies: list[tuple[dict[str, Any], str]] = [
        ({"unit": "egate-07"}, "does not speak for egate-07"),
        ({"sha256": "b" * 64}, "for another picture"),
        ({"size": 0}, "the sealed text is not"),
        ({"media_type": "text/html"}, "the sealed text is not"),
        ({"personal": "perhaps"}, "the sealed text is not"),
    ]
    for lie, why in lies:
        answer = await put(world, CONTENT, **lie)
        assert answer.status_code == 401
        assert why in answer.json()["error"]["message"]
    assert not stored(world).exists()


@in_world
async def test_no_seal_a_broken_one_or_a_stranger_s_is_refused(world: World) -> None:
    good = world.seal(SCANNER, CONTENT)["Authorization"]
    for header in ("", "Bearer x", "Seal ???", good[:-8], good[:60] + "AAAA" + good[64:]):
        answer = await world.browser().http.put(
            f"/blobs/sha256/{DIGEST}", content=CONTENT, headers={"Authorization": header}
        )
        assert answer.status_code == 401, header
    world.keys[SCANNER.unit] = Ed25519PrivateKey.generate()
    assert (await put(world, CONTENT)).status_code == 401


@in_world
async def test_a_seal_for_another_purpose_is_refused(world: World) -> None:
    body = canonical(
        {
            "unit": SCANNER.unit,
            "sha256": DIGEST,
            "size": len(CONTENT),
            "media_type": "image/jpeg",
            "personal": False,
        }
    )
    sealed = signing.seal(Purpose.EVENTS, body, world.keys[SCANNER.unit])
    header = {"Authorization": f"Seal {base64.b64encode(sealed).decode()}"}
    answer = await world.browser().http.put(
        f"/blobs/sha256/{DIGEST}", content=CONTENT, headers=header
    )
    assert answer.status_code == 401


@in_world
async def test_a_path_is_64_hex_digits_and_nothing_else(world: World) -> None:
    before = sorted(world.core.config.data.rglob("*"))
    for name in (
        *("../../etc/passwd", "..%2f..%2fkey.pem", "%2e", "A" * 64),
        *("a" * 63, "a" * 65, "a" * 63 + "%00"),
    ):
        answer = await world.browser().http.put(
            f"/blobs/sha256/{name}", content=CONTENT, headers=world.seal(SCANNER, CONTENT)
        )
        assert answer.status_code in (404, 405, 422), name
    assert sorted(world.core.config.data.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "..", "../x", "a" * 63 + "/", "a" * 64 + "\n", "G" * 64])
def test_the_folder_itself_takes_no_other_name(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path)
    for use in (folder.path, folder.partial_path, folder.held, folder.append, folder.erase):
        with pytest.raises(ValueError, match="not a SHA-256"):
            use(name)


# What comes out again


async def shown(world: World, content: bytes, media_type: str, bits: int = 16) -> httpx.Response:
    digest = await world.upload(SCANNER, content, media_type=media_type)
    blob = Blob.model_validate({"sha256": digest, "size": len(content), "media_type": media_type})
    picture = Picture(kind="high", blob=blob, width=64, height=48, bits=bits, personal=False)
    scanned = inspection.Scanned(
        inspection="i-1",
        item="bag-1",
        finding=Finding.SUSPECT,
        disposition=Disposition.HOLD,
        threshold=0.5,
        pictures=[picture],
        stages_ms={},
    )
    await world.tell(SCANNER, "inspection.scanned", scanned)
    analyst = await world.signed_in("ann", Role.ANALYST)
    return await analyst.get(f"/api/images/{digest}")


@in_world
async def test_sixteen_bits_arrive_as_they_were_measured(world: World) -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (48, 64), dtype=np.uint16)
    answer = await shown(world, imagecodecs.jpegxl_encode(pixels, lossless=True), "image/jxl")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    size = {name: answer.headers[f"x-{name}"] for name in ("width", "height", "bits")}
    assert size == {"width": "64", "height": "48", "bits": "16"}
    assert answer.content == pixels.astype("<u2").tobytes()
    assert "immutable" in answer.headers["cache-control"]


@in_world
async def test_a_picture_that_the_browser_has_is_not_sent_again(world: World) -> None:
    pixels = np.zeros((48, 64), dtype=np.uint16)
    answer = await shown(world, imagecodecs.jpegxl_encode(pixels, lossless=True), "image/jxl")
    analyst = await world.signed_in("al", Role.ANALYST)
    tag = answer.headers["etag"]
    again = await analyst.get(f"/api/images/{tag.strip(chr(34))}", **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@in_world
async def test_a_chip_s_portrait_becomes_something_a_browser_knows(world: World) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    coded = imagecodecs.jpeg2k_encode(pixels, reversible=True, level=0)
    answer = await shown(world, coded, "image/jp2", 8)
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(imagecodecs.png_decode(answer.content), pixels)


@in_world
async def test_a_file_that_is_no_picture_is_said_to_be_none(world: World) -> None:
    answer = await shown(world, b"not JPEG XL at all", "image/jxl")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "undecodable")


@in_world
async def test_what_is_not_there_is_not_there(world: World) -> None:
    analyst = await world.signed_in("ann", Role.ANALYST)
    assert (await analyst.get(f"/api/images/{'0' * 64}")).status_code == 404
    assert (await analyst.get("/api/images/key.pem")).status_code == 422
    await world.browser().http.put(
        f"/blobs/sha256/{DIGEST}", content=CONTENT[:9], headers=world.seal(GATE, CONTENT)
    )
    assert (await analyst.get(f"/api/images/{DIGEST}")).status_code == 404


def offer() -> Offer:
    return Offer(
        unit=SCANNER.unit,
        sha256=DIGEST,
        size=len(CONTENT),
        media_type="image/jpeg",
        personal=False,
    )
