"""DNS zones and records."""

from collections.abc import Sequence
from typing import ClassVar

from rehearsal.plugins.digitalocean.api import Api, ApiError, Json
from rehearsal.plugins.digitalocean.resource import Property, Resource
from rehearsal.plugins.provider import PluginError, Properties

_TYPES = "A|AAAA|CAA|CNAME|MX|NS|TXT|SRV|SOA"
# The API gives the names these lead to without the dot at the end.
_DOTTED = {"CNAME", "MX", "NS", "SRV", "CAA"}
_NEEDED = {"MX": ("priority",), "SRV": ("priority", "weight", "port"), "CAA": ("flags", "tag")}
_SMALL = r"\d{1,5}"


class Domain(Resource):
    """A zone."""

    token = "digitalocean:index/domain:Domain"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "ipAddress": Property("string", replace=True),
        "name": Property("string", required=True, replace=True),
    }
    outputs: ClassVar = {"domainUrn": "string", "ttl": "integer"}

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST, then GET."""
        wanted = {"name": inputs["name"]} | ({"ip_address": inputs["ipAddress"]} if "ipAddress" in inputs else {})
        name = api.post("/v2/domains", wanted)["domain"]["name"]
        return name, self.read(api, name, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET."""
        zone = api.find(f"/v2/domains/{identifier}", "domain")
        return zone and {"name": zone["name"], "domainUrn": f"do:domain:{zone['name']}", "ttl": zone["ttl"]}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """DELETE."""
        api.delete(f"/v2/domains/{identifier}")


class DnsRecord(Resource):
    """A record of a zone."""

    token = "digitalocean:index/dnsRecord:DnsRecord"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "domain": Property("string", required=True, replace=True),
        "flags": Property("integer", allowed=r"\d{1,3}"),
        "name": Property("string", autonamed=True),
        "port": Property("integer", allowed=_SMALL),
        "priority": Property("integer", allowed=_SMALL),
        "tag": Property("string", allowed="issue|issuewild|iodef"),
        "ttl": Property("integer", computed=True, allowed="[1-9][0-9]*"),
        "type": Property("string", required=True, replace=True, allowed=_TYPES),
        "value": Property("string", required=True),
        "weight": Property("integer", allowed=_SMALL),
    }
    outputs: ClassVar = {
        "fqdn": "string",
    }

    def plan(self, state: Properties | None, inputs: Properties) -> Sequence[str]:
        """Refuse a record that lacks what its type needs."""
        for name in _NEEDED.get(inputs.get("type", ""), ()):
            if name not in inputs:
                raise PluginError(f"`{name}` is required for when type is `{inputs['type']}`")
        return ()

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST, then GET."""
        body = {"type": inputs["type"]} | _wanted(inputs)
        identifier = str(api.post(f"/v2/domains/{inputs['domain']}/records", body)["domain_record"]["id"])
        return identifier, self.read(api, identifier, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET; names are given back as the program writes them where they mean the same."""
        zone = known["domain"]
        record = api.find(f"/v2/domains/{zone}/records/{identifier}", "domain_record")
        if record is None:
            return None
        value = record["data"]
        if record["type"] in _DOTTED and value != "@" and record.get("tag") != "iodef":
            value += "."
        return (
            {
                "domain": zone,
                "type": record["type"],
                "name": _as_written(known.get("name"), record["name"], zone, long="name"),
                "value": _as_written(known.get("value"), value, zone, long="value"),
                "fqdn": _full_name(record["name"], zone),
                "ttl": record["ttl"],
            }
            | {key: record.get(key) or None for key in ("port", "priority", "weight", "tag")}
            | {"flags": record.get("flags") if "flags" in known else None}
        )

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """PUT, then GET."""
        api.put(f"/v2/domains/{state['domain']}/records/{identifier}", _wanted(inputs))
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """DELETE; gone already is well."""
        try:
            api.delete(f"/v2/domains/{state['domain']}/records/{identifier}")
        except ApiError as error:
            if not error.is_gone:
                raise

    def import_state(self, identifier: str) -> tuple[str, Properties]:
        """Read ``ZONE,RECORD``."""
        zone, _, record = identifier.partition(",")
        if not record.isdigit():
            raise ApiError(f"invalid record ID: {identifier!r}; use the zone and the record, e.g. college.example,1234")
        return record, {"domain": zone}


def _wanted(inputs: Properties) -> Json:
    numbers = {key: inputs.get(key, 0) for key in ("priority", "port", "ttl", "weight", "flags")}
    return {"name": inputs["name"], "data": inputs["value"], "tag": inputs.get("tag", "")} | numbers


def _full_name(name: str, zone: str) -> str:
    if name == "@":
        return zone
    return name.rstrip(".") if name.lower().endswith(f"{zone}.") else f"{name}.{zone}"


def _as_written(written: str | None, found: str, zone: str, *, long: str) -> str:
    """Give `written` where it says the same as `found`: ``@`` or the zone, a name with the zone or without."""
    if written is None:
        return found
    same = {written, *(("@",) if written == f"{zone}." else ())}
    if long == "name":
        return written if found in same or f"{found}.{zone}." == written else found
    return written if found in same or found == f"{written}.{zone}." else found
