"""Droplets."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rehearsal.plugins.digitalocean.api import Api, ApiError, Json
from rehearsal.plugins.digitalocean.labels import retag
from rehearsal.plugins.digitalocean.resource import NAME, TAG, Property, Resource, same_set, sha1
from rehearsal.plugins.digitalocean.volume import attach, detach
from rehearsal.plugins.provider import InitializationFailedError, PluginError, Properties
from rehearsal.plugins.values import has_unknown

_DESTROYED_WITHIN = 60.0  # seconds


class Droplet(Resource):
    """A virtual machine."""

    token = "digitalocean:index/droplet:Droplet"  # noqa: S105 - a type token
    delete_timeout = 60.0
    inputs: ClassVar = {
        "backupPolicy": Property("DropletBackupPolicy"),
        "backups": Property("boolean", default=False),
        "dropletAgent": Property("boolean", replace=True),
        "gracefulShutdown": Property("boolean", default=False),
        "image": Property("string", required=True, replace=True),
        "ipv6": Property("boolean", default=False),
        "ipv6Address": Property("string", computed=True),
        "monitoring": Property("boolean", replace=True, default=False),
        "name": NAME,
        "privateNetworking": Property("boolean", computed=True),
        "publicNetworking": Property("boolean", replace=True, computed=True),
        "region": Property("string", replace=True, computed=True),
        "resizeDisk": Property("boolean", default=True),
        "size": Property("string", required=True),
        "sshKeys": Property("list[string]", replace=True, same=same_set),
        "tags": Property("list[string]", allowed=TAG, same=same_set),
        "userData": Property("string", replace=True, stored=sha1),
        "volumeIds": Property("list[string]", computed=True, same=same_set),
        "vpcUuid": Property("string", replace=True, computed=True),
    }
    outputs: ClassVar = {
        "createdAt": "string",
        "disk": "integer",
        "dropletUrn": "string",
        "ipv4Address": "string",
        "ipv4AddressPrivate": "string",
        "locked": "boolean",
        "memory": "integer",
        "priceHourly": "number",
        "priceMonthly": "number",
        "status": "string",
        "vcpus": "integer",
    }

    def plan(self, state: Properties | None, inputs: Properties) -> Sequence[str]:
        """Refuse a backup policy without backups; taking IPv6 away replaces, giving it does not."""
        if inputs.get("backupPolicy") and inputs.get("backups") is False:
            raise PluginError("backup_policy can only be set when backups are enabled")
        return ("ipv6",) if state is not None and state.get("ipv6") is True and inputs.get("ipv6") is False else ()

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST, then GET until it is active and unlocked; a 404 on the way only means «not yet»."""
        identifier = str(api.post("/v2/droplets", _wanted(inputs))["droplet"]["id"])
        try:
            found = _until(api, identifier, lambda droplet: bool(droplet["status"] == "active"), may_be_missing=True)
        except ApiError as error:
            reason = f"Error waiting for droplet ({identifier}) to become ready: {error}"
            raise InitializationFailedError(identifier, {}, reason) from error
        return identifier, _outputs(found)

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET; the image is not looked at: its slug may by now mean a newer one."""
        found = api.find(f"/v2/droplets/{identifier}", "droplet")
        if found is None:
            return None
        image = found.get("image") or {}
        return _outputs(found) | {"image": known.get("image") or image.get("slug") or str(image.get("id"))}

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """Resize, rename, backups, IPv6, tags, volumes, in this order, each only when it changed; GET."""
        number = int(identifier)
        if inputs["size"] != state.get("size"):
            _resize(api, identifier, inputs)
        if inputs["name"] != state.get("name"):
            _act(api, identifier, type="rename", name=inputs["name"])
            _until(api, identifier, lambda droplet: bool(droplet["name"] == inputs["name"]))
        _change_backups(api, identifier, state, inputs)
        if inputs.get("ipv6") and not state.get("ipv6"):
            _act(api, identifier, type="enable_ipv6")
            _until(api, identifier, lambda droplet: "ipv6" in droplet["features"])
        retag(api, "droplet", identifier, state.get("tags", []), inputs.get("tags", []))
        if "volumeIds" in inputs:
            old, new = set(state.get("volumeIds", [])), set(inputs["volumeIds"])
            for volume in sorted(new - old):
                attach(api, volume, number)
            for volume in sorted(old - new):
                detach(api, volume, number)
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """GET until unlocked; shut down if that was asked for; detach each volume; DELETE; GET until 404."""
        found = _until(api, identifier, lambda _: True, timeout, gone_is_good=True)
        if found is not None and state.get("gracefulShutdown"):
            _act(api, identifier, type="shutdown")
            found = _until(
                api, identifier, lambda droplet: bool(droplet["status"] == "off"), timeout, gone_is_good=True
            )
        if found is None:
            return
        for volume in state.get("volumeIds", []):
            detach(api, volume, int(identifier))
        try:
            api.delete(f"/v2/droplets/{identifier}")
        except ApiError as error:
            if not error.is_gone:
                raise
        api.wait(
            lambda: api.find(f"/v2/droplets/{identifier}", "droplet") is None,
            f"droplet {identifier} to be destroyed",
            _DESTROYED_WITHIN,
        )


def _wanted(inputs: Properties) -> Json:
    """Give the body of the request for a new droplet; what is off or empty is left out where the API client does."""
    image = inputs["image"]
    body: Json = {
        "name": inputs["name"],
        "region": inputs.get("region", ""),
        "size": inputs["size"],
        "image": int(image) if image.isdigit() else image,
        "ssh_keys": [int(key) if key.isdigit() else key for key in inputs.get("sshKeys", [])],
        "backups": inputs["backups"],
        "ipv6": inputs["ipv6"],
        "private_networking": inputs.get("privateNetworking", False),
        "monitoring": inputs["monitoring"],
        "tags": inputs.get("tags", []),
    }
    optional: Json = {
        "user_data": inputs.get("userData"),
        "volumes": [{"id": volume} for volume in inputs.get("volumeIds", [])] or None,
        "vpc_uuid": inputs.get("vpcUuid"),
        "with_droplet_agent": inputs.get("dropletAgent"),
        "backup_policy": inputs.get("backupPolicy"),
        "public_networking": False if inputs.get("publicNetworking") is False else None,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def _outputs(droplet: Json) -> Properties:
    addresses = {entry["type"]: entry["ip_address"] for entry in droplet["networks"]["v4"]}
    v6 = {entry["type"]: entry["ip_address"] for entry in droplet["networks"].get("v6") or []}
    features = droplet.get("features") or []
    return {
        "name": droplet["name"],
        "dropletUrn": f"do:droplet:{droplet['id']}",
        "region": droplet["region"]["slug"],
        "size": droplet["size"]["slug"],
        "priceHourly": droplet["size"]["price_hourly"],
        "priceMonthly": droplet["size"]["price_monthly"],
        "disk": droplet["disk"],
        "vcpus": droplet["vcpus"],
        "memory": droplet["memory"],
        "status": droplet["status"],
        "locked": droplet["locked"],
        "createdAt": droplet["created_at"],
        "vpcUuid": droplet.get("vpc_uuid") or "",
        "ipv4Address": addresses.get("public", ""),
        "ipv4AddressPrivate": addresses.get("private", ""),
        "ipv6Address": v6.get("public", "").lower(),
        "publicNetworking": "public" in addresses,
        "backups": "backups" in features,
        "ipv6": "ipv6" in features,
        "privateNetworking": "private_networking" in features,
        "monitoring": "monitoring" in features,
        "volumeIds": droplet.get("volume_ids") or [],
        "tags": droplet.get("tags") or None,
    }


def _until(
    api: Api,
    identifier: str,
    is_so: Callable[[Json], bool],
    timeout: float = 3600.0,
    *,
    may_be_missing: bool = False,
    gone_is_good: bool = False,
) -> Any:
    """GET until the droplet is unlocked and `is_so`; give it (None when it is gone and `gone_is_good`)."""

    def look() -> tuple[Json | None] | None:
        found = api.find(f"/v2/droplets/{identifier}", "droplet")
        if found is None:
            if gone_is_good:
                return (None,)
            if may_be_missing:
                return None
            raise ApiError(f"droplet ({identifier}) not found during update")
        return (found,) if not found["locked"] and is_so(found) else None

    return api.wait(look, f"droplet {identifier}", timeout)[0]


def _act(api: Api, identifier: str, **action: Any) -> Json:
    return api.post(f"/v2/droplets/{identifier}/actions", action)


def _resize(api: Api, identifier: str, inputs: Properties) -> None:
    """Power off (hard), resize, power on; on again as well when the resize is refused."""
    try:
        _act(api, identifier, type="power_off")
    except ApiError as error:
        if "already powered off" not in str(error):
            raise
    _until(api, identifier, lambda droplet: bool(droplet["status"] == "off"))
    try:
        api.finish(_act(api, identifier, type="resize", size=inputs["size"], disk=inputs["resizeDisk"]))
    finally:
        _act(api, identifier, type="power_on")
        _until(api, identifier, lambda droplet: bool(droplet["status"] == "active"))


def _change_backups(api: Api, identifier: str, state: Properties, inputs: Properties) -> None:
    policy, wanted = inputs.get("backupPolicy"), bool(inputs.get("backups"))
    if wanted != bool(state.get("backups")):
        asked = {"backup_policy": policy} if wanted and policy else {}
        api.finish(_act(api, identifier, type="enable_backups" if wanted else "disable_backups", **asked))
    if policy and policy != state.get("backupPolicy") and not has_unknown(policy):
        api.finish(_act(api, identifier, type="change_backup_policy", backup_policy=policy))
