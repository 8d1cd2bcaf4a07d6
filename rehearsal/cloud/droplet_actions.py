"""What is done to a droplet: made, switched, resized, renamed, destroyed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.cloud import addresses, catalogue, firewalls, volumes
from rehearsal.cloud.actions import render
from rehearsal.cloud.droplets import found
from rehearsal.cloud.errors import invalid
from rehearsal.cloud.machines import DropletSpec
from rehearsal.cloud.service import Service, Work, body_of, service_of

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json


def _check_resize(droplet: Json, body: Json) -> None:
    size = catalogue.SIZES.get(body.get("size") or "")
    if not size:
        raise invalid("You specified an invalid size for Droplet resize.")
    if droplet["status"] != "off":
        raise invalid("Droplet must be powered off before it can be resized.")
    if size["slug"] == droplet["size"]:
        raise invalid("Droplet is already this size.")
    if size["disk"] < droplet["disk"]:
        raise invalid("This size is not available because it has a smaller disk.")


def _check(kind: Any, droplet: Json, body: Json) -> None:
    if kind not in _ON_REQUEST:
        raise invalid(f"{kind!r} is not an action a Droplet knows.")
    if kind in ("power_off", "shutdown") and droplet["status"] != "active":
        raise invalid("Droplet is already powered off.")
    if kind == "power_on" and droplet["status"] == "active":
        raise invalid("Droplet is already powered on.")
    if kind == "rename" and not body.get("name"):
        raise invalid("Name can't be blank")
    if kind == "resize":
        _check_resize(droplet, body)


async def _create(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    droplet, kind = found(request), body.pop("type", None)
    _check(kind, droplet, body)
    action = service.start(
        kind, resource=("droplet", droplet["id"]), region=droplet["region"], droplet_id=droplet["id"], details=body
    )
    return web.json_response({"action": render(action)}, status=201)


def _droplet(service: Service, action: Json) -> Json:
    droplet: Json = service.state.droplets[str(action["droplet_id"])]
    return droplet


async def _make(service: Service, action: Json) -> None:
    state, machines = service.state, service.machines
    droplet = state.droplets[str(action["droplet_id"])]
    size = catalogue.SIZES[droplet["size"]]
    spec = DropletSpec(
        id=droplet["id"],
        name=droplet["name"],
        address=droplet["address"],
        memory_mib=size["memory"],
        vcpus=size["vcpus"],
        image=droplet["image"],
        user_data=droplet["user_data"],
        public_keys=tuple(droplet["public_keys"]),
        volumes=tuple(volume["name"] for volume in state.volumes_of(droplet["id"])),
    )
    await firewalls.apply(service, droplet)
    await asyncio.to_thread(machines.create_droplet, spec)
    await firewalls.apply_all(service)  # rules of others may name this one by its tag
    droplet["status"] = "active"


async def _destroy(service: Service, action: Json) -> None:
    state, machines, number = service.state, service.machines, action["droplet_id"]
    droplet = state.droplets.get(str(number))
    if not droplet:  # gone already, in an earlier life of this cloud
        return
    await asyncio.to_thread(machines.power_off, number, graceful=False)
    for volume in state.volumes_of(number):
        await volumes.unplug(service, volume)
    for reserved in addresses.of(state, number):
        await addresses.release(service, reserved)
    async with service.filtering:  # so that no change of a firewall comes in between
        await asyncio.to_thread(machines.destroy_droplet, number)
        del state.droplets[str(number)]
    state.placements.pop(f"do:droplet:{number}", None)
    for firewall in state.firewalls.values():
        firewall["droplet_ids"] = [other for other in firewall["droplet_ids"] if other != number]
    await firewalls.apply_all(service)


async def _power_on(service: Service, action: Json) -> None:
    await asyncio.to_thread(service.machines.power_on, action["droplet_id"])
    _droplet(service, action)["status"] = "active"


async def _power_off(service: Service, action: Json) -> None:
    graceful = action["type"] == "shutdown"
    await asyncio.to_thread(service.machines.power_off, action["droplet_id"], graceful=graceful)
    _droplet(service, action)["status"] = "off"


async def _reboot(service: Service, action: Json) -> None:
    graceful = action["type"] == "reboot"
    await asyncio.to_thread(service.machines.power_off, action["droplet_id"], graceful=graceful)
    await _power_on(service, action)


async def _resize(service: Service, action: Json) -> None:
    droplet, size = _droplet(service, action), catalogue.SIZES[action["details"]["size"]]
    await asyncio.to_thread(service.machines.resize_droplet, droplet["id"], size["memory"], size["vcpus"])
    droplet["size"] = size["slug"]
    if action["details"].get("disk"):  # for good: a droplet never goes back to a smaller disk
        droplet["disk"] = size["disk"]


async def _rename(service: Service, action: Json) -> None:
    _droplet(service, action)["name"] = action["details"]["name"]


async def _feature(service: Service, action: Json) -> None:
    droplet = _droplet(service, action)
    switch, _, feature = action["type"].partition("_")
    others = [name for name in droplet["features"] if name != feature]
    droplet["features"] = [*others, feature] if switch == "enable" else others


async def _hold(_: Service, action: Json) -> None:
    """Keep the droplet busy, as a backup does (:mod:`.faults`)."""
    await asyncio.sleep(action["details"].get("seconds", 0))


async def _nothing(_: Service, __: Json) -> None:
    """Agree: when backups are taken is not kept, since none are."""


_ON_REQUEST: dict[str, Work] = {
    "power_on": _power_on,
    "power_off": _power_off,
    "shutdown": _power_off,
    "reboot": _reboot,
    "power_cycle": _reboot,
    "resize": _resize,
    "rename": _rename,
    "enable_backups": _feature,
    "disable_backups": _feature,
    "enable_ipv6": _feature,
    "change_backup_policy": _nothing,
}
WORK: dict[str, Work] = {"create": _make, "destroy": _destroy, "snapshot": _hold, **_ON_REQUEST}
ROUTES = (web.post(r"/v2/droplets/{droplet:\d+}/actions", _create),)
