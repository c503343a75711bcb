import numpy as np

from drivers.camera.camera import Camera
from edge.egate.asking import fresh


class Pipe:
    """A stream in which pictures wait: the first was taken before it was asked for."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, timeout: float) -> np.ndarray:  # type: ignore[type-arg]
        del timeout
        self.taken += 1
        return np.full((8, 8, 3), self.taken, np.uint8)

    def close(self) -> None:
        """Nothing to let go of."""


def test_a_picture_that_waited_in_the_pipe_is_no_evidence() -> None:
    camera = Camera(Pipe())
    assert fresh(camera).image[0, 0, 0] == 2
    assert fresh(camera).image[0, 0, 0] == 4
