"""The only import of onnxruntime: one verified model, ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.catalogue import Card, card, verified_bytes

Array = NDArray[Any]


class Session:
    """One model in memory. Its hash is checked before it is loaded.

    ``content`` is the file of a model that lies elsewhere (models/slots.py), already checked.
    """

    def __init__(self, entry: Card, threads: int = 1, content: bytes | None = None) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads  # two contended threads are slower than one
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.card = entry
        self._session = ort.InferenceSession(
            verified_bytes(entry) if content is None else content,
            options,
            providers=["CPUExecutionProvider"],
        )
        self._outputs = [output.name for output in self._session.get_outputs()]

    @property
    def input_name(self) -> str:
        """What the model calls its first input."""
        return str(self._session.get_inputs()[0].name)

    def run(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Return the outputs, in the model's order, for named input arrays."""
        found: list[Array] = self._session.run(self._outputs, dict(inputs))
        return [np.asarray(output) for output in found]


@cache
def open_session(name: str, threads: int = 1) -> Session:
    """Return the shared session of the catalogued model ``name``."""
    return Session(card(name), threads)
