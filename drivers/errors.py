"""What can go wrong with hardware, named by what the caller should do about it."""


class DriverError(Exception):
    """Any failure of a driver. Callers catch this one."""


class LinkLost(DriverError):
    """The cable, not the device: reconnect and ask again."""


class NoAnswer(DriverError):
    """The device heard nothing or said nothing in time: ask again."""


class Garbled(NoAnswer):
    """The device said something that is not a frame: ask again, and look at the cable."""


class Refused(DriverError):
    """The device understood and said no: retrying will not help."""


class NotReady(Refused):
    """The device understood and said not yet: ask again a little later."""
