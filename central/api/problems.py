"""Errors as the console reads them: {"error": {"code", "message"}}, whatever went wrong."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

_log = structlog.get_logger(__name__)

_CODES = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}


class Problem(Exception):
    """A request that is answered with an error. ``message`` says what, where, what to do."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def body(code: str, message: str) -> dict[str, Any]:
    """Return the JSON of one error."""
    return {"error": {"code": code, "message": message}}


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` in this shape."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return JSONResponse(body(error.code, error.message), error.status, error.headers)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "refused")
    message = f"{request.method} {request.url.path}: {error.detail}; see /openapi.json"
    return JSONResponse(body(code, message), error.status_code, error.headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    complaints = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return JSONResponse(body("invalid", "; ".join(complaints)), 422)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("request failed", method=request.method, error=type(error).__name__, exc_info=error)
    message = "the service failed; the time and the words 'request failed' find it in its log"
    return JSONResponse(body("internal", message), 500)
