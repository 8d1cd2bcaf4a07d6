"""Block storage volumes."""

from collections.abc import Sequence
from typing import ClassVar

from rehearsal.plugins.digitalocean.api import Api
from rehearsal.plugins.digitalocean.labels import retag
from rehearsal.plugins.digitalocean.resource import TAG, Property, Resource, same_set
from rehearsal.plugins.provider import PluginError, Properties

_FILE_SYSTEM = "ext4|xfs"


class Volume(Resource):
    """A disk that outlives the droplets it is attached to."""

    token = "digitalocean:index/volume:Volume"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "description": Property("string", replace=True),
        "filesystemType": Property("string", computed=True, allowed=_FILE_SYSTEM),
        "initialFilesystemLabel": Property("string", replace=True),
        "initialFilesystemType": Property("string", replace=True, allowed=_FILE_SYSTEM),
        "name": Property("string", replace=True, autonamed=True),
        "region": Property("string", required=True, replace=True),
        "size": Property("integer", required=True, allowed="[1-9][0-9]*"),
        "snapshotId": Property("string", replace=True),
        "tags": Property("list[string]", allowed=TAG, same=same_set),
    }
    outputs: ClassVar = {
        "dropletIds": "list[integer]",
        "filesystemLabel": "string",
        "volumeUrn": "string",
    }

    def plan(self, state: Properties | None, inputs: Properties) -> Sequence[str]:
        """Refuse to shrink."""
        size = inputs.get("size")
        if state is not None and isinstance(size, int) and size < state.get("size", 0):
            raise PluginError("volumes `size` can only be expanded and not shrunk")
        return ()

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST, then GET."""
        wanted = {
            "region": inputs["region"].lower(),
            "name": inputs["name"],
            "description": inputs.get("description", ""),
            "size_gigabytes": inputs["size"],
            "snapshot_id": inputs.get("snapshotId", ""),
            "filesystem_type": inputs.get("initialFilesystemType") or inputs.get("filesystemType", ""),
            "filesystem_label": inputs.get("initialFilesystemLabel", ""),
            "tags": inputs.get("tags", []),
        }
        identifier = str(api.post("/v2/volumes", wanted)["volume"]["id"])
        return identifier, self.read(api, identifier, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET."""
        volume = api.find(f"/v2/volumes/{identifier}", "volume")
        if volume is None:
            return None
        return {
            "name": volume["name"],
            "region": volume["region"]["slug"],
            "size": volume["size_gigabytes"],
            "volumeUrn": f"do:volume:{identifier}",
            "tags": volume.get("tags") or None,
            "description": volume.get("description") or None,
            "filesystemType": volume.get("filesystem_type") or "",
            "filesystemLabel": volume.get("filesystem_label") or "",
            "dropletIds": volume["droplet_ids"],
        }

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """Grow it and wait for that; change its tags; GET."""
        if inputs["size"] != state.get("size"):
            wanted = {"type": "resize", "size_gigabytes": inputs["size"], "region": inputs["region"].lower()}
            api.finish(api.post(f"/v2/volumes/{identifier}/actions", wanted))
        retag(api, "volume", identifier, state.get("tags", []), inputs.get("tags", []))
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """DELETE; the API refuses while a droplet holds it."""
        api.delete(f"/v2/volumes/{identifier}")


def attach(api: Api, volume: str, droplet: int) -> None:
    """Attach `volume` to `droplet` and wait for it."""
    api.finish(api.post(f"/v2/volumes/{volume}/actions", {"type": "attach", "droplet_id": droplet}))


def detach(api: Api, volume: str, droplet: int) -> None:
    """Detach `volume` from `droplet` and wait for it."""
    api.finish(api.post(f"/v2/volumes/{volume}/actions", {"type": "detach", "droplet_id": droplet}))
