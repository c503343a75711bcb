"""``border-sim passport make DIR``: a fictitious passport, whole, with who signed it beside it.

1. The holder, the zone and the portrait follow from a seed; keys are made anew each time.
2. The files lie in DIR as ``card`` says; DIR/trust holds the state's certificate and its revocation
   list, DIR/terminal an inspection system that the chip believes, where it does terminal
   authentication.
3. A variant is wrong in exactly the way that its name says.
"""

from __future__ import annotations

import random as seeded
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2

from edge.documents.chip.groups import new_secret
from edge.documents.mrz_layout import Format
from simulators.chip import card as cards
from simulators.chip.card import Card
from simulators.chip.issue import Issued, issue
from simulators.chip.issuer import DAY, Signer, State, ef_sod
from simulators.chip.keys import ChipKeys, another
from simulators.chip.personalisation import (
    ef_com,
    ef_dg1,
    ef_dg2,
    ef_dg3,
    ef_dg7,
    ef_dg11,
    ef_dg12,
    ef_dg16,
)
from simulators.chip.profile import USUAL, parse
from simulators.chip.variants import Variant, variant
from simulators.world.documents_holder import Holder, fictitious, zone
from simulators.world.portraits import portrait

STATE, COUNTRY = "UTO", "UT"
_FACE = 480, 360  # height and width of the portrait, pixels
_SIGNATURE = 60, 200


@dataclass(frozen=True, slots=True)
class Made:
    """A passport, and what one has to believe to believe it (DER)."""

    card: Card
    lines: tuple[str, ...] = field(repr=False)
    csca: bytes = field(repr=False)
    crl: bytes = field(repr=False)
    issued: Issued = field(repr=False)


def make(now: datetime, name: str = "genuine", seed: int = 1, protocol: str = "") -> Made:
    """Return the passport of ``seed``, ``name`` being its variant, ``protocol`` its profile."""
    how = variant(name)
    profile = parse(protocol or how.protocol or USUAL)
    state = State(COUNTRY, now)
    signer = _signer(state, now, how)
    lines = _lines(seed, how)
    can = f"{seeded.Random(f'can {seed}').randrange(10**6):06d}"  # noqa: S311 fictitious
    issued = issue(
        _groups(lines, seed, now),
        signer,
        profile,
        secrets.token_bytes,
        can=can,
        today=now.date(),
    )
    revoked = (signer.certificate.serial_number,) if how.revoked else ()
    known = State(COUNTRY, now) if how.stranger else state
    return Made(
        Card(_files(issued, signer, how), _keys(issued, how), how.faults),
        lines,
        known.der,
        known.revocation_list(now - timedelta(hours=1), revoked),
        issued,
    )


def write(made: Made, where: Path) -> None:
    """Write a passport into the folder ``where``."""
    cards.save(made.card, where)
    trust = where / "trust"
    trust.mkdir(exist_ok=True)
    (trust / "csca.cer").write_bytes(made.csca)
    (trust / "csca.crl").write_bytes(made.crl)
    (where / "mrz.txt").write_text("\n".join(made.lines) + "\n")
    if (reader := made.issued.terminal) is not None:
        cards.save_terminal(reader.key, reader.certificates, where / "terminal")


def _signer(state: State, now: datetime, how: Variant) -> Signer:
    end = now - DAY if how.signer_expired else now + 3650 * DAY
    return state.signer(now - 30 * DAY, end)


def _lines(seed: int, how: Variant) -> tuple[str, ...]:
    holder: Holder = replace(fictitious(seed, STATE), nationality=STATE)
    if how.expired:
        holder = replace(holder, expiry_date="200101")
    return zone(holder, Format.TD3)


def _groups(lines: tuple[str, ...], seed: int, now: datetime) -> dict[str, bytes]:
    height, width = _FACE
    name = lines[0][5:].rstrip("<")
    return {
        "DG1": ef_dg1(lines),
        "DG2": ef_dg2(_jpeg(seed, height, width), width, height),
        "DG3": ef_dg3([secrets.token_bytes(4000)]),
        "DG7": ef_dg7(_jpeg(seed + 1, *_SIGNATURE)),
        "DG11": ef_dg11(name, "UTOPOLIS"),
        "DG12": ef_dg12("UTOPIA", f"{now - 30 * DAY:%Y%m%d}"),
        "DG16": ef_dg16("SOMEBODY<<ELSE", "00000000", f"{now - 30 * DAY:%Y%m%d}"),
    }


def _jpeg(seed: int, height: int, width: int) -> bytes:
    picture = portrait(seed, height, width)
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return jpeg.tobytes()


def _files(issued: Issued, signer: Signer, how: Variant) -> dict[str, bytes]:
    files = dict(issued.files)
    if how.unlisted_signer:
        listed = {k: v for k, v in files.items() if k.startswith("DG") and k != "DG15"}
        files |= {"SOD": ef_sod(listed, signer), "COM": ef_com(listed)}
    if how.without_keys:
        files = {k: v for k, v in files.items() if k not in ("DG14", "DG15", "CVCA")}
        files["COM"] = ef_com(k for k in files if k.startswith("DG"))
    return files


def _keys(issued: Issued, how: Variant) -> ChipKeys:
    """Return the chip's keys; a clone has others, of the same kind."""
    keys = issued.keys
    if not how.other_keys:
        return keys
    agreement = {
        number: replace(key, secret=new_secret(key.group, secrets.token_bytes))
        for number, key in keys.agreement.items()
    }
    signing = None if keys.signing is None else another(keys.signing)
    return replace(keys, agreement=agreement, signing=signing)
