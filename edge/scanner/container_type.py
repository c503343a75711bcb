"""The four characters under a container's number (ISO 6346): how large it is, and of what kind.

The first is the length, the second height and width, the last two the type: ``22G1`` is 20 feet
long, 8½ high, for general purpose. A code that is not in the tables says nothing, and is no error:
owners use codes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

# mm by the first character.
LENGTHS = {
    "1": 2991, "2": 6058, "3": 9125, "4": 12_192, "A": 7150, "B": 7315, "C": 7430, "D": 7450,
    "E": 7820, "F": 8100, "G": 12_500, "H": 13_106, "K": 13_600, "L": 13_716, "M": 14_630,
    "N": 14_935, "P": 16_154,
}  # fmt: skip
# (height, least width) in mm by the second character. Heights of 9'6" and more are given as 2896.
SIZES = {
    "0": (2438, 2438), "2": (2591, 2438), "4": (2743, 2438), "5": (2896, 2438), "6": (2896, 2438),
    "8": (1295, 2438), "9": (1219, 2438),
    "C": (2591, 2438), "D": (2743, 2438), "E": (2896, 2438), "F": (2896, 2438),
    "L": (2591, 2500), "M": (2743, 2500), "N": (2896, 2500), "P": (2896, 2500),
}  # fmt: skip
KINDS = {
    "G": "general purpose",
    "V": "ventilated",
    "B": "bulk",
    "S": "named cargo",
    "R": "refrigerated",
    "H": "refrigerated, removable equipment",
    "U": "open top",
    "P": "platform",
    "T": "tank",
    "A": "air and surface",
}


@dataclass(frozen=True, slots=True)
class SizeType:
    """One code; what the tables do not hold is None."""

    code: str
    length: int | None
    height: int | None
    kind: str | None

    @property
    def told(self) -> str:
        """The code in words."""
        feet = "" if self.length is None else f"{self.length / 304.8:.0f} ft"
        high = "" if self.height is None else f"{self.height / 304.8:.1f} ft high"
        return ", ".join(part for part in (feet, high, self.kind) if part) or f"code {self.code}"


def size_type(text: str) -> SizeType | None:
    """Return what a size and type code says; None if ``text`` is no such code."""
    code = "".join(text.split()).upper()
    if len(code) != 4 or not code.isascii() or not code.isalnum():
        return None
    height, _ = SIZES.get(code[1], (None, None))
    return SizeType(code, LENGTHS.get(code[0]), height, KINDS.get(code[2]))
