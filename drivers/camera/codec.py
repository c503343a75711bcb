"""Motion JPEG over HTTP: bytes in, JPEG images out. No clock, no port.

1. One request, one response without end: ``multipart/x-mixed-replace`` (RFC 2046 §5.1), each part
   with its own head and one JPEG (ITU-T T.81: begins FF D8, ends FF D9).
2. With a Content-Length a part ends there; without, at the next boundary.
3. A part that is not a whole JPEG is torn: counted and dropped. A part that runs into the next
   boundary is torn too, and the next part is not lost.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

LARGEST = 16 << 20  # bytes of one image; more is no image
_END_OF_HEAD = b"\r\n\r\n"
_LONGEST_HEAD = 8192


def request(url: str) -> bytes:
    """Return the request for the stream at ``url`` (HTTP 1.0: no chunked transfer)."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {path} HTTP/1.0", f"Host: {parts.hostname}:{parts.port or 80}"]
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        lines.append(f"Authorization: Basic {base64.b64encode(secret).decode('ascii')}")
    return "\r\n".join([*lines, "Accept: multipart/x-mixed-replace", "", ""]).encode("latin-1")


class BadHead(ValueError):
    """The answer is not a stream; ``status`` is the HTTP status, 0 if there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class StreamDecoder:
    """Cuts the answer to `request` into JPEG images."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._boundary = b""
        self.torn = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every whole JPEG completed by ``data``; BadHead if this is no stream."""
        self._buffer += data
        if not self._boundary and not self._take_head():
            return
        while (part := self._next_part()) is not None:
            if _whole(part):
                yield part
            else:
                self.torn += 1

    def _take_head(self) -> bool:
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0 and len(self._buffer) > _LONGEST_HEAD:
            raise BadHead(f"no end of the head within {_LONGEST_HEAD} bytes")
        if end >= 0:
            self._boundary = _boundary(bytes(self._buffer[:end]))
            del self._buffer[: end + len(_END_OF_HEAD)]
        return end >= 0

    def _next_part(self) -> bytes | None:
        """Return the body of the part at the front once it is all there."""
        start = self._buffer.find(self._boundary)
        if start < 0:
            del self._buffer[: -len(self._boundary)]
            return None
        del self._buffer[:start]
        head_end = self._buffer.find(_END_OF_HEAD)
        restart = self._buffer.find(self._boundary, 1)
        if 0 < restart < head_end or (head_end < 0 and restart > 0):
            return self._cut(0, restart)
        if head_end < 0:
            return self._cut(0, len(self._buffer)) if self._endless else None
        return self._body(head_end + len(_END_OF_HEAD), _length(self._buffer[:head_end]), restart)

    def _body(self, start: int, length: int | None, restart: int) -> bytes | None:
        if length is not None and length <= LARGEST and not 0 < restart < start + length:
            if len(self._buffer) < start + length:
                return None
            body = bytes(self._buffer[start : start + length])
            self._cut(0, start + length if _whole(body) else start)  # the next may begin in it
            return body
        if restart > 0:
            return self._cut(start, restart).removesuffix(b"\r\n")
        return self._cut(start, len(self._buffer)) if self._endless else None

    @property
    def _endless(self) -> bool:
        return len(self._buffer) > LARGEST

    def _cut(self, start: int, end: int) -> bytes:
        body = bytes(self._buffer[start:end])
        del self._buffer[:end]
        return body


def _whole(jpeg: bytes) -> bool:
    return jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9")


def _boundary(head: bytes) -> bytes:
    status_line, *lines = head.decode("latin-1").split("\r\n")
    words = status_line.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        raise BadHead("the answer is not HTTP")
    if words[1] != "200":
        raise BadHead(f"the camera answered {' '.join(words[1:])}", int(words[1]))
    kind = _field(lines, "content-type") or ""
    mark = kind.partition("boundary=")[2].split(";")[0].strip().strip('"')
    if not kind.lower().startswith("multipart/") or not mark:
        raise BadHead(f"the answer is {kind or 'of no type'}, not a multipart stream", 200)
    return b"--" + mark.removeprefix("--").encode("latin-1")  # some cameras count the dashes in


def _length(head: bytes | bytearray) -> int | None:
    value = _field(head.decode("latin-1").split("\r\n"), "content-length")
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None


def _field(lines: list[str], name: str) -> str | None:
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return None
