"""What can be wrong with a file, from the point of view of whoever has to do something about it."""


class FormatError(Exception):
    """A file that cannot be read or written; the message says what is wrong and what to do."""
