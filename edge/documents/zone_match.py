"""Whether the zone that was printed is the zone that the chip holds (TR-03135-1 §5.4).

What is compared is what opens the chip: document number, birth and expiry with their check digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge.documents import lds, mrz
from edge.documents.result import Check, aborted, failed, successful

# Document number and check digit, birth and check digit, expiry and check digit.
_KEY_INPUT = re.compile(r"([A-Z0-9<]{9,22})([0-9])([0-9<]{6})([0-9])([0-9]{6})([0-9])")


def key_input_of(text: str) -> str:
    """Return the "MRZ information" in ``text``: a whole zone, or that part of one alone.

    Raises MrzError where it is neither.
    """
    alone = "".join(text.split())
    match = _KEY_INPUT.fullmatch(alone)
    if match and all(mrz.check_digit(match[i]) == match[i + 1] for i in (1, 3, 5)):
        return alone
    return mrz.parse(text).key_input


def zone_matches(key_input: str, files: Mapping[str, bytes]) -> Check:
    """Whether EF.DG1 has the zone whose "MRZ information" is ``key_input``."""
    try:
        held = lds.dg1(files["DG1"]).key_input
    except KeyError:
        return aborted("EF.DG1 was not read")
    except lds.LdsError as error:
        return failed(str(error))
    return successful() if held == key_input else failed("the chip is of another document")
