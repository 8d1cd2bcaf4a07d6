"""The account's SSH keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.cloud.errors import invalid, not_found
from rehearsal.cloud.service import body_of, page_of, service_of

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


def find(state: State, wanted: Any) -> Json | None:
    """Return the key with that number or fingerprint, or None."""
    return next((k for k in state.keys.values() if str(wanted) in (str(k["id"]), k["fingerprint"])), None)


def fingerprint(public_key: str) -> str:
    """Return the MD5 fingerprint the API names a key by; a refusal when it is no OpenSSH public key."""
    kind, _, rest = public_key.strip().partition(" ")
    blob = rest.split(" ", 1)[0]
    try:
        raw = base64.b64decode(blob, validate=True)
    except binascii.Error:
        raw = b""
    # RFC 4253, 6.6: the blob starts with the length and the name of its own type.
    if kind not in _TYPES or not raw.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        raise invalid("Key invalid, key should be of the format `type key [comment]`")
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def _found(request: web.Request) -> Json:
    key = find(service_of(request).state, request.match_info["key"])
    if not key:
        raise not_found()
    return key


async def _list(request: web.Request) -> web.Response:
    return page_of(request, "ssh_keys", list(service_of(request).state.keys.values()))


async def _create(request: web.Request) -> web.Response:
    state = service_of(request).state
    body = await body_of(request)
    public_key = str(body.get("public_key") or "").strip()
    if not body.get("name"):
        raise invalid("Name can't be blank")
    mark = fingerprint(public_key)
    if find(state, mark):
        raise invalid("SSH Key is already in use on your account")
    key = {"id": state.next_id(), "name": body["name"], "fingerprint": mark, "public_key": public_key}
    state.keys[str(key["id"])] = key
    return web.json_response({"ssh_key": key}, status=201)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"ssh_key": _found(request)})


async def _rename(request: web.Request) -> web.Response:
    key = _found(request)
    body = await body_of(request)
    if not body.get("name"):
        raise invalid("Name can't be blank")
    key["name"] = body["name"]
    return web.json_response({"ssh_key": key})


async def _delete(request: web.Request) -> web.Response:
    del service_of(request).state.keys[str(_found(request)["id"])]
    return web.Response(status=204)


ROUTES = (
    web.get("/v2/account/keys", _list),
    web.post("/v2/account/keys", _create),
    web.get("/v2/account/keys/{key}", _read),
    web.put("/v2/account/keys/{key}", _rename),
    web.delete("/v2/account/keys/{key}", _delete),
)
