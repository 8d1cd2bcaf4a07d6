"""Tags, and what carries them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.cloud import firewalls
from rehearsal.cloud.errors import invalid, not_found
from rehearsal.cloud.service import body_of, page_of, service_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rehearsal.cloud.state import Json, State

_NAME = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")  # as DigitalOcean's specification has it


def ensure(state: State, names: Iterable[str]) -> list[str]:
    """Make the tags that are new; return all names as the account writes them (the first spelling stays)."""
    spelled: dict[str, None] = {}
    for name in names:
        if not _NAME.fullmatch(str(name)):
            raise invalid(f"tag name {name!r} is invalid: letters, digits, colons, dashes and underscores only")
        spelled[state.tags.setdefault(name.lower(), {"name": name})["name"]] = None
    return list(spelled)


def _render(state: State, tag: Json) -> Json:
    carried = {
        "droplets": [f"droplets/{d['id']}" for d in state.droplets.values() if tag["name"] in d["tags"]],
        "volumes": [f"volumes/{v['id']}" for v in state.volumes.values() if tag["name"] in v["tags"]],
        "images": [],
        "volume_snapshots": [],
        "databases": [],
    }
    resources: Json = {"count": sum(map(len, carried.values()))}
    for kind, found in carried.items():
        resources[kind] = {"count": len(found)}
        if found:
            resources[kind]["last_tagged_uri"] = f"https://api.digitalocean.com/v2/{found[-1]}"
    return {"name": tag["name"], "resources": resources}


def _found(request: web.Request) -> Json:
    tag = service_of(request).state.tags.get(request.match_info["tag"].lower())
    if not tag:
        raise not_found()
    return tag


async def _carriers(request: web.Request) -> list[Json]:
    """Return the droplets and volumes a request names."""
    state = service_of(request).state
    held = {"droplet": state.droplets, "volume": state.volumes}
    carriers = []
    for resource in (await body_of(request)).get("resources") or []:
        carrier = held.get(resource.get("resource_type"), {}).get(str(resource.get("resource_id")))
        if not carrier:
            raise not_found()
        carriers.append(carrier)
    return carriers


async def _list(request: web.Request) -> web.Response:
    state = service_of(request).state
    return page_of(request, "tags", [_render(state, tag) for tag in state.tags.values()])


async def _create(request: web.Request) -> web.Response:
    state = service_of(request).state
    name = (await body_of(request)).get("name") or ""
    ensure(state, [name])
    return web.json_response({"tag": _render(state, state.tags[name.lower()])}, status=201)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"tag": _render(service_of(request).state, _found(request))})


async def _delete(request: web.Request) -> web.Response:
    service, name = service_of(request), _found(request)["name"]
    for held in (service.state.droplets, service.state.volumes, service.state.firewalls):
        for carrier in held.values():
            carrier["tags"] = [tag for tag in carrier["tags"] if tag != name]
    del service.state.tags[name.lower()]
    await firewalls.apply_all(service)
    return web.Response(status=204)


async def _put_on(request: web.Request) -> web.Response:
    carriers, name = await _carriers(request), _found(request)["name"]
    for carrier in carriers:
        carrier["tags"] = [*(tag for tag in carrier["tags"] if tag != name), name]
    await firewalls.apply_all(service_of(request))
    return web.Response(status=204)


async def _take_off(request: web.Request) -> web.Response:
    carriers, name = await _carriers(request), _found(request)["name"]
    for carrier in carriers:
        carrier["tags"] = [tag for tag in carrier["tags"] if tag != name]
    await firewalls.apply_all(service_of(request))
    return web.Response(status=204)


ROUTES = (
    web.get("/v2/tags", _list),
    web.post("/v2/tags", _create),
    web.get("/v2/tags/{tag}", _read),
    web.delete("/v2/tags/{tag}", _delete),
    web.post("/v2/tags/{tag}/resources", _put_on),
    web.delete("/v2/tags/{tag}/resources", _take_off),
)
