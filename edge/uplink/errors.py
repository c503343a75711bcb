"""What can go wrong between a lane and central, named by what the lane should do about it."""


class UplinkError(Exception):
    """Any failure of this room."""


class OutboxError(UplinkError):
    """Nothing was recorded: do not act, and say so. Callers of ``record`` catch this one."""


class OutboxFull(OutboxError):
    """The quota is used up: stop until central has taken events over."""


class DiskFull(OutboxError):
    """The disk took no more: make room."""


class DiskFailed(OutboxError):
    """The disk or the file on it is broken: replace it, a new epoch begins."""


class SpoolFull(UplinkError):
    """The pictures that wait for central fill their quota: go on without this one."""
