"""The contract as JSON Schema files, for readers in other languages.

``python -m contract.schema`` writes ``contract/schema/*.json``. A test compares the files with the
code: a message that changes without its schema, or without a new major version, fails it.
"""

import json
from pathlib import Path

from contract import command, envelope, health, inspection, lists, passage, presence, projection
from contract.names import Message

FOLDER = Path(__file__).parent / "schema"

DATA: dict[str, type[Message]] = {
    "passage.started": passage.Started,
    "passage.decided": passage.Decided,
    "passage.asked": passage.Asked,
    "passage.resolved": passage.Resolved,
    "passage.ended": passage.Ended,
    "inspection.scanned": inspection.Scanned,
    "inspection.resolved": inspection.Resolved,
    "inspection.ended": inspection.Ended,
    "inspection.tested": inspection.Tested,
    "projection.sealed": projection.Sealed,
    "projection.made": projection.Made,
    "health.report": health.Report,
    "health.fault": health.Fault,
    "command.result": command.Result,
}
"""Every event type and the message that its ``data`` must be."""

MESSAGES: dict[str, type[Message]] = {
    **DATA,
    "batch": envelope.Batch,
    "ack": envelope.Ack,
    "command": command.Command,
    "challenge": command.Challenge,
    "presence": presence.Presence,
    "published-list": lists.Published,
    "list-request": lists.ListRequest,
}


def dataschema(event_type: str) -> str:
    """Return the address of the schema of ``event_type``'s data."""
    return f"bc/v1/{event_type}.json"


def render(message: type[Message]) -> str:
    """Return the JSON Schema of ``message`` as it stands in its file."""
    return json.dumps(message.model_json_schema(), indent=2, sort_keys=True) + "\n"


def write() -> None:
    """Write every schema, and nothing else, into ``contract/schema``."""
    FOLDER.mkdir(exist_ok=True)
    for stale in FOLDER.glob("*.json"):
        stale.unlink()
    for name, message in MESSAGES.items():
        (FOLDER / f"{name}.json").write_text(render(message), encoding="utf-8")


if __name__ == "__main__":
    write()
