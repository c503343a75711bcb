"""What can keep evidence from being kept, named by what there is to do about it."""

from __future__ import annotations


class EvidenceError(Exception):
    """Any failure of this folder. None of them is the lane's."""


class NotKept(EvidenceError):
    """There is no bundle of this item, and there will be none."""


class DiskError(EvidenceError):
    """The disk did not take it: it is tried again."""


class DiskFull(DiskError):
    """Make room, or lower ``evidence.quota_mb``."""


class DiskFailed(DiskError):
    """The folder cannot be written to: look at the disk."""
