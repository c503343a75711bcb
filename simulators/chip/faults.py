"""What can be wrong with a chip, on a menu: each fault is off until somebody turns it on.

The second half are habits of real chips, as readers' issue trackers tell of them.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What a fault is set to when it is only named.
USUAL = {
    "mute": 1,
    "slow": 0.5,
    "torn": 64,
    "short": 100,
    "refuse_long": 128,
    "wrong_status": 1,
    "garble": 1,
    "clone": True,
    "no_short_ids": True,
    "no_extended": True,
    "pace_step": 4,
    "wants_tag_84": True,
    "no_stray_le": True,
    "no_agreement_template": True,
    "within_file": True,
    "no_answer_to_key": True,
    "hides_card_access": True,
}


@dataclass
class ChipFaults:
    """Faults of the chip and of its antenna."""

    mute: int = 0  # answers swallowed
    slow: float = 0.0  # s, before every answer
    torn: int = 0  # the chip goes away once a file is read beyond this offset
    short: int = 0  # bytes: a read gives no more, whatever was asked
    refuse_long: int = 0  # bytes: a longer read is refused with a bare 6700, uncounted
    wrong_status: int = 0  # reads answered 6F00
    garble: int = 0  # protected answers whose checksum is wrong
    clone: bool = False  # the portrait is not the one that was signed
    no_short_ids: bool = False  # READ BINARY knows no short file identifiers
    no_extended: bool = False  # no extended lengths, and the answer to reset says so
    pace_step: int = 0  # PACE ends with 6300 at this step; cards of several states at the fourth
    wants_tag_84: bool = False  # MSE:Set AT without tag 84 is refused, though there is no choice
    no_stray_le: bool = False  # a command with Le though no data answer it is 6700
    no_agreement_template: bool = False  # chip authentication by MSE:Set AT only, triple DES too
    within_file: bool = False  # a read past the end of a file is 6700, not what is left of it
    no_answer_to_key: bool = False  # chip authentication is accepted and then not kept
    hides_card_access: bool = False  # EF.CardAccess is not shown, though EF.DG14 repeats it

    def take(self, name: str) -> bool:
        """Use up one count of fault ``name``; say whether it was on."""
        left: int = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return bool(left)
