"""What the fake central knows at the start: lanes, items, referrals, passages, an audit trail."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.browser import fake_pictures
from tests.browser.fake_pictures import File

Json = dict[str, Any]
START: Final = datetime.now(UTC)
NOTE: Final = "weight differs from the declaration"


def ago(seconds: float) -> str:
    """Return the moment ``seconds`` before the tests began."""
    return (START - timedelta(seconds=seconds)).isoformat()


def unit(
    name: str, kind: str, service: str = "in-service", phase: str = "idle", **more: Any
) -> Json:
    """Return a lane as /api/fleet shows it."""
    return {
        "site": "hafen-ost", "unit": name, "kind": kind, "online": True, "service": service,
        "phase": phase, "phase_since": ago(14), "since": ago(340), "last_event_at": ago(4),
        "software": "0.1.0",
        "devices": [{"name": "gate", "state": "connected", "detail": ""}],
        "faults": [], "outbox_events": 0, "clock_synced": True, "models": {"xray": "segmenter@3"},
        "counts": {"ended": 412, "referred_or_held": 17}, **more,
    }  # fmt: skip


def fleet() -> list[Json]:
    """Return eight lanes in every state that a card can show."""
    lost = {
        "name": "LinkLost", "device": "document-reader", "since": ago(845),
        "detail": "the port closed while reading; check the plug at the reader",
    }  # fmt: skip
    jam = {"name": "Refused", "device": "conveyor", "detail": "jammed", "since": ago(92)}
    return [
        unit("gate-1", "egate", phase="reading"),
        unit("gate-2", "egate"),
        unit("gate-3", "egate", "degraded", "paused", faults=[lost], outbox_events=3),
        unit("gate-4", "egate", phase="referred_inside"),
        unit("gate-5", "egate", "out-of-service", "closed"),
        unit("gate-6", "egate", online=False, last_event_at=ago(7_300), outbox_events=812),
        unit("scan-1", "scanner", phase="held"),
        unit("scan-2", "scanner", "out-of-service", "fault", faults=[jam], clock_synced=False),
    ]


def picture(kind: str, file: File, available: bool = True) -> Json:
    """Return a picture's entry."""
    return {"kind": kind, "sha256": file.sha256, "width": file.width, "height": file.height,
            "bits": file.bits, "available": available}  # fmt: skip


CHECKS: list[Json] = [
    {
        "name": "radiation",
        "finding": "clear",
        "detail": "gamma +0.4 σ",
        "score": None,
        "regions": [],
    },
    {"name": "recogniser", "finding": "suspect", "detail": "", "score": 0.93, "regions": []},
]
IDENTITY: Json = {
    "container": "CSQU3054383",
    "declared": None,
    "chapter": "84",
    "weight_kg": 18_240.0,
}


def item(name: str, waited: float, pictures: list[Json], **more: Any) -> Json:
    """Return an item as /api/review shows it."""
    return {
        "id": f"insp-{name}", "site": "hafen-ost", "unit": "scan-1", "item": name,
        "scanned_at": ago(waited), "finding": "suspect", "score": 0.93, "threshold": 0.5,
        "disposition": "hold", "state": "open", "claimed_by": None, "decided_by": None,
        "decision": None, "decision_reason": None, "notes": [], "lost_lines": 0,
        "checks": [], "identity": None, "radiation": None,
        "regions": [], "pictures": pictures, "command_state": None,
        "second_look": False, "revealed": None, **more,
    }  # fmt: skip


def referral(name: str, waited: float, lane: str, pictures: list[Json], **more: Any) -> Json:
    """Return a referral as /api/referrals shows it."""
    checks = [
        {"name": "mrz", "status": "successful", "detail": ""},
        {"name": "expiry", "status": "successful", "detail": ""},
        {"name": "chip", "status": "successful", "detail": ""},
        {"name": "chip-data", "status": "successful", "detail": ""},
        {"name": "authenticity.data_group_hashes", "status": "successful", "detail": ""},
        {"name": "authenticity.issuer", "status": "undetermined", "detail": "UTO is not listed"},
        {"name": "face-image", "status": "successful", "detail": ""},
        {"name": "face-comparison", "status": "failed", "detail": "score 0.41, threshold 0.62"},
        {"name": "uv", "status": "not supported", "detail": "no UV lamp on this lane"},
    ]
    return {
        "id": f"pass-{name}", "site": "hafen-ost", "unit": lane, "decided_at": ago(waited),
        "reasons": ["face-comparison.failed", "authenticity.issuer.undetermined"], "checks": checks,
        "document_format": "TD3", "issuing_state": "UTO", "pictures": pictures, "state": "open",
        "decision": None, "decided_by": None, "command_state": None,
        "waiting_since": ago(waited), "assisted_by": None, "assist_state": None,
        "handed_over_by": None, "handed_over_to": None, "handover_reason": None, **more,
    }  # fmt: skip


def passages() -> list[Json]:
    """Return forty passages of the last hour."""
    return [
        {
            "id": f"p-{n}", "unit": f"gate-{1 + n % 4}", "site": "hafen-ost",
            "verdict": "refer" if n % 7 == 3 else "clear",
            "reasons": ["expiry.failed"] if n % 7 == 3 else [],
            "outcome": "refused" if n % 7 == 3 else "crossed",
            "started_at": ago(60 + 85 * n), "ended_at": ago(50 + 85 * n), "seconds": 8.4 + n % 5,
            "stages_ms": {"page": 420.0, "chip": 2_900.0 + 300 * (n % 5), "face": 1_900.0},
        }
        for n in range(40)
    ]  # fmt: skip


def detection() -> Json:
    """Return two operators as /api/detection shows them, one with too few answers."""
    rate = {"value": 0.9, "low": 0.77, "high": 0.96}
    index = {"value": 2.46, "low": 1.73, "high": 3.18}
    figures = {
        "hit_rate": rate, "false_alarm_rate": rate, "d_prime": index, "d_a": index
    }  # fmt: skip
    counts = {"hits": 36, "threats": 40, "alarms": 4, "harmless": 40, "seconds": 6.4}
    return {
        "least": 30,
        "operators": [
            {"operator": "mara", **counts, "figures": figures},
            {"operator": "tomas", **counts, "threats": 36, "harmless": 4, "figures": None},
        ],
    }


def audit(count: int = 30) -> list[Json]:
    """Return audit entries, the oldest first."""
    actions = [("session.begin", "mara", {"by": "password"}), ("review.claim", "insp-7F02", {}),
               ("review.decide", "insp-7F02", {"disposition": "release"})]  # fmt: skip
    return [
        {"seq": n, "at": ago(4_000 - 60 * n), "actor": "mara", "action": actions[n % 3][0],
         "object": actions[n % 3][1], "detail": actions[n % 3][2], "hash": f"{n:02x}a9" * 16}
        for n in range(1, count + 1)
    ]  # fmt: skip


def files() -> dict[str, File]:
    """Return every picture by a name of its own."""
    high, low = fake_pictures.suitcase(7)
    earlier, earlier_low = fake_pictures.suitcase(8, armed=False)
    return {
        "high": high, "low": low, "earlier": earlier, "earlier-low": earlier_low,
        "halves": fake_pictures.halves(30_000, 30_001),
        "ramp": fake_pictures.ramp(12_000),
        "page": fake_pictures.portrait("page", 196),
        "portrait": fake_pictures.portrait("portrait", 196),
        "face": fake_pictures.portrait("face", 168),
    }  # fmt: skip
