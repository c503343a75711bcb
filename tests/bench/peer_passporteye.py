"""Runs PassportEye over pictures, in an environment of its own: one JSON object per line."""

import json
import sys
import time
import warnings

from passporteye import read_mrz

warnings.filterwarnings("ignore")
for file in sys.argv[1:]:
    start = time.perf_counter()
    try:
        found = read_mrz(file)
    except Exception:  # noqa: BLE001 its own failures are part of its figure
        found = None
    took = time.perf_counter() - start
    lines = found.aux["text"].split("\n") if found is not None and "text" in found.aux else []
    answer = {"lines": lines, "valid": found is not None and found.valid, "seconds": took}
    print(json.dumps(answer), flush=True)
