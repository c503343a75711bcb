"""Where the lanes fetch the lists that are published for them."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import ValidationError

from central.api.guard import Shared
from central.api.problems import Problem
from central.core import Core
from central.fleet.unit_seal import unsealed
from central.lists import publish
from central.store.fleet import Unit
from contract.lists import ListKind, ListRequest
from contract.signing import Purpose, SealError

router = APIRouter(tags=["lists"])

Sealed = Annotated[str, Header(alias="Authorization", max_length=2048)]


_SEALED = {"content": {"application/octet-stream": {}}, "description": "the list, sealed"}


@router.get(
    "/lists/{kind}",
    summary="The newest list of a kind, sealed; 204 if the unit has it",
    response_class=Response,
    responses={200: _SEALED, 204: {"description": "nothing newer"}},
)
async def newest_list(core: Shared, kind: ListKind, authorization: Sealed = "") -> Response:
    """Return the sealed list, 204 if there is nothing newer than the unit holds."""
    request, site = await _request(core, authorization)
    if request.kind is not kind:
        raise Problem(401, "bad-seal", "the seal is for another list")
    async with core.database.reading() as session:
        row = await publish.newest(session, kind, site)
    if row is None or row.version <= request.have:
        return Response(status_code=204)
    return Response(row.sealed, media_type="application/octet-stream")


async def _request(core: Core, header: str) -> tuple[ListRequest, str]:
    try:
        async with core.database.reading() as session:
            unit, body = await unsealed(session, header, Purpose.ASK)
            request = ListRequest.model_validate_json(body)
            row = await session.get(Unit, unit)
    except (SealError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise Problem(401, "bad-seal", f"{reason}; is the unit enrolled with this key?") from error
    if row is None or request.unit != unit:
        raise Problem(401, "bad-seal", f"the key that signed does not speak for {request.unit}")
    return request, row.site
