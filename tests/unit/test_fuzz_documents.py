"""Every parser of documents under noise, bent and torn input: refused clearly, soon, cheaply."""

import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, throw

LONGEST = 1.0  # s of work: a busy machine is no fault of a parser
MOST = 200_000_000  # bytes


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=40, deadline=None)
@given(noise=st.binary(max_size=300))
def test_noise(name: str, noise: bytes) -> None:
    throw(name, noise)


@pytest.mark.parametrize("name", TARGETS)
def test_bent_and_torn_within_time(name: str) -> None:
    rng = random.Random(name)
    for seed in TARGETS[name].seeds:
        for _ in range(40):
            bent = bytearray(seed)
            for _ in range(rng.randrange(1, 4)):
                if bent:
                    bent[rng.randrange(len(bent))] = rng.randrange(256)
            begun = time.process_time()
            throw(name, bytes(bent[: rng.randrange(len(bent) + 1)]) if rng.random() < 0.3 else seed)
            throw(name, bytes(bent))
            assert time.process_time() - begun < 2 * LONGEST


@pytest.mark.parametrize("name", TARGETS)
def test_what_claims_to_be_large_costs_little(name: str) -> None:
    claims = [b"\x77\x84\x7f\xff\xff\xff", b"\x30\x84\xff\xff\xff\xff", b"\x02\xff\xff]Q3"]
    claims += [seed + bytes(1_000_000) for seed in TARGETS[name].seeds[:1]]
    tracemalloc.start()
    try:
        for raw in claims:
            throw(name, raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST
