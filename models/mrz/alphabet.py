"""The 37 characters of a zone (Doc 9303-3 §4.3), in the order of the network's classes."""

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
BLANK = 0  # the class between characters; CHARACTERS[i] is class i + 1

#: Lines of a zone by the length of its lines: TD1; TD2, MRV-B and the old French card; TD3 and
# MRV-A.
LINES_OF = {30: 3, 36: 2, 44: 2}
