"""The metadata address: what a droplet can ask about itself at http://169.254.169.254/metadata/v1/.

The packet filter leads that address here (:mod:`.network`); by the sender's address the service knows who asks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.places import GATEWAY, NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rehearsal.cloud.machines import DropletSpec

_REGION = "nyc3"
# The tree of paths has other names than the JSON in some places.
_IN_JSON = {"id": "droplet_id", "user-data": "user_data", "public-keys": "public_keys", "address": "ip_address"}


def make_app(describe_sender: Callable[[str], dict[str, Any] | None]) -> web.Application:
    """Return the service; ``describe_sender`` has the metadata of the droplet with an address, or None."""

    async def answer(request: web.Request) -> web.Response:
        facts = describe_sender(request.remote or "")
        text = look_up(facts, request.path) if facts else None
        if text is None:
            return web.Response(status=404, text="not found")
        return web.Response(text=text)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


def describe(spec: DropletSpec, reserved: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of a droplet in the shape of /metadata/v1.json (DigitalOcean's metadata reference)."""
    public = {"ip_address": spec.address, "netmask": str(NETWORK.netmask), "gateway": GATEWAY}
    return {
        "droplet_id": spec.id,
        "hostname": spec.name,
        "user_data": spec.user_data,
        "public_keys": list(spec.public_keys),
        "region": _REGION,
        "interfaces": {"public": [{"ipv4": public, "type": "public"}]},
        "reserved_ip": {"ipv4": {"active": bool(reserved), **({"ip_address": reserved[0]} if reserved else {})}},
        "dns": {"nameservers": [GATEWAY]},
    }


def look_up(facts: dict[str, Any], path: str) -> str | None:
    """Return the text at a path of the service, or None where there is nothing."""
    if path == "/metadata/v1.json":
        return json.dumps(facts)
    if not f"{path}/".startswith("/metadata/v1/"):
        return None
    here: Any = facts
    for step in filter(None, path.removeprefix("/metadata/v1").split("/")):
        key = step if isinstance(here, dict) and step in here else _IN_JSON.get(step, step)
        if isinstance(here, dict) and key in here:
            here = here[key]
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    return _as_text(here)


def _as_text(value: Any) -> str:
    """Return a leaf as it is, a folder as the list of what is in it, folders among them with a slash."""
    if isinstance(value, dict):
        in_tree = {key: step for step, key in _IN_JSON.items()}
        return "\n".join(
            f"{in_tree.get(key, key)}" + "/" * isinstance(inner, dict | list) for key, inner in value.items()
        )
    if isinstance(value, list):
        return "\n".join(f"{number}/" if isinstance(inner, dict) else str(inner) for number, inner in enumerate(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
