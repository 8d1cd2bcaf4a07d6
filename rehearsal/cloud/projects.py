"""Projects: folders for resources, named by URN (``do:droplet:1001``). Each is in one, if only the default."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from aiohttp import web

from rehearsal.cloud.errors import Refusal, invalid, not_found
from rehearsal.cloud.service import body_of, page_of, service_of
from rehearsal.cloud.state import now

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

_ENVIRONMENTS = ("", "Development", "Staging", "Production")
_HELD = {"droplet": "droplets", "volume": "volumes", "domain": "domains", "floatingip": "reserved_ips"}
# The words are DigitalOcean's.
_FOLLOWS_ITS_DROPLET = "Cannot move a Reserved IP with an associated Droplet. Move the Droplet instead"
_NOT_EMPTY = "cannot delete a project with resources. move or remove the resources first"


def urns(state: State) -> list[str]:
    """Return the URNs of what the account holds; reserved IPs bear their old name there, as at DigitalOcean."""
    return [f"do:{kind}:{name}" for kind, held in _HELD.items() for name in getattr(state, held)]


def project_of(state: State, urn: str) -> str:
    """Return the identifier of the project a resource is in; an assigned reserved IP is where its droplet is."""
    droplet_id = _droplet_of(state, urn)
    if droplet_id is not None:
        return project_of(state, f"do:droplet:{droplet_id}")
    placement = state.placements.get(urn)
    return str(placement["project_id"] if placement else _default(state)["id"])


def _droplet_of(state: State, urn: str) -> int | None:
    """Return the droplet a reserved IP is assigned to; None for all else."""
    reserved = state.reserved_ips.get(urn.removeprefix("do:floatingip:"))
    return reserved["droplet_id"] if reserved else None


def _default(state: State) -> Json:
    return next(project for project in state.projects.values() if project["is_default"])


def _found(request: web.Request) -> Json:
    state, wanted = service_of(request).state, request.match_info["project"]
    project = _default(state) if wanted == "default" else state.projects.get(wanted)
    if not project:
        raise not_found()
    return project


def _resources(state: State, project: Json) -> list[str]:
    return [urn for urn in urns(state) if project_of(state, urn) == project["id"]]


def _render_resource(state: State, urn: str, status: str = "ok") -> Json:
    _, kind, name = urn.split(":", 2)
    placed = state.placements.get(urn, {"assigned_at": _default(state)["created_at"]})
    link = f"https://api.digitalocean.com/v2/{_HELD[kind].replace('reserved', 'floating')}/{name}"
    return {"urn": urn, "assigned_at": placed["assigned_at"], "links": {"self": link}, "status": status}


def _accepted(state: State, body: Json, own: str = "") -> Json:
    """Return what a project's owner decides, checked; ``own`` is the identifier of one that is changed."""
    name, purpose = body.get("name"), body.get("purpose")
    environment = str(body.get("environment") or "").capitalize()
    if not name or not purpose:
        raise invalid("name and purpose are required")
    if environment not in _ENVIRONMENTS:
        raise invalid("environment must be Development, Staging or Production")
    if any(project["name"] == name and project["id"] != own for project in state.projects.values()):
        raise Refusal(409, "name is already in use")
    return {
        "name": name,
        "description": body.get("description") or "",
        "purpose": purpose,
        "environment": environment,
    }


async def _list(request: web.Request) -> web.Response:
    return page_of(request, "projects", list(service_of(request).state.projects.values()))


async def _create(request: web.Request) -> web.Response:
    state, body = service_of(request).state, await body_of(request)
    project = {
        "id": str(uuid4()),
        **_accepted(state, body),
        "is_default": False,
        "created_at": now(),
        "updated_at": now(),
    }
    state.projects[project["id"]] = project
    return web.json_response({"project": project}, status=201)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"project": _found(request)})


async def _update(request: web.Request) -> web.Response:
    state, body = service_of(request).state, await body_of(request)
    project = _found(request)
    said = body if request.method == "PUT" else project | {k: v for k, v in body.items() if v is not None}
    project.update(_accepted(state, said, own=project["id"]), updated_at=now())
    if said.get("is_default"):
        for other in state.projects.values():
            other["is_default"] = other is project
    return web.json_response({"project": project})


async def _delete(request: web.Request) -> web.Response:
    state, project = service_of(request).state, _found(request)
    if project["is_default"] or _resources(state, project):
        raise Refusal(412, _NOT_EMPTY)
    del state.projects[project["id"]]
    return web.Response(status=204)


async def _list_resources(request: web.Request) -> web.Response:
    state = service_of(request).state
    return page_of(request, "resources", [_render_resource(state, urn) for urn in _resources(state, _found(request))])


async def _add_resources(request: web.Request) -> web.Response:
    state, body = service_of(request).state, await body_of(request)
    project = _found(request)
    wanted = [urn.replace("do:reservedip:", "do:floatingip:") for urn in body.get("resources") or []]
    for urn in wanted:  # all of them or none
        if not urn.startswith(tuple(f"do:{kind}:" for kind in _HELD)):
            raise invalid(f"{urn} is not the name of a resource, such as do:droplet:1001")
        if project_of(state, urn) != project["id"] and _droplet_of(state, urn) is not None:
            raise Refusal(412, _FOLLOWS_ITS_DROPLET)
    answers = []
    for urn in wanted:
        if urn not in urns(state):  # the published list of statuses has one for what is gone, so it is no error
            answers.append(_render_resource(state, urn, "not_found"))
            continue
        status = "already_assigned" if project_of(state, urn) == project["id"] else "assigned"
        state.placements[urn] = {"project_id": project["id"], "assigned_at": now()}
        answers.append(_render_resource(state, urn, status))
    return web.json_response({"resources": answers})


ROUTES = (
    web.get("/v2/projects", _list),
    web.post("/v2/projects", _create),
    web.get("/v2/projects/{project}", _read),
    web.put("/v2/projects/{project}", _update),
    web.patch("/v2/projects/{project}", _update),
    web.delete("/v2/projects/{project}", _delete),
    web.get("/v2/projects/{project}/resources", _list_resources),
    web.post("/v2/projects/{project}/resources", _add_resources),
)
