"""What is not DigitalOcean's: faults to order, and a look at what the account still holds."""

from __future__ import annotations

from aiohttp import web

from rehearsal.cloud.errors import invalid, not_found
from rehearsal.cloud.faults import Fault
from rehearsal.cloud.projects import urns
from rehearsal.cloud.service import body_of, service_of


async def _list_faults(request: web.Request) -> web.Response:
    return web.json_response({"faults": service_of(request).faults.listed()})


async def _order_fault(request: web.Request) -> web.Response:
    service, body = service_of(request), await body_of(request)
    if "hold" in body:
        droplet = service.state.droplets.get(str(body["hold"]))
        if not droplet:
            raise not_found()
        service.start(
            "snapshot",
            resource=("droplet", droplet["id"]),
            region=droplet["region"],
            droplet_id=droplet["id"],
            details={"seconds": body.get("seconds", 1)},
        )
        return web.Response(status=204)
    try:
        fault = Fault(**body)
    except TypeError as error:
        raise invalid(f"no such fault: {error}") from None
    if bool(fault.path) == bool(fault.action):
        raise invalid('a fault has a path, e.g. "/v2/droplets/*", or an action, e.g. "attach_volume"')
    service.faults.coming.append(fault)
    return web.Response(status=204)


async def _forget_faults(request: web.Request) -> web.Response:
    service_of(request).faults.coming.clear()
    return web.Response(status=204)


async def _leftovers(request: web.Request) -> web.Response:
    """Answer with the names of all the account holds; an account as it was at first holds nothing."""
    state = service_of(request).state
    held = {
        "resources": urns(state),
        "ssh_keys": [key["name"] for key in state.keys.values()],
        "tags": [tag["name"] for tag in state.tags.values()],
        "firewalls": [firewall["name"] for firewall in state.firewalls.values()],
        "projects": [project["name"] for project in state.projects.values() if not project["is_default"]],
    }
    return web.json_response({"leftovers": held})


ROUTES = (
    web.get("/_rehearsal/faults", _list_faults),
    web.post("/_rehearsal/faults", _order_fault),
    web.delete("/_rehearsal/faults", _forget_faults),
    web.get("/_rehearsal/leftovers", _leftovers),
)
