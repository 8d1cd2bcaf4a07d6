"""Firewalls: who may talk to a droplet, and to whom it may talk.

A droplet is covered by the firewalls that name it or one of its tags; together they let through the union of their
rules. When the API has answered a change, the rules are in force.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aiohttp import web

from rehearsal.cloud.errors import conflict, invalid, not_found
from rehearsal.cloud.machines import OPEN, FirewallRule
from rehearsal.cloud.service import Service, body_of, page_of, service_of
from rehearsal.cloud.state import now

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

log = logging.getLogger(__name__)

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]+")  # as DigitalOcean's specification has it
_LAST_PORT = 65535
_SIDES = (("inbound_rules", "sources"), ("outbound_rules", "destinations"))


async def apply(service: Service, droplet: Json) -> None:
    """Bring the rules for one droplet into force, if it is still there when its turn comes."""
    async with service.filtering:  # of two changes at once, the later books win
        if str(droplet["id"]) not in service.state.droplets:
            return
        inbound, outbound = (_rules(service.state, droplet, *side) for side in _SIDES)
        await asyncio.to_thread(service.machines.apply_firewall, droplet["id"], inbound, outbound)


async def apply_all(service: Service) -> None:
    """Bring the rules for every droplet into force; firewalls of a droplet where that fails say ``failed``."""
    for firewall in service.state.firewalls.values():
        firewall["status"] = "succeeded"
    for droplet in list(service.state.droplets.values()):
        try:
            await apply(service, droplet)
        except Exception:  # one broken droplet must not keep the others open
            log.exception("no firewall for droplet %s", droplet["id"])
            for firewall in _covering(service.state, droplet):
                firewall["status"] = "failed"


def _covering(state: State, droplet: Json) -> list[Json]:
    return [
        firewall
        for firewall in state.firewalls.values()
        if droplet["id"] in firewall["droplet_ids"] or set(droplet["tags"]) & set(firewall["tags"])
    ]


def _rules(state: State, droplet: Json, side: str, peers: str) -> tuple[FirewallRule, ...]:
    """Return what the droplet's firewalls let through on one side; everything when it has none."""
    covering = _covering(state, droplet)
    if not covering:
        return OPEN
    rules: dict[FirewallRule, None] = {}  # without repetition, in order
    for rule in (rule for firewall in covering for rule in firewall[side]):
        everything = "" if rule["protocol"] == "icmp" else f"1-{_LAST_PORT}"
        ports = everything if rule["ports"] == "0" else rule["ports"]
        rules[FirewallRule(rule["protocol"], ports, _addresses(state, rule[peers]))] = None
    return tuple(rule for rule in rules if rule.addresses)


def _addresses(state: State, peers: Json) -> tuple[str, ...]:
    """Return the addresses of a rule's other ends, droplets among them by the address they have now."""
    droplets = [
        droplet["address"]
        for droplet in state.droplets.values()
        if droplet["id"] in peers.get("droplet_ids", []) or set(droplet["tags"]) & set(peers.get("tags", []))
    ]
    return (*peers.get("addresses", []), *droplets)


def _ports(protocol: str, ports: str) -> str:
    """Return ports as the API keeps them: ``0`` stands for all of them, and for icmp, which has none."""
    if protocol == "icmp" or ports in ("0", "all"):
        return "0"
    bounds = [int(port) if port.isdigit() else 0 for port in ports.split("-", 1)]
    if not 1 <= bounds[0] <= bounds[-1] <= _LAST_PORT:
        raise invalid(f"invalid ports: {ports!r}")
    return ports


def _peers(state: State, peers: Json | None) -> Json:
    """Return a rule's other ends, without the empty kinds."""
    kept = {kind: found for kind, found in (peers or {}).items() if found}
    if not kept:
        raise invalid("missing sources or destinations")
    for address in kept.get("addresses", []):
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise invalid(f"invalid address: {address!r}") from None
    _known(state, kept.get("tags", []), kept.get("droplet_ids", []))
    return kept


def _known(state: State, tags: list[str], droplet_ids: list[int]) -> None:
    names = {tag["name"] for tag in state.tags.values()}
    for tag in tags:
        if tag not in names:
            raise invalid(f"tag {tag!r} does not exist")
    for droplet_id in droplet_ids:
        if str(droplet_id) not in state.droplets:
            raise invalid(f"droplet {droplet_id} does not exist")


def _accepted(state: State, body: Json, own: str = "") -> Json:
    """Return what a firewall's owner decides, checked; ``own`` is the identifier of one that is changed."""
    name = str(body.get("name") or "")
    if not _NAME.fullmatch(name):
        raise invalid("name must be letters, digits, dots and dashes, at least two of them")
    if any(firewall["name"] == name and firewall["id"] != own for firewall in state.firewalls.values()):
        raise conflict("duplicate name")
    accepted: Json = {"name": name, "tags": body.get("tags") or [], "droplet_ids": body.get("droplet_ids") or []}
    _known(state, accepted["tags"], accepted["droplet_ids"])
    for side, peers in _SIDES:
        accepted[side] = [_rule(state, rule, peers) for rule in body.get(side) or []]
    if not accepted["inbound_rules"] and not accepted["outbound_rules"]:
        raise invalid("at least one rule is required")
    return accepted


def _rule(state: State, rule: Json, peers: str) -> Json:
    protocol: Any = rule.get("protocol")
    if protocol not in ("tcp", "udp", "icmp"):
        raise invalid(f"invalid protocol: {protocol!r}")
    return {
        "protocol": protocol,
        "ports": _ports(protocol, str(rule.get("ports") or "")),
        peers: _peers(state, rule.get(peers)),
    }


def _found(request: web.Request) -> Json:
    firewall = service_of(request).state.firewalls.get(request.match_info["firewall"])
    if not firewall:
        raise not_found()
    return firewall


async def _list(request: web.Request) -> web.Response:
    return page_of(request, "firewalls", list(service_of(request).state.firewalls.values()))


async def _create(request: web.Request) -> web.Response:
    service = service_of(request)
    accepted = _accepted(service.state, await body_of(request))
    firewall = {
        "id": str(uuid4()),
        "status": "succeeded",
        "created_at": now(),
        "pending_changes": [],
        **accepted,
    }
    service.state.firewalls[firewall["id"]] = firewall
    await apply_all(service)
    return web.json_response({"firewall": firewall}, status=202)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"firewall": _found(request)})


async def _update(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    firewall = _found(request)
    firewall.update(_accepted(service.state, body, own=firewall["id"]))
    await apply_all(service)
    return web.json_response({"firewall": firewall})


async def _delete(request: web.Request) -> web.Response:
    service = service_of(request)
    del service.state.firewalls[_found(request)["id"]]
    await apply_all(service)
    return web.Response(status=204)


ROUTES = (
    web.get("/v2/firewalls", _list),
    web.post("/v2/firewalls", _create),
    web.get("/v2/firewalls/{firewall}", _read),
    web.put("/v2/firewalls/{firewall}", _update),
    web.delete("/v2/firewalls/{firewall}", _delete),
)
