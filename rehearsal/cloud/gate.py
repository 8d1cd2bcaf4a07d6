"""The way in: who may ask, what goes wrong on order, and how every answer is dressed."""

from __future__ import annotations

import json
import logging
import time
from hmac import compare_digest
from typing import TYPE_CHECKING
from uuid import uuid4

from aiohttp import web

from rehearsal.cloud.errors import GONE, Refusal
from rehearsal.cloud.service import service_of

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from rehearsal.cloud.faults import Fault

log = logging.getLogger(__name__)

_REQUESTS_PER_HOUR = 5000  # DigitalOcean's limit for a token


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through to its handler, and answer as DigitalOcean does whatever comes of it."""
    request_id = str(uuid4())
    try:
        response = await _answer(request, handler)
    except Refusal as refusal:
        response = web.json_response(refusal.body(request_id), status=refusal.status)
        if refusal.retry_after is not None:
            response.headers["retry-after"] = str(refusal.retry_after)
    response.headers["x-request-id"] = request_id
    response.headers["ratelimit-limit"] = str(_REQUESTS_PER_HOUR)
    response.headers["ratelimit-remaining"] = str(_REQUESTS_PER_HOUR - 1)  # a rehearsal never uses it up
    response.headers["ratelimit-reset"] = str(int(time.time()) + 3600)
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    service = service_of(request)
    given = request.headers.get("authorization", "")
    if not compare_digest(given.encode(), f"Bearer {service.token}".encode()):
        raise Refusal(401, "Unable to authenticate you")
    fault = service.faults.answer(request.method, request.path)
    if fault and not fault.after:
        raise _ordered(fault)
    try:
        response = await handler(request)
    except (Refusal, web.HTTPException, json.JSONDecodeError) as error:
        raise _refused(error) from error
    except Exception as error:
        log.exception("%s %s", request.method, request.path)
        raise Refusal(500, "Unexpected server-side error") from error
    finally:
        if request.method != "GET":
            service.state.save()
    if fault:
        raise _ordered(fault)
    return response


def _ordered(fault: Fault) -> Refusal:
    return Refusal(fault.status, fault.message, fault.retry_after)


def _refused(error: Exception) -> Refusal:
    """Return what the API says to a refusal, to a path or method it does not have, and to a body that is no JSON."""
    match error:
        case Refusal():
            return error
        case web.HTTPException():
            return Refusal(error.status, GONE if error.status == web.HTTPNotFound.status_code else error.reason)
        case _:
            return Refusal(400, "Unable to parse request body as JSON")
