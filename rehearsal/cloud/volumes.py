"""Volumes: disks that outlive droplets."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aiohttp import web

from rehearsal.cloud import catalogue, tags
from rehearsal.cloud.actions import render as render_action
from rehearsal.cloud.errors import conflict, invalid, not_found
from rehearsal.cloud.service import Service, Work, body_of, page_of, service_of
from rehearsal.cloud.state import now

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_LARGEST = 16384  # GiB, from DigitalOcean's specification
_PER_DROPLET = 15
_ATTACHED = "A volume that's attached to a Droplet cannot be deleted. Please detach it first before deleting."
_LABEL_LIMITS = {"ext4": 16, "xfs": 12}  # characters, from the same


def wanted(state: State, asked: list[Any], region: str) -> list[Json]:
    """Return the volumes a new droplet is to boot with, all free; ``asked`` is identifiers, plain or in objects."""
    chosen = []
    for item in asked:
        volume = state.volumes.get(str(item.get("id") if isinstance(item, dict) else item))
        if not volume:
            raise invalid("Failed to resolve volume")
        _check_free(state, volume, region)
        chosen.append(volume)
    if len(chosen) > _PER_DROPLET:
        raise invalid(f"A Droplet cannot have more than {_PER_DROPLET} volumes.")
    return chosen


async def unplug(service: Service, volume: Json) -> None:
    """Take a volume off the droplet it is attached to."""
    await asyncio.to_thread(service.machines.detach_volume, volume["name"], volume["droplet_id"])
    volume["droplet_id"] = None


def _check_idle(state: State, volume: Json) -> None:
    if state.busy("volume", volume["id"]):
        raise conflict("Volume already has a pending event.")


def _check_free(state: State, volume: Json, region: str) -> None:
    _check_idle(state, volume)
    if volume["region"] != region:
        raise invalid("Volume and Droplet must be in the same region.")
    if volume["droplet_id"] is not None:
        raise invalid("Volume is already attached to a Droplet.")


def _render(volume: Json) -> Json:
    shown = {name: value for name, value in volume.items() if name not in ("droplet_id", "region")}
    attached = [volume["droplet_id"]] if volume["droplet_id"] is not None else []
    return shown | {"region": catalogue.REGIONS[volume["region"]], "droplet_ids": attached}


def _found(request: web.Request) -> Json:
    volume = service_of(request).state.volumes.get(request.match_info["volume"])
    if not volume:
        raise not_found()
    return volume


def _size(value: Any) -> int:
    if not isinstance(value, int) or not 1 <= value <= _LARGEST:
        raise invalid(f"size_gigabytes must be a number from 1 to {_LARGEST}")
    return value


def _accepted(state: State, body: Json) -> Json:
    """Return the new volume's books, checked; nothing in the account has changed yet."""
    name, region = str(body.get("name") or ""), body.get("region")
    kind, label = body.get("filesystem_type") or "", body.get("filesystem_label") or ""
    if not _NAME.fullmatch(name):
        raise invalid("name must be lowercase letters, digits and dashes, starting with a letter, at most 64 of them")
    if region not in catalogue.REGIONS:
        raise invalid(f"invalid region: {region!r}")
    if kind and kind not in _LABEL_LIMITS:
        raise invalid(f"invalid filesystem_type: {kind!r}")
    if len(label) > _LABEL_LIMITS.get(kind, 0):
        raise invalid(f"filesystem_label {label!r} is too long for filesystem_type {kind!r}")
    if body.get("snapshot_id"):
        raise invalid("snapshot_id: this account has no snapshots")
    size = _size(body.get("size_gigabytes"))
    # DigitalOcean wants names to differ within a region; here one machine holds them all, so they differ everywhere.
    if any(volume["name"] == name for volume in state.volumes.values()):
        raise conflict("volume already exists")
    return {
        "name": name,
        "region": region,
        "size_gigabytes": size,
        "description": body.get("description") or "",
        "filesystem_type": kind,
        "filesystem_label": label,
        "created_at": now(),
        "droplet_id": None,
    }


async def _list(request: web.Request) -> web.Response:
    asked = request.query
    chosen = [
        _render(volume)
        for volume in service_of(request).state.volumes.values()
        if asked.get("name", volume["name"]) == volume["name"]
        and asked.get("region", volume["region"]) == volume["region"]
    ]
    return page_of(request, "volumes", chosen)


async def _create(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    volume = _accepted(service.state, body)
    volume |= {"tags": tags.ensure(service.state, body.get("tags") or []), "id": str(uuid4())}
    service.state.volumes[volume["id"]] = volume  # before the disk is made: the name is taken
    try:
        await asyncio.to_thread(
            service.machines.create_volume,
            volume["name"],
            volume["size_gigabytes"],
            volume["filesystem_type"],
            volume["filesystem_label"],
        )
    except Exception:
        del service.state.volumes[volume["id"]]
        raise
    return web.json_response({"volume": _render(volume)}, status=201)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"volume": _render(_found(request))})


async def _delete(request: web.Request) -> web.Response:
    service, volume = service_of(request), _found(request)
    _check_idle(service.state, volume)
    if volume["droplet_id"] is not None:
        raise conflict(_ATTACHED)
    await asyncio.to_thread(service.machines.delete_volume, volume["name"])
    service.state.volumes.pop(volume["id"], None)
    service.state.placements.pop(f"do:volume:{volume['id']}", None)
    return web.Response(status=204)


async def _act(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    volume, kind = _found(request), body.get("type")
    details: Json = {"volume": volume["id"]}
    droplet_id = volume["droplet_id"]
    _check_idle(service.state, volume)
    if body.get("region", volume["region"]) != volume["region"]:
        raise invalid("region does not match the volume's")
    if kind == "attach":
        droplet = service.state.droplets.get(str(body.get("droplet_id")))
        if not droplet:
            raise invalid("Droplet not found")
        _check_free(service.state, volume, droplet["region"])
        droplet_id = droplet["id"]
    elif kind == "detach":
        if droplet_id is None or body.get("droplet_id") != droplet_id:
            raise invalid("Volume is not attached to this Droplet.")
    elif kind == "resize":
        details["size"] = _size(body.get("size_gigabytes"))
        if details["size"] < volume["size_gigabytes"]:
            raise invalid("size_gigabytes must not be smaller than the volume is: a volume can only grow")
    else:
        raise invalid(f"{kind!r} is not an action a volume knows")
    # The API names neither the volume nor a number for it here.
    action = service.start(
        f"{kind}_volume", resource=("backend", None), region=volume["region"], droplet_id=droplet_id, details=details
    )
    return web.json_response({"action": render_action(action)}, status=202)


async def _attach(service: Service, action: Json) -> None:
    volume = service.state.volumes[action["details"]["volume"]]
    await asyncio.to_thread(service.machines.attach_volume, volume["name"], action["droplet_id"])
    volume["droplet_id"] = action["droplet_id"]


async def _detach(service: Service, action: Json) -> None:
    volume = service.state.volumes[action["details"]["volume"]]
    if volume["droplet_id"] is not None:
        await unplug(service, volume)


async def _resize(service: Service, action: Json) -> None:
    volume, size = service.state.volumes[action["details"]["volume"]], action["details"]["size"]
    await asyncio.to_thread(service.machines.resize_volume, volume["name"], size)
    volume["size_gigabytes"] = size


WORK: dict[str, Work] = {"attach_volume": _attach, "detach_volume": _detach, "resize_volume": _resize}
ROUTES = (
    web.get("/v2/volumes", _list),
    web.post("/v2/volumes", _create),
    web.get("/v2/volumes/{volume}", _read),
    web.delete("/v2/volumes/{volume}", _delete),
    web.post("/v2/volumes/{volume}/actions", _act),
)
