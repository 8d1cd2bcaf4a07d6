"""Cloud firewalls."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rehearsal.plugins.digitalocean.api import Api, ApiError, Json
from rehearsal.plugins.digitalocean.resource import NAME, TAG, Property, Resource, same_set
from rehearsal.plugins.provider import PluginError, Properties
from rehearsal.plugins.values import has_unknown

# What a rule's two ends are called: to the program (after source… or destination…), and to the API.
_ENDS = {
    "Addresses": "addresses",
    "DropletIds": "droplet_ids",
    "LoadBalancerUids": "load_balancer_uids",
    "KubernetesIds": "kubernetes_ids",
    "Tags": "tags",
}


class Firewall(Resource):
    """What may reach the droplets of a tag, and what they may reach."""

    token = "digitalocean:index/firewall:Firewall"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "dropletIds": Property("list[integer]", same=same_set),
        "inboundRules": Property("list[FirewallInboundRule]", same=same_set),
        "name": NAME,
        "outboundRules": Property("list[FirewallOutboundRule]", same=same_set),
        "tags": Property("list[string]", allowed=TAG, same=same_set),
    }
    outputs: ClassVar = {
        "createdAt": "string",
        "pendingChanges": "list[FirewallPendingChange]",
        "status": "string",
    }

    def plan(self, state: Properties | None, inputs: Properties) -> Sequence[str]:
        """Refuse a firewall without rules, and rules without what their protocol needs."""
        rules = {way: inputs.get(f"{way}Rules") or [] for way in ("inbound", "outbound")}
        if not any(rules.values()):
            raise PluginError("At least one rule must be specified")
        for way, listed in rules.items():
            for rule in [] if has_unknown(listed) else listed:
                if rule.get("protocol") not in ("tcp", "udp", "icmp"):
                    raise PluginError(f"expected {way}_rule protocol to be one of tcp, udp, icmp, got {rule!r}")
                if rule["protocol"] != "icmp" and not rule.get("portRange"):
                    raise PluginError(f"`port_range` of {way} rules is required if protocol is `tcp` or `udp`")
        return ()

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST, then GET."""
        identifier = str(api.post("/v2/firewalls", _wanted(inputs))["firewall"]["id"])
        return identifier, self.read(api, identifier, inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET."""
        found = api.find(f"/v2/firewalls/{identifier}", "firewall")
        if found is None:
            return None
        return {
            "name": found["name"],
            "status": found["status"],
            "createdAt": found["created_at"],
            "pendingChanges": [
                {"dropletId": change["droplet_id"], "removing": change["removing"], "status": change["status"]}
                for change in found["pending_changes"]
            ],
            "dropletIds": found["droplet_ids"] or None,
            "inboundRules": [_rule(rule, "source") for rule in found["inbound_rules"]] or None,
            "outboundRules": [_rule(rule, "destination") for rule in found["outbound_rules"]] or None,
            "tags": found["tags"] or None,
        }

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """PUT, then GET."""
        api.put(f"/v2/firewalls/{identifier}", _wanted(inputs))
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """DELETE; gone already is well."""
        try:
            api.delete(f"/v2/firewalls/{identifier}")
        except ApiError as error:
            if not error.is_gone:
                raise


def _wanted(inputs: Properties) -> Json:
    return {
        "name": inputs["name"],
        "inbound_rules": [_body(rule, "source") for rule in inputs.get("inboundRules", [])],
        "outbound_rules": [_body(rule, "destination") for rule in inputs.get("outboundRules", [])],
        "droplet_ids": inputs.get("dropletIds", []),
        "tags": inputs.get("tags", []),
    }


def _body(rule: Properties, end: str) -> Json:
    ports = {"ports": rule["portRange"]} if rule.get("portRange") else {}
    others = {there: rule[end + here] for here, there in _ENDS.items() if rule.get(end + here)}
    return {"protocol": rule["protocol"], **ports, f"{end}s": others}


def _rule(rule: Json, end: str) -> Properties:
    """Give a rule as the program writes it; the API says port 0 for «all», and for a protocol that has none."""
    ports: Any = rule.get("ports")
    if ports in ("0", "", None):
        ports = None if rule["protocol"] == "icmp" else "all"
    others = {end + here: rule[f"{end}s"][there] for here, there in _ENDS.items() if rule[f"{end}s"].get(there)}
    return {"protocol": rule["protocol"]} | ({"portRange": ports} if ports else {}) | others
