"""Reserved IPs: addresses that stay when droplets go."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.cloud import catalogue, droplets, projects
from rehearsal.cloud.actions import render as render_action
from rehearsal.cloud.errors import invalid, not_found
from rehearsal.cloud.service import Service, Work, body_of, page_of, service_of
from rehearsal.places import NETWORK

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

_ADDRESSES = [str(NETWORK[host]) for host in range(200, 255)]


def of(state: State, droplet_id: int) -> list[Json]:
    """Return the reserved IPs assigned to a droplet."""
    return [reserved for reserved in state.reserved_ips.values() if reserved["droplet_id"] == droplet_id]


async def release(service: Service, reserved: Json) -> None:
    """Take a reserved IP off the droplet it is assigned to."""
    await asyncio.to_thread(service.machines.unassign_address, reserved["ip"], reserved["droplet_id"])
    reserved["droplet_id"] = None


def _render(state: State, reserved: Json) -> Json:
    droplet = state.droplets.get(str(reserved["droplet_id"]))
    return {
        "ip": reserved["ip"],
        "region": catalogue.REGIONS[reserved["region"]],
        "droplet": droplets.render(state, droplet) if droplet else None,
        "locked": state.busy("ip", reserved["ip"]),
        "project_id": projects.project_of(state, f"do:floatingip:{reserved['ip']}"),
    }


def _found(request: web.Request) -> Json:
    reserved = service_of(request).state.reserved_ips.get(request.match_info["ip"])
    if not reserved:
        raise not_found()
    return reserved


async def _list(request: web.Request) -> web.Response:
    state = service_of(request).state
    return page_of(request, "reserved_ips", [_render(state, reserved) for reserved in state.reserved_ips.values()])


async def _create(request: web.Request) -> web.Response:
    state, body = service_of(request).state, await body_of(request)
    region = body.get("region")
    if region not in catalogue.REGIONS:
        raise invalid("You must specify a valid region to reserve an IP in.")
    ip = next((address for address in _ADDRESSES if address not in state.reserved_ips), None)
    if not ip:
        raise invalid("You have reached your reserved IP limit.")
    state.reserved_ips[ip] = {"ip": ip, "region": region, "droplet_id": None}
    return web.json_response({"reserved_ip": _render(state, state.reserved_ips[ip])}, status=202)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"reserved_ip": _render(service_of(request).state, _found(request))})


async def _delete(request: web.Request) -> web.Response:
    service, reserved = service_of(request), _found(request)
    if service.state.busy("ip", reserved["ip"]):
        raise invalid("The reserved IP already has a pending event.")
    if reserved["droplet_id"] is not None:
        await release(service, reserved)
    service.state.reserved_ips.pop(reserved["ip"], None)
    service.state.placements.pop(f"do:floatingip:{reserved['ip']}", None)
    return web.Response(status=204)


async def _act(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    reserved, kind = _found(request), body.get("type")
    if service.state.busy("ip", reserved["ip"]):
        raise invalid("The reserved IP already has a pending event.")
    if kind == "assign":
        droplet = service.state.droplets.get(str(body.get("droplet_id")))
        if not droplet:
            raise invalid("Droplet not found")
        if droplet["region"] != reserved["region"]:
            raise invalid("The reserved IP and the Droplet must be in the same region.")
        droplet_id = droplet["id"]
    elif kind == "unassign":
        droplet_id = reserved["droplet_id"]
        if droplet_id is None:
            raise invalid("The reserved IP is not assigned to a Droplet.")
    else:
        raise invalid(f"{kind!r} is not an action a reserved IP knows.")
    action = service.start(
        f"{kind}_ip",
        resource=("reserved_ip", int(ipaddress.IPv4Address(reserved["ip"]))),
        region=reserved["region"],
        droplet_id=droplet_id,
        details={"ip": reserved["ip"]},
    )
    return web.json_response({"action": render_action(action)}, status=201)


async def _assign(service: Service, action: Json) -> None:
    reserved = service.state.reserved_ips[action["details"]["ip"]]
    if reserved["droplet_id"] not in (None, action["droplet_id"]):
        await release(service, reserved)
    await asyncio.to_thread(service.machines.assign_address, reserved["ip"], action["droplet_id"])
    reserved["droplet_id"] = action["droplet_id"]


async def _unassign(service: Service, action: Json) -> None:
    reserved = service.state.reserved_ips[action["details"]["ip"]]
    if reserved["droplet_id"] is not None:
        await release(service, reserved)


WORK: dict[str, Work] = {"assign_ip": _assign, "unassign_ip": _unassign}
ROUTES = (
    web.get("/v2/reserved_ips", _list),
    web.post("/v2/reserved_ips", _create),
    web.get("/v2/reserved_ips/{ip}", _read),
    web.delete("/v2/reserved_ips/{ip}", _delete),
    web.post("/v2/reserved_ips/{ip}/actions", _act),
)
