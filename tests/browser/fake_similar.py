"""Cargo declared alike, as the fake central has it: three earlier items, of one no picture."""

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from tests.browser.fake_data import Json, ago


class Similar:
    """What is told beside every item; nothing but a failure while ``fails``."""

    def __init__(self, by: dict[str, Json]) -> None:
        both = [{**by["earlier"], "kind": "high"}, {**by["earlier-low"], "kind": "low"}]
        wide = [{**by["ramp"], "kind": "high"}]
        absent = [{**by["high"], "available": False, "sha256": "0" * 64}]
        self.fails = False
        self.reason: str | None = None
        self.items = [
            _item("TCLU4265473", 0.973, 3, both),
            _item("HLXU2008419", 0.91, 31, wide),
            _item("GESU5119380", 0.74, 12, absent),
        ]


def _item(name: str, likeness: float, days: float, pictures: list[Json]) -> Json:
    return {"inspection": f"insp-{name}", "item": name, "likeness": likeness,
            "at": ago(86_400 * days), "pictures": pictures}  # fmt: skip


def install(app: FastAPI, similar: Similar) -> None:
    """Answer from ``similar``."""

    @app.get("/api/review/{name}/similar")
    async def beside(name: str) -> Response:
        if similar.fails:
            message = "similar: the index cannot be read: disk I/O error"
            return JSONResponse({"error": {"code": "no-index", "message": message}}, 503)
        return JSONResponse({"items": similar.items, "reason": similar.reason})
