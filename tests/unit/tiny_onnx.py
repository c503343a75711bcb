"""A few bytes of ONNX, written by hand as another maker's exporter would (onnx.proto3, IR 8)."""

import struct

FLOAT, INT64 = 1, 7  # TensorProto.DataType


def model(nodes: list[bytes], constants: list[bytes], gives: list[int | str]) -> bytes:
    """Return a model of one input ``x`` (1, any, any, any) and one output ``y``."""
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"tiny")
    graph += b"".join(_field(5, constant) for constant in constants)
    graph += _field(11, _value("x", [1, "c", "h", "w"])) + _field(12, _value("y", gives))
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 13))


def node(kind: str, inputs: list[str], output: str, **numbers: int | list[int]) -> bytes:
    """Return a node; ``numbers`` are its attributes, integers or lists of them."""
    made = b"".join(_field(1, name.encode()) for name in inputs)
    made += _field(2, output.encode()) + _field(4, kind.encode())
    for name, values in numbers.items():
        if isinstance(values, int):
            content = _number(3, values) + _number(20, 2)  # INT
        else:
            content = b"".join(_number(8, value) for value in values) + _number(20, 7)  # INTS
        made += _field(5, _field(1, name.encode()) + content)
    return made


def constant(name: str, shape: list[int], values: list[float]) -> bytes:
    """Return a named tensor of floats."""
    made = b"".join(_number(1, size) for size in shape) + _number(2, FLOAT)
    return made + _field(8, name.encode()) + _field(9, struct.pack(f"<{len(values)}f", *values))


def _value(name: str, shape: list[int | str]) -> bytes:
    sides = b"".join(
        _field(1, _number(1, side) if isinstance(side, int) else _field(2, side.encode()))
        for side in shape
    )
    tensor = _number(1, FLOAT) + _field(2, sides)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))
