"""Droplets: ordered, shown, given up. What is done to one is in :mod:`.droplet_actions`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.cloud import catalogue, keys, tags, volumes
from rehearsal.cloud.errors import PENDING, invalid, not_found
from rehearsal.cloud.service import body_of, page_of, service_of
from rehearsal.cloud.state import now
from rehearsal.places import GATEWAY, NETWORK

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

_NAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]")  # as DigitalOcean's specification has it
_USER_DATA_LIMIT = 64 * 1024
_ADDRESSES = [str(NETWORK[host]) for host in range(10, 200)]  # below: the gateway; above: the reserved ones


def render(state: State, droplet: Json) -> Json:
    """Return a droplet as the API shows it."""
    locked = state.pending(droplet["id"])
    # What is new with nothing going on was never finished: it is there, but does not run.
    status = "off" if droplet["status"] == "new" and not locked else droplet["status"]
    size = catalogue.SIZES[droplet["size"]]
    public = {
        "ip_address": droplet["address"],
        "netmask": str(NETWORK.netmask),
        "gateway": GATEWAY,
        "type": "public",
    }
    return {
        "id": droplet["id"],
        "name": droplet["name"],
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": droplet["disk"],
        "locked": locked,
        "status": status,
        "kernel": None,
        "created_at": droplet["created_at"],
        "features": droplet["features"],
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": catalogue.IMAGES[droplet["image"]],
        "volume_ids": [volume["id"] for volume in state.volumes_of(droplet["id"])],
        "size": size,
        "size_slug": size["slug"],
        "networks": {"v4": [] if status == "new" else [public], "v6": []},
        "region": catalogue.REGIONS[droplet["region"]],
        "tags": droplet["tags"],
        "vpc_uuid": catalogue.vpc_uuid(droplet["region"]),
    }


def found(request: web.Request) -> Json:
    """Return the droplet a request names."""
    droplet = service_of(request).state.droplets.get(request.match_info["droplet"])
    if not droplet:
        raise not_found()
    return droplet


def _free_address(state: State) -> str:
    """Return an address no droplet has; in turn, so that a droplet made anew comes up at another one."""
    taken = {droplet["address"] for droplet in state.droplets.values()}
    while True:  # there are more addresses than the account may have droplets
        address = _ADDRESSES[state.addressed % len(_ADDRESSES)]
        state.addressed += 1
        if address not in taken:
            return address


def _public_keys(state: State, wanted: list[Any]) -> list[str]:
    chosen = [keys.find(state, key) for key in wanted]
    if not all(chosen):
        unknown = ", ".join(str(key) for key, match in zip(wanted, chosen, strict=True) if not match)
        raise invalid(f"{unknown} are invalid key identifiers for Droplet creation.")
    return [key["public_key"] for key in chosen if key]


def _accepted(state: State, body: Json) -> Json:
    """Return the new droplet's books, checked; nothing in the account has changed yet."""
    name, size, region = str(body.get("name") or ""), body.get("size"), body.get("region")
    image = catalogue.image(body.get("image"))
    user_data = body.get("user_data") or ""
    if not _NAME.fullmatch(name):
        raise invalid("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    if size not in catalogue.SIZES:
        raise invalid("You specified an invalid size for Droplet creation.")
    if region not in catalogue.REGIONS:
        raise invalid("You specified an invalid region for Droplet creation.")
    if not image:
        raise invalid("You specified an invalid image for Droplet creation.")
    if len(user_data.encode()) > _USER_DATA_LIMIT:
        raise invalid("User data is too long (maximum is 65536 bytes)")
    if len(state.droplets) >= catalogue.DROPLET_LIMIT:
        raise invalid("creating this/these droplet(s) will exceed your droplet limit")
    switches = {"backups": "backups", "ipv6": "ipv6", "monitoring": "monitoring", "with_droplet_agent": "droplet_agent"}
    return {
        "name": name,
        "size": size,
        "region": region,
        "image": image["slug"],
        "user_data": user_data,
        "public_keys": _public_keys(state, body.get("ssh_keys") or []),
        "features": [feature for switch, feature in switches.items() if body.get(switch)] + ["private_networking"],
        "disk": catalogue.SIZES[size]["disk"],
        "created_at": now(),
        "status": "new",
    }


async def _list(request: web.Request) -> web.Response:
    state, wanted = service_of(request).state, request.query
    chosen = [
        render(state, droplet)
        for droplet in state.droplets.values()
        if wanted.get("name", droplet["name"]) == droplet["name"]
        and ("tag_name" not in wanted or wanted["tag_name"] in droplet["tags"])
    ]
    return page_of(request, "droplets", chosen)


async def _create(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    state = service.state
    droplet = _accepted(state, body)
    attached = volumes.wanted(state, body.get("volumes") or [], droplet["region"])
    named = tags.ensure(state, body.get("tags") or [])
    droplet |= {"id": state.next_id(), "address": _free_address(state), "tags": named}
    state.droplets[str(droplet["id"])] = droplet
    for volume in attached:
        volume["droplet_id"] = droplet["id"]
    action = service.start(
        "create", resource=("droplet", droplet["id"]), region=droplet["region"], droplet_id=droplet["id"]
    )
    href = str(request.url.with_path(f"/v2/actions/{action['id']}"))
    links = {"actions": [{"id": action["id"], "rel": "create", "href": href}]}
    return web.json_response({"droplet": render(state, droplet), "links": links}, status=202)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"droplet": render(service_of(request).state, found(request))})


async def _delete(request: web.Request) -> web.Response:
    service, droplet = service_of(request), found(request)
    if service.state.pending(droplet["id"]):
        raise invalid(PENDING)
    service.start("destroy", resource=("droplet", droplet["id"]), region=droplet["region"], droplet_id=droplet["id"])
    return web.Response(status=204)


ROUTES = (
    web.get("/v2/droplets", _list),
    web.post("/v2/droplets", _create),
    web.get(r"/v2/droplets/{droplet:\d+}", _read),
    web.delete(r"/v2/droplets/{droplet:\d+}", _delete),
)
