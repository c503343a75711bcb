"""What can be wrong with a projection. None of it concerns the item or the lane."""


class TipError(Exception):
    """A library that is not one, a picture that nothing can be projected into, an unknown stamp."""
