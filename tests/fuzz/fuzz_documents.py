"""Coverage-guided fuzzing of a parser: ``python -m tests.fuzz.fuzz_documents TARGET [option…]``.

Needs atheris (``pip install atheris``), which is no dependency of ours. Targets are listed in
``targets.py``. A new corpus starts from the target's seeds; give a folder to keep it. For example
``python -m tests.fuzz.fuzz_documents seal -max_total_time=60 -timeout=1 -rss_limit_mb=600``.
"""

import sys
import tempfile
from pathlib import Path


def main(arguments: list[str]) -> None:
    import atheris

    with atheris.instrument_imports(include=["edge", "drivers"]):
        from tests.fuzz.targets import TARGETS, throw
    if not arguments or arguments[0] not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    name, *options = arguments
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate((*TARGETS[name].seeds, *_signed(name))):
            (Path(folder) / f"seed{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, folder], lambda raw: throw(name, raw))
        atheris.Fuzz()


def _signed(name: str) -> list[bytes]:
    """Return good inputs that need a key."""
    from simulators.chip.issuer import DAY, State, passport
    from tests.unit import issuing

    state = State("UT", issuing.TODAY)
    signer = state.signer(issuing.TODAY - DAY, issuing.TODAY + DAY)
    made = {
        "cms": passport(issuing.LINES, issuing.IMAGE, (3, 4), signer)["SOD"],
        "certificate": state.der,
        "master_list": issuing.master_list(state, [state.der]),
        "defect_list": issuing.defect_list(state, issuing.entry(signer, issuing.defect("2.2"))),
        "revocation": state.revocation_list(issuing.TODAY, (1, 2)),
    }
    return [made[name]] if name in made else []


if __name__ == "__main__":
    main(sys.argv[1:])
