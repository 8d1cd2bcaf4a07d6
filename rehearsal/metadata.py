"""The metadata address: what a droplet can ask about itself at http://169.254.169.254/metadata/v1/.

Each droplet's server listens inside that droplet's network namespace, so it knows who is asking by where it is asked.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearsal.network import METADATA, namespace
from rehearsal.places import GATEWAY, NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rehearsal.cloud.machines import DropletSpec

REGION = "nyc3"
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, from linux/sched.h


def describe(spec: DropletSpec, reserved: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of a droplet in the shape of /metadata/v1.json (DigitalOcean's metadata reference)."""
    public = {"ip_address": spec.address, "netmask": str(NETWORK.netmask), "gateway": GATEWAY}
    return {
        "droplet_id": spec.id,
        "hostname": spec.name,
        "user_data": spec.user_data,
        "public_keys": list(spec.public_keys),
        "region": REGION,
        "interfaces": {"public": [{"ipv4": public, "type": "public"}]},
        "reserved_ip": {"ipv4": {"active": bool(reserved), **({"ip_address": reserved[0]} if reserved else {})}},
        "dns": {"nameservers": [GATEWAY]},
    }


def look_up(facts: dict[str, Any], path: str) -> str | None:
    """Return the text at a path of the metadata service, or None where there is nothing."""
    if path == "/metadata/v1.json":
        return json.dumps(facts)
    if not (path + "/").startswith("/metadata/v1/"):
        return None
    # The tree has "id" and "user-data" where the JSON has droplet_id and user_data.
    here: Any = {name.removeprefix("droplet_").replace("user_", "user-").replace("public_", "public-"): value
                 for name, value in facts.items()}  # fmt: skip
    for step in filter(None, path.removeprefix("/metadata/v1").split("/")):
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    if isinstance(here, dict):
        return "\n".join(name + ("/" if isinstance(value, dict | list) else "") for name, value in here.items())
    if isinstance(here, list):
        nested = any(isinstance(entry, dict | list) for entry in here)
        return "\n".join(f"{index}/" for index in range(len(here))) if nested else "\n".join(map(str, here))
    return str(here).lower() if isinstance(here, bool) else str(here)


class MetadataServer:
    """The metadata service of one droplet; ``facts`` is asked again at every request."""

    def __init__(self, droplet: int, facts: Callable[[], dict[str, Any]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802 - the base class's name for it
                text = look_up(facts(), self.path)
                body = (text if text is not None else "not found").encode()
                self.send_response(200 if text is not None else 404)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: user-data may be what is asked for."""

        self._server = ThreadingHTTPServer((METADATA, 80), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = _listen_inside(droplet)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def _listen_inside(droplet: int) -> socket.socket:
    """Return a socket listening on the metadata address of a droplet's network namespace."""
    result: list[socket.socket | OSError] = []

    def work() -> None:  # a thread of its own, because it is a thread that moves into a namespace, for good
        try:
            handle = os.open(Path("/run/netns") / namespace(droplet), os.O_RDONLY)
            try:
                if ctypes.CDLL(None, use_errno=True).setns(handle, _NEW_NETWORK):
                    raise OSError(ctypes.get_errno(), f"cannot enter the network of droplet {droplet}")
            finally:
                os.close(handle)
            result.append(socket.create_server((METADATA, 80)))
        except OSError as problem:
            result.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(result[0], OSError):
        raise result[0]
    return result[0]
