"""Lists from the authority's file to the lane's disk, and everything that must be refused."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.errors import CentralError
from central.lists import publish
from contract.envelope import canonical
from contract.lists import (
    ListKind,
    ListRequest,
    OnFire,
    OnPowerLoss,
    Published,
    SitePolicy,
    Watchlist,
    WithoutCentral,
    document_digest,
)
from contract.names import Address
from contract.signing import Purpose, seal
from edge.runtime.clock import SystemClock
from edge.uplink.lists import ListKeeper, ListRefused
from edge.uplink.outbox import Outbox
from tests.system.central_world import GATE, World, in_world

CENTRAL = Ed25519PrivateKey.generate()
NOW = datetime(2026, 6, 1, tzinfo=UTC)
POLICY = SitePolicy(
    site="doh",
    authority="test authority",
    on_fire=OnFire.EXIT_OPENS,
    on_power_loss=OnPowerLoss.LEAVES_OPEN,
    without_central=WithoutCentral(hours=8, then="refer-everybody"),
    watchlist_hours=24,
    false_match_rate=0.001,
)
LISTED = Watchlist(salt="ab" * 16, documents=frozenset({document_digest("ab" * 16, "UTO", "X1")}))


def sealed(
    content: SitePolicy | Watchlist,
    version: int = 1,
    issued: datetime = NOW,
    key: Ed25519PrivateKey = CENTRAL,
    purpose: Purpose = Purpose.LIST,
) -> bytes:
    body = Published(version=version, issued=issued, content=content).model_dump(mode="json")
    return seal(purpose, canonical(body), key)


@contextmanager
def keeper(folder: Path, now: datetime = NOW) -> Iterator[ListKeeper]:
    outbox = Outbox(folder / "outbox.db", Address(site="doh", unit="egate-07"), SystemClock())
    try:
        yield ListKeeper(folder / "lists", CENTRAL.public_key(), outbox, lambda: now)
    finally:
        outbox.close()


def test_what_was_taken_is_there_after_a_restart(tmp_path: Path) -> None:
    with keeper(tmp_path) as lists:
        assert lists.policy is None
        lists.take(ListKind.POLICY, sealed(POLICY, 3))
        lists.take(ListKind.WATCHLIST, sealed(LISTED, 7))
    with keeper(tmp_path, NOW + timedelta(hours=5)) as lists:
        assert lists.policy == POLICY
        assert lists.watchlist == LISTED
        assert lists.version(ListKind.WATCHLIST) == 7
        assert lists.age_hours(ListKind.POLICY) == 5.0
        assert lists.age_hours(ListKind.WATCHLIST) == 5.0


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (sealed(POLICY, key=Ed25519PrivateKey.generate()), "not trusted here"),
        (sealed(POLICY, purpose=Purpose.ACK), "does not hold for list"),
        (sealed(LISTED), "this is the watchlist"),
        (sealed(POLICY.model_copy(update={"site": "auh"})), "it is for site auh"),
        (sealed(POLICY, issued=NOW + timedelta(days=3)), "issued in the future"),
        (b"noise", "not a sealed message"),
        (seal(Purpose.LIST, b"{}", CENTRAL), "policy: "),
    ],
    ids=["stranger", "purpose", "kind", "site", "future", "noise", "empty"],
)
def test_what_must_not_be_believed_is_refused_with_the_reason(
    tmp_path: Path, message: bytes, why: str
) -> None:
    with keeper(tmp_path) as lists:
        with pytest.raises(ListRefused, match=why):
            lists.take(ListKind.POLICY, message)
        assert lists.policy is None


def test_an_older_list_is_refused_also_when_it_lies_on_the_disk(tmp_path: Path) -> None:
    old = sealed(POLICY, 1)
    with keeper(tmp_path) as lists:
        lists.take(ListKind.POLICY, sealed(POLICY, 2))
        with pytest.raises(ListRefused, match="older than 2"):
            lists.take(ListKind.POLICY, old)
    (tmp_path / "lists" / "policy.sealed").write_bytes(old)
    with keeper(tmp_path) as lists:
        assert lists.policy is None
        assert "older than 2" in lists.problems[ListKind.POLICY]


def test_a_torn_file_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    with keeper(tmp_path) as lists:
        lists.take(ListKind.POLICY, sealed(POLICY))
    path = tmp_path / "lists" / "policy.sealed"
    path.write_bytes(path.read_bytes()[:-20])
    with keeper(tmp_path) as lists:
        assert "does not hold" in lists.problems[ListKind.POLICY]


def test_an_authority_s_file_must_be_whole(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('site = "doh"\nauthority = "x"\non_fire = "exit-opens"\nwithout_link = 1\n')
    with pytest.raises(CentralError, match=r"policy.toml:4: without_link: unknown key"):
        publish.read(ListKind.POLICY, path)
    path.write_text("UTO,X1\n\nnot a line\n")
    with pytest.raises(CentralError, match=r"policy.toml:3: write STATE,NUMBER"):
        publish.read(ListKind.WATCHLIST, path)


@in_world
async def test_a_lane_fetches_what_is_published_for_its_site(world: World) -> None:
    async with world.core.database.writing() as session:
        for _ in range(2):
            version = await publish.publish(
                session, POLICY, world.core.signing_key, "ada", datetime.now(UTC)
            )
    assert version == 2
    browser, key = world.browser(), world.keys[GATE.unit]

    async def ask(kind: ListKind, have: int, signer: Ed25519PrivateKey = key) -> httpx.Response:
        request = ListRequest(unit=GATE.unit, kind=kind, have=have).model_dump(mode="json")
        text = base64.b64encode(seal(Purpose.ASK, canonical(request), signer)).decode()
        return await browser.http.get(f"/lists/{kind}", headers={"Authorization": f"Seal {text}"})

    answer = await ask(ListKind.POLICY, 1)
    assert answer.status_code == 200
    assert b"test authority" in answer.content
    assert (await ask(ListKind.POLICY, 2)).status_code == 204
    assert (await ask(ListKind.WATCHLIST, 0)).status_code == 204
    assert (await ask(ListKind.POLICY, 0, Ed25519PrivateKey.generate())).status_code == 401
