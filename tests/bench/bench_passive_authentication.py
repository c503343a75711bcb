"""Passive authentication with the whole German master list: cold load, documents per second."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from asn1crypto import cms, x509

from edge.documents import folder, lds, mrz, tlv, trust
from edge.documents.certificate import Certificate
from edge.documents.passive_authentication import authenticate
from edge.documents.result import Verdict
from edge.documents.seals import checks as seals
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, Scheme, State, passport, utc
from tests.unit.issuing import IMAGE, LINES, TODAY, link

DATA = Path(__file__).parents[2].parent / "shared/data/emrtd"
LIST = DATA / "masterlist" / "DE_ML_2026-05-28-08-28-45.ml"
DAY_OF_THE_TEST = utc(2014, 6, 1)
COLD = 1.0  # s
ENOUGH = 100.0  # documents per second; one in 10 ms


def run() -> list[tuple[str, str, str]]:
    """Return rows of (figure, value, limit)."""
    if not DATA.exists():
        return [("passive authentication", "no shared material", "-")]
    load, store = _cold()
    rows = [
        _against(f"German master list, cold load, {len(store)} certificates", load, COLD, "s"),
    ]
    reference = folder.load(DATA / "bsi_tr03105_ref")
    rate = _per_second(lambda: authenticate(reference, store, DAY_OF_THE_TEST))
    rows.append(_rate("BSI reference passport (RSA-PSS 2048), checked", rate))
    for scheme in (Scheme("ecdsa", "sha256"), Scheme("rsa", "sha256")):
        rows.append(_good_one(store, scheme))
    return [*rows, _linked(store), _seal(), _silent(store)]


def _cold() -> tuple[float, TrustStore]:
    """Return the seconds of a first load, in this process: imports are not in it."""
    start = time.perf_counter()
    store = trust.load([LIST])
    return time.perf_counter() - start, store


def _against(what: str, value: float, limit: float, unit: str) -> tuple[str, str, str]:
    return what, f"{value:.3f} {unit}", f"{limit:g} {unit}: {value / limit:.2f} of it"


def _rate(what: str, rate: float) -> tuple[str, str, str]:
    """A document may take 1/100 of the second that its whole chip may take beside it."""
    return what, f"{rate:.0f} /s", f"{ENOUGH:g} /s: {rate / ENOUGH:.1f} times that"


def _linked(store: TrustStore) -> tuple[str, str, str]:
    """A passport of a new key, its link certificate inside, against the whole list."""
    old, new = State("UT", TODAY), State("UT", TODAY)
    store.add([Certificate.load(old.der)])
    files = passport(LINES, IMAGE, (30, 40), new.signer(TODAY - DAY, TODAY + DAY))
    info = cms.ContentInfo.load(lds.sod(files["SOD"]))
    info["content"]["certificates"].append(x509.Certificate.load(link(old, new)))
    files["SOD"] = tlv.encode(lds.TAGS["SOD"], info.dump(force=True))
    assert authenticate(files, store, TODAY).verdict is Verdict.ACCEPT
    return _rate("good passport over a key rollover", _per_second(
        lambda: authenticate(files, store, TODAY)))  # fmt: skip


def _seal() -> tuple[str, str, str]:
    row = json.loads((DATA.parent / "vds" / "vds_seals.jsonl").read_text().splitlines()[0])
    raw, printed = bytes.fromhex(row["hex"]), mrz.parse(row["upstream_expect"]["MRZ"])
    store = trust.load([LIST, DATA.parent / "vds"])
    return _rate("digital seal against the whole list", _per_second(
        lambda: seals.check(raw, store, DAY_OF_THE_TEST, printed)))  # fmt: skip


def _good_one(store: TrustStore, scheme: Scheme) -> tuple[str, str, str]:
    state = State("UT", utc(2026), scheme)
    store.add([Certificate.load(state.der)])
    signer = state.signer(utc(2026) - DAY, utc(2026) + DAY)
    files = passport(LINES, b"\xff\xd8\xff\xe0" + bytes(15_000), (30, 40), signer)
    assert authenticate(files, store, utc(2026)).verdict is Verdict.ACCEPT
    rate = _per_second(lambda: authenticate(files, store, utc(2026)))
    return _rate(f"good passport ({scheme.family}), whole chain", rate)


def _silent(store: TrustStore) -> tuple[str, str, str]:
    """Count expired, not yet valid and SHA-1 passports that pass without a word."""
    state = State("UT", utc(2026))
    store.add([Certificate.load(state.der)])
    at = utc(2026)
    passed = total = 0
    for scheme in (Scheme("rsa"), Scheme("ecdsa"), Scheme("rsa", "sha1"), Scheme("ecdsa", "sha1")):
        for start, end in ((-9, -1), (-1, 1), (1, 9)):
            if scheme.hash != "sha1" and start < 0 < end:
                continue  # that one is good
            signer = state.signer(at + start * DAY, at + end * DAY, scheme)
            files = passport(LINES, b"\xff\xd8\xff\xe0", (1, 1), signer)
            total += 1
            passed += authenticate(files, store, at).verdict is Verdict.ACCEPT
    return (
        "expired, SHA-1, not yet valid: passed silently",
        f"{passed} of {total}",
        "pymrtd: 14 of 24",
    )


def _per_second(work: Callable[[], object], seconds: float = 0.5) -> float:
    times = []
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        work()
        times.append(time.perf_counter() - start)
    return 1 / statistics.median(times)


if __name__ == "__main__":
    for row in run():
        print(*row, sep=" | ")
