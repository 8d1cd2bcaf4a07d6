"""Reserved IPs, and which droplet they lead to."""

import time
from collections.abc import Callable
from typing import ClassVar

from rehearsal.plugins.digitalocean.api import Api, ApiError, Json
from rehearsal.plugins.digitalocean.resource import Property, Resource
from rehearsal.plugins.provider import InitializationFailedError, Properties

_IPV4 = r"(\d{1,3}\.){3}\d{1,3}"
_DROPLET_READY_WITHIN = 120.0  # seconds


class ReservedIp(Resource):
    """An address that stays while droplets come and go."""

    token = "digitalocean:index/reservedIp:ReservedIp"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "dropletId": Property("integer"),
        "ipAddress": Property("string", computed=True, allowed=_IPV4),
        "region": Property("string", required=True, replace=True),
    }
    outputs: ClassVar = {"reservedIpUrn": "string"}

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST; assign it where a droplet is named; GET."""
        identifier = str(api.post("/v2/reserved_ips", {"region": inputs["region"]})["reserved_ip"]["ip"])
        if inputs.get("dropletId"):
            try:
                assign(api, identifier, inputs["dropletId"])
            except ApiError as error:
                raise InitializationFailedError(identifier, {}, str(error)) from error
        return identifier, self.read(api, identifier, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET; which droplet has it counts only for whoever names one."""
        found = api.find(f"/v2/reserved_ips/{identifier}", "reserved_ip")
        if found is None:
            return None
        droplet = found["droplet"] if known.get("dropletId") else None
        return {
            "region": (droplet or found)["region"]["slug"],
            "dropletId": droplet["id"] if droplet else None,
            "ipAddress": found["ip"],
            "reservedIpUrn": f"do:reservedip:{found['ip']}",
        }

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """Assign it to another droplet, or to none; GET."""
        droplet = inputs.get("dropletId")
        if droplet and droplet != state.get("dropletId"):
            assign(api, identifier, droplet)
        elif not droplet and state.get("dropletId"):
            unassign(api, identifier)
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """Unassign it from the droplet that was named; DELETE."""
        if state.get("dropletId"):
            try:
                unassign(api, identifier)
            except ApiError as error:
                if error.status != 422:  # noqa: PLR2004 - it leads to no droplet any more
                    raise
        api.delete(f"/v2/reserved_ips/{identifier}")


class ReservedIpAssignment(Resource):
    """That a reserved IP leads to a droplet."""

    token = "digitalocean:index/reservedIpAssignment:ReservedIpAssignment"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "dropletId": Property("integer", required=True, replace=True),
        "ipAddress": Property("string", required=True, replace=True, allowed=_IPV4),
    }

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """Wait until nothing happens to the droplet; POST; GET the action until it is done; GET the address."""
        address, droplet = inputs["ipAddress"], inputs["dropletId"]
        assign(api, address, droplet)
        api.get(f"/v2/reserved_ips/{address}")
        return _assignment_id(address, droplet), {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET the address (which has to exist); with another droplet, or none, the assignment is gone."""
        found = api.get(f"/v2/reserved_ips/{known['ipAddress']}")["reserved_ip"]
        return {} if found["droplet"] and found["droplet"]["id"] == known["dropletId"] else None

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """GET the address; if it still leads to the droplet, POST and wait.

        Where it leads nowhere the official plugin crashes (it looks into the missing droplet); here that is well.
        """
        droplet = api.get(f"/v2/reserved_ips/{state['ipAddress']}")["reserved_ip"]["droplet"]
        if droplet and droplet["id"] == state["dropletId"]:
            unassign(api, state["ipAddress"])

    def import_state(self, identifier: str) -> tuple[str, Properties]:
        """Read ``ADDRESS,DROPLET``."""
        address, _, droplet = identifier.partition(",")
        if not droplet.isdigit():
            raise ApiError("must use the reserved IP and the ID of the Droplet joined with a comma (e.g. 192.0.2.7,42)")
        return _assignment_id(address, int(droplet)), {"ipAddress": address, "dropletId": int(droplet)}


def _assignment_id(address: str, droplet: int) -> str:
    return f"{droplet}-{address}-{time.time_ns()}"


def assign(api: Api, address: str, droplet: int) -> None:
    """Lead `address` to `droplet`, once nothing else happens to that droplet."""

    def is_idle() -> bool:
        actions = api.get(f"/v2/droplets/{droplet}/actions?per_page=50")["actions"]
        return all(action["status"] in {"completed", "errored"} for action in actions)

    api.wait(is_idle, f"droplet {droplet} to be ready for reserved IP assign", _DROPLET_READY_WITHIN)
    action = api.post(f"/v2/reserved_ips/{address}/actions", {"type": "assign", "droplet_id": droplet})
    _finish(api, address, action, lambda holder: bool(holder and holder["id"] == droplet))


def unassign(api: Api, address: str) -> None:
    """Lead `address` nowhere."""
    action = api.post(f"/v2/reserved_ips/{address}/actions", {"type": "unassign"})
    _finish(api, address, action, lambda holder: holder is None)


def _finish(api: Api, address: str, answer: Json, is_so: Callable[[Json | None], bool]) -> None:
    """Wait for an address's own action; some never appear, then the address itself tells."""
    identifier = answer["action"]["id"]

    def done() -> bool:
        action = api.find(f"/v2/reserved_ips/{address}/actions/{identifier}", "action")
        if action is None:
            return bool(is_so(api.get(f"/v2/reserved_ips/{address}")["reserved_ip"]["droplet"]))
        if action["status"] not in {"new", "in-progress", "completed"}:
            raise ApiError(f"unexpected state '{action['status']}', wanted target 'completed': action {identifier}")
        return bool(action["status"] == "completed")

    api.wait(done, f"reserved IP {address}, action {identifier}")
