"""Passive authentication with the whole German master list: cold load, documents per second."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from edge.documents import folder, trust
from edge.documents.certificate import Certificate
from edge.documents.passive_authentication import authenticate
from edge.documents.result import Verdict
from edge.documents.trust import TrustStore
from simulators.chip.issuer import DAY, Scheme, State, passport, utc

DATA = Path(__file__).parents[2].parent / "shared/data/emrtd"
LIST = DATA / "masterlist" / "DE_ML_2026-05-28-08-28-45.ml"
DAY_OF_THE_TEST = utc(2014, 6, 1)
LINES = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)


def run() -> list[tuple[str, str, str]]:
    """Return rows of (figure, value, limit)."""
    if not DATA.exists():
        return [("passive authentication", "no shared material", "-")]
    start = time.perf_counter()
    store = trust.load([LIST])
    load = time.perf_counter() - start
    rows = [
        ("German master list, cold load", f"{load:.3f} s", f"{len(store)} certificates"),
    ]
    reference = folder.load(DATA / "bsi_tr03105_ref")
    rate = _per_second(lambda: authenticate(reference, store, DAY_OF_THE_TEST))
    rows.append(("BSI reference passport (RSA-PSS 2048), checked", f"{rate:.0f} /s", "-"))
    for scheme in (Scheme("ecdsa", "sha256"), Scheme("rsa", "sha256")):
        rows.append(_good_one(store, scheme))
    return [*rows, _silent(store)]


def _good_one(store: TrustStore, scheme: Scheme) -> tuple[str, str, str]:
    state = State("UT", utc(2026), scheme)
    store.add([Certificate.load(state.der)])
    signer = state.signer(utc(2026) - DAY, utc(2026) + DAY)
    files = passport(LINES, b"\xff\xd8\xff\xe0" + bytes(15_000), (30, 40), signer)
    assert authenticate(files, store, utc(2026)).verdict is Verdict.ACCEPT
    rate = _per_second(lambda: authenticate(files, store, utc(2026)))
    return f"good passport ({scheme.family}), whole chain", f"{rate:.0f} /s", "-"


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
