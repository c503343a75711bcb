"""Events and batches made by hand, as another implementation of the contract would make them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.names import Address
from contract.signing import Purpose, seal
from contract.topics import Events, Stream


def raw_json(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


class Chain:
    """One numbering of one unit: makes events that follow each other."""

    def __init__(
        self, address: Address, epoch: str = "e1", stream: Stream = Stream.DECISION
    ) -> None:
        self.address, self.epoch, self.stream = address, epoch, stream
        self.last_hash = "0" * 64
        self.seq = 0

    def event(
        self, event_type: str = "passage.started", data: Any = None, **more: Any
    ) -> dict[str, Any]:
        self.seq += 1
        event = {
            "specversion": "1.0",
            "id": f"id-{self.epoch}-{self.stream}-{self.seq}",
            "source": f"/{self.address}",
            "type": event_type,
            "time": "2026-01-01T00:00:00Z",
            "dataschema": f"bc/v1/{event_type}.json",
            "epoch": self.epoch,
            "seq": self.seq,
            "boot_id": "b1",
            "mono_ns": self.seq,
            "clock": {"source": "system", "error_ms": None, "synced": False},
            "prev_hash": self.last_hash,
            "data": {"passage": f"p{self.seq}"} if data is None else data,
            **more,
        }
        self.last_hash = hashlib.sha256(raw_json(event)).hexdigest()
        return event

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self.event() for _ in range(count)]

    @property
    def topic(self) -> Events:
        return Events(site=self.address.site, unit=self.address.unit, stream=self.stream)

    def body(self, events: list[dict[str, Any]], **more: Any) -> bytes:
        head = {
            "site": self.address.site,
            "unit": self.address.unit,
            "epoch": self.epoch,
            "stream": self.stream.value,
        }
        return raw_json({**head, "events": events, **more})

    def batch(self, events: list[dict[str, Any]], key: Ed25519PrivateKey, **more: Any) -> bytes:
        return seal(Purpose.EVENTS, self.body(events, **more), key)
