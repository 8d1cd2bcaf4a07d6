"""Tags and SSH keys; and what other resources do with their tags."""

from collections.abc import Sequence
from typing import ClassVar

from rehearsal.plugins.digitalocean.api import Api, ApiError
from rehearsal.plugins.digitalocean.resource import NAME, TAG, Property, Resource
from rehearsal.plugins.provider import InitializationFailedError, Properties

_KEY_APPEARS_WITHIN = 120.0  # seconds


class Tag(Resource):
    """A word that joins resources: the firewall here finds its droplet by one."""

    token = "digitalocean:index/tag:Tag"  # noqa: S105 - a type token
    inputs: ClassVar = {"name": Property("string", replace=True, autonamed=True, allowed=TAG)}
    outputs: ClassVar = {
        "totalResourceCount": "integer",
        "dropletsCount": "integer",
        "imagesCount": "integer",
        "volumesCount": "integer",
        "volumeSnapshotsCount": "integer",
        "databasesCount": "integer",
    }

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST, then GET."""
        name = api.post("/v2/tags", {"name": inputs["name"]})["tag"]["name"]
        return name, self.read(api, name, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET."""
        tag = api.find(f"/v2/tags/{identifier}", "tag")
        if tag is None:
            return None
        resources = tag["resources"]
        return {
            "name": tag["name"],
            "totalResourceCount": resources["count"],
            "dropletsCount": resources["droplets"]["count"],
            "imagesCount": resources["images"]["count"],
            "volumesCount": resources["volumes"]["count"],
            "volumeSnapshotsCount": resources["volume_snapshots"]["count"],
            "databasesCount": resources["databases"]["count"],
        }

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """DELETE."""
        api.delete(f"/v2/tags/{identifier}")


class SshKey(Resource):
    """A public key of the account, which new droplets let in."""

    token = "digitalocean:index/sshKey:SshKey"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "name": NAME,
        "publicKey": Property(
            "string", required=True, replace=True, same=lambda old, new: bool(old.strip() == new.strip())
        ),
    }
    outputs: ClassVar = {"fingerprint": "string"}

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST; GET until it is there; GET."""
        key = api.post("/v2/account/keys", {"name": inputs["name"], "public_key": inputs["publicKey"]})["ssh_key"]
        identifier = str(key["id"])
        try:
            api.wait(
                lambda: api.find(f"/v2/account/keys/{identifier}", "ssh_key"),
                "the SSH key to appear",
                _KEY_APPEARS_WITHIN,
                at_once=True,
            )
        except ApiError as error:
            raise InitializationFailedError(identifier, {}, str(error)) from error
        return identifier, self.read(api, identifier, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET."""
        key = api.find(f"/v2/account/keys/{identifier}", "ssh_key")
        return key and {"name": key["name"], "fingerprint": key["fingerprint"], "publicKey": key["public_key"]}

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """PUT the name, then GET."""
        api.put(f"/v2/account/keys/{identifier}", {"name": inputs["name"]})
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """DELETE; a key that is gone already is an error, as it is to the official plugin."""
        api.delete(f"/v2/account/keys/{identifier}")


def retag(api: Api, kind: str, identifier: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Take off the tags not wanted any more, then make and put on the new ones; `kind` is droplet or volume."""
    body = {"resources": [{"resource_id": identifier, "resource_type": kind}]}
    for tag in sorted(set(old) - set(new)):
        api.delete(f"/v2/tags/{tag}/resources", body)
    for tag in sorted(set(new) - set(old)):
        api.post("/v2/tags", {"name": tag})
        api.post(f"/v2/tags/{tag}/resources", body)
