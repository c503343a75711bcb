"""The description of central's interface, for those who write against it."""

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from central.api.permissions import PERMISSIONS
from tests.system.central_world import World, in_world

PAGES = {("GET", "/"), ("GET", "/enter/{token}"), ("GET", "/openapi.json")}
TEXT = {"/api/images/{sha256}", "/api/stream", "/metrics", "/blobs/sha256/{hash}", "/lists/{kind}"}


@functools.cache
def description() -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    @in_world
    async def ask(world: World) -> None:
        found.append((await world.browser().get("/openapi.json")).json())

    ask()
    return found[0]


@pytest.fixture
def api() -> dict[str, Any]:
    return description()


def operations(api: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_every_route_is_in_it(api: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(api)} == set(PERMISSIONS) - PAGES


def test_it_has_a_name_and_every_operation_has_one_of_its_own(api: dict[str, Any]) -> None:
    assert api["info"]["title"] == "Border central"
    assert "X-CSRF" in api["info"]["description"]
    names = [operation["operationId"] for _, _, operation in operations(api)]
    assert len(names) == len(set(names))


def test_every_operation_says_what_it_does_and_how_it_fails(api: dict[str, Any]) -> None:
    for method, path, operation in operations(api):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert operation["tags"], (method, path)
        problem = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
        assert problem == {"$ref": "#/components/schemas/ProblemView"}


def test_every_json_answer_has_a_shape(api: dict[str, Any]) -> None:
    for method, path, operation in operations(api):
        if path in TEXT or "204" in operation["responses"]:
            continue
        good = next(code for code in operation["responses"] if code.startswith("2"))
        assert operation["responses"][good]["content"]["application/json"]["schema"], (method, path)


def test_every_request_refuses_keys_that_it_does_not_know(api: dict[str, Any]) -> None:
    schemas = api["components"]["schemas"]
    requests = [name for name in schemas if name.endswith("Request")]
    assert len(requests) == 7
    assert all(schemas[name]["additionalProperties"] is False for name in requests)


@in_world
async def test_no_page_of_somebody_else_is_needed_to_read_it(world: World) -> None:
    for path in ("/docs", "/redoc"):
        assert (await world.browser().get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/api/nothing", "/apis", "/blobs/other"])
def test_a_path_that_is_not_there_is_said_in_json(path: str) -> None:
    @in_world
    async def run(world: World) -> None:
        answer = await world.browser().get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not-found"

    run()


@in_world
async def test_a_request_that_makes_no_sense_is_told_where(world: World) -> None:
    answer = await world.browser().post("/api/session", {"username": "x", "pasword": "y"})
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert "body.password: Field required" in message
    assert "body.pasword: Extra inputs are not permitted" in message


@in_world
async def test_a_body_without_end_is_cut_short(world: World) -> None:
    answer = await world.browser().post("/api/session", {"username": "x" * 70_000, "password": "y"})
    assert answer.status_code == 413


@in_world
async def test_every_answer_shuts_the_browser_in(world: World) -> None:
    for path in ("/", "/api/fleet", "/nothing", "/healthz"):
        headers = (await world.browser().get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
