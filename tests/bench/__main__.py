"""``make bench``: run every benchmark of this folder and print one table.

A benchmark is a module ``bench_<name>.py`` with ``run() -> list[(figure, value, limit or peer)]``.
The machines are shared and noisy: a figure is worth its ratio to the limit or peer beside it.
"""

import importlib
import sys
import time
from pathlib import Path

HEAD = ("figure", "here", "limit or peer")


def main(wanted: list[str]) -> None:
    names = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    chosen = [name for name in names if not wanted or name.removeprefix("bench_") in wanted]
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for name in chosen:
        start = time.monotonic()
        for row in importlib.import_module(f"tests.bench.{name}").run():
            print(f"| {' | '.join(row)} |", flush=True)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
