"""Actions, as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.cloud import catalogue
from rehearsal.cloud.errors import not_found
from rehearsal.cloud.service import page_of, service_of

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

_SHOWN = ("id", "status", "type", "started_at", "completed_at", "resource_id", "resource_type", "region_slug")


def render(action: Json) -> Json:
    """Return an action without what only this cloud knows about it."""
    return {name: action[name] for name in _SHOWN} | {"region": catalogue.REGIONS[action["region_slug"]]}


def _of(request: web.Request) -> list[Json]:
    """Return the actions of what the request names, the newest first."""
    state, owner = service_of(request).state, request.match_info
    return [action for action in reversed(state.actions.values()) if _concerns(state, action, dict(owner))]


def _concerns(state: State, action: Json, owner: dict[str, str]) -> bool:
    if "droplet" in owner:
        return str(action["droplet_id"]) == owner["droplet"]
    if "volume" in owner:
        return bool(action["details"].get("volume") == owner["volume"])
    if "ip" in owner:
        return bool(action["details"].get("ip") == owner["ip"])
    return bool(state.actions)


async def _list(request: web.Request) -> web.Response:
    return page_of(request, "actions", [render(action) for action in _of(request)])


async def _read(request: web.Request) -> web.Response:
    number = int(request.match_info["action"])
    for action in _of(request):
        if action["id"] == number:
            return web.json_response({"action": render(action)})
    raise not_found()


_OWNERS = ("", r"/droplets/{droplet:\d+}", "/volumes/{volume}", "/reserved_ips/{ip}")
ROUTES = (
    *(web.get(f"/v2{owner}/actions", _list) for owner in _OWNERS),
    *(web.get(rf"/v2{owner}/actions/{{action:\d+}}", _read) for owner in _OWNERS),
)
