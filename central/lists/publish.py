"""Publishing a list: the next version, sealed, on record, with its audit entry.

A policy belongs to its site; the watchlist is for everybody. What is published comes from a file:
TOML for a policy, ``STATE,NUMBER`` lines for a watchlist.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from central.audit import trail
from central.errors import CentralError
from central.store.lists import PublishedList
from contract.envelope import canonical
from contract.lists import (
    Content,
    ListKind,
    OnFire,
    OnPowerLoss,
    Published,
    SitePolicy,
    Watchlist,
    WithoutCentral,
    document_digest,
)
from contract.names import Level
from contract.signing import Purpose, seal
from settings import files
from settings.files import Section

EVERYWHERE: Final = "*"


class PolicyFile(Section):
    """A policy as an authority writes it: every key is needed, unknown ones are refused."""

    site: Level
    authority: str = Field(min_length=1, max_length=120)
    on_fire: OnFire
    on_power_loss: OnPowerLoss
    without_central: WithoutCentral
    watchlist_hours: float
    false_match_rate: float


async def publish(
    session: AsyncSession, content: Content, key: Ed25519PrivateKey, actor: str, now: datetime
) -> int:
    """Seal ``content`` as the next version of its kind; return that version."""
    scope = content.site if isinstance(content, SitePolicy) else EVERYWHERE
    row = await session.get(PublishedList, (content.kind.value, scope))
    version = 1 if row is None else row.version + 1
    body = Published(version=version, issued=now, content=content).model_dump(mode="json")
    sealed = seal(Purpose.LIST, canonical(body), key)
    if row is None:
        session.add(
            PublishedList(kind=content.kind.value, scope=scope, version=version, sealed=sealed)
        )
    else:
        row.version, row.sealed = version, sealed
    await trail.append(session, now, actor, "list.publish", content.kind.value, version=version)
    return version


async def newest(session: AsyncSession, kind: ListKind, site: str) -> PublishedList | None:
    """Return what is published of ``kind`` for a unit at ``site``."""
    scope = site if kind is ListKind.POLICY else EVERYWHERE
    query = select(PublishedList).where(
        PublishedList.kind == kind.value, PublishedList.scope == scope
    )
    return await session.scalar(query)


def read(kind: ListKind, path: Path) -> Content:
    """Return the list in ``path`` or raise CentralError, saying what is wrong and where."""
    try:
        return _READERS[kind](path)
    except (OSError, UnicodeDecodeError) as error:
        raise CentralError(f"{path}: cannot be read ({error})") from error
    except files.ConfigError as error:
        raise CentralError(str(error)) from error


def _policy(path: Path) -> SitePolicy:
    written = files.load(path, PolicyFile)
    try:
        return SitePolicy.model_validate(written.model_dump())
    except ValidationError as error:
        raise CentralError(f"{path}: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from (
            error
        )


def _watchlist(path: Path) -> Watchlist:
    salt = secrets.token_hex(16)
    lines = path.read_text(encoding="utf-8").splitlines()
    digests = set()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        state, comma, document = (part.strip() for part in line.partition(","))
        if not comma or not state or not document:
            raise CentralError(f"{path}:{number}: write STATE,NUMBER as they are printed")
        digests.add(document_digest(salt, state, document))
    return Watchlist(salt=salt, documents=frozenset(digests))


_READERS: Final[dict[ListKind, Callable[[Path], Content]]] = {
    ListKind.POLICY: _policy,
    ListKind.WATCHLIST: _watchlist,
}
