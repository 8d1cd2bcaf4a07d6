"""The network of the rehearsal: a gateway, a wire to each droplet, the way out, and the cloud firewall.

Each droplet has a network namespace of its own, so its addresses outlive a power cycle. The gateway routes to each
wire separately instead of bridging them: every packet then passes this machine's packet filter, and the cloud firewall
can stand outside the droplet, as DigitalOcean's does. Nothing done on the droplet, not even by root, can open it.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.commands import attempt, run
from rehearsal.places import GATEWAY, METADATA_PORT, NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rehearsal.cloud.machines import FirewallRule

BRIDGE = "course0"
TABLE = "course_rehearsal"
METADATA = "169.254.169.254"
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


@dataclass(frozen=True)
class Firewall:
    """What may come in and what may go out; anything else is dropped without an answer."""

    inbound: tuple[FirewallRule, ...]
    outbound: tuple[FirewallRule, ...]


def namespace(droplet: int) -> str:
    """Return the name of a droplet's network namespace."""
    return f"course-{droplet}"


def wire(droplet: int) -> str:
    """Return the name of this machine's end of a droplet's wire; an interface name has at most 15 characters."""
    return f"course{droplet}"


def raise_gateway() -> None:
    """Make the bridge that carries the gateway's address, and let this machine forward. Safe to repeat."""
    if attempt("ip", "link", "show", BRIDGE).returncode:
        run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "replace", f"{GATEWAY}/{NETWORK.prefixlen}", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    FORWARDING.write_text("1\n")


def obstacles() -> list[str]:
    """Return the packet filters of others on this machine that may keep droplets from the network, e.g. Docker's."""
    listed = json.loads(run("nft", "-j", "list", "chains") or '{"nftables": []}')["nftables"]
    chains = [entry["chain"] for entry in listed if "chain" in entry]
    return [
        f"{chain['family']} {chain['table']} {chain['name']}"
        for chain in chains
        if chain.get("policy") == "drop" and chain.get("hook") in ("input", "forward")
    ]


def connect(droplet: int, addresses: Sequence[str]) -> None:
    """Give a droplet its namespace, its wire and exactly these addresses; the first is its own. Safe to repeat."""
    space, outside = namespace(droplet), wire(droplet)
    if space not in namespaces():
        run("ip", "netns", "add", space)
    if attempt("ip", "link", "show", outside).returncode:
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
    run("ip", "link", "set", outside, "up")
    # The gateway answers for the other droplets too: they are neighbours by address, but each on a wire of its own.
    Path(f"/proc/sys/net/ipv4/conf/{outside}/proxy_arp").write_text("1\n")

    inside = ("ip", "-n", space)
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "link", "set", "eth0", "up")
    for address in _addresses(space) - set(addresses):
        run(*inside, "address", "del", f"{address}/{NETWORK.prefixlen}", "dev", "eth0")
        attempt("ip", "route", "del", f"{address}/32", "dev", outside)
    for address in addresses:
        run(*inside, "address", "replace", f"{address}/{NETWORK.prefixlen}", "dev", "eth0")
        run("ip", "route", "replace", f"{address}/32", "dev", outside, "src", GATEWAY)
    run(*inside, "route", "replace", "default", "via", GATEWAY, "src", addresses[0])


def disconnect(droplet: int) -> None:
    """Take a droplet's namespace away, and its wire with it."""
    attempt("ip", "link", "del", wire(droplet))
    attempt("ip", "netns", "del", namespace(droplet))


def namespaces() -> list[str]:
    """Return the names of the droplets' network namespaces on this machine."""
    listed = json.loads(run("ip", "-j", "netns", "list") or "[]")
    return [entry["name"] for entry in listed if entry["name"].startswith("course-")]


def lower_gateway(forwarding: str) -> None:
    """Remove what ``raise_gateway`` and ``filter_packets`` made; ``forwarding`` is the setting found before."""
    attempt("nft", "delete", "table", "inet", TABLE)
    attempt("ip", "link", "del", BRIDGE)
    FORWARDING.write_text(forwarding)


def filter_packets(firewalls: Mapping[int, Firewall]) -> None:
    """Put the whole packet filter of the rehearsal in force, in one transaction."""
    run("nft", "-f", "-", stdin=render(firewalls))


def render(firewalls: Mapping[int, Firewall]) -> str:
    """Return nftables' text for the way out and the droplets' firewalls, by droplet id."""
    into = [f'oifname "{wire(droplet)}" jump into_{droplet}' for droplet in firewalls]
    out_of = [f'iifname "{wire(droplet)}" jump out_of_{droplet}' for droplet in firewalls]
    asked_metadata = f"ct original ip daddr {METADATA} accept"  # no cloud firewall stands before it
    # Answered here, so a droplet never reaches the metadata service this machine itself may have.
    metadata = f"ip saddr {NETWORK} ip daddr {METADATA} tcp dport 80 dnat ip to {GATEWAY}:{METADATA_PORT}"
    chains = [
        _chain("way_in", "type nat hook prerouting priority dstnat;", metadata),
        _chain(
            "way_out",
            "type nat hook postrouting priority srcnat;",
            f"ip saddr {NETWORK} ip daddr != {NETWORK} masquerade",
        ),
        *(_chain(f"into_{droplet}", *_allow("saddr", firewall.inbound)) for droplet, firewall in firewalls.items()),
        *(_chain(f"out_of_{droplet}", *_allow("daddr", firewall.outbound)) for droplet, firewall in firewalls.items()),
        _chain("to_this_machine", "type filter hook input priority filter; policy accept;", asked_metadata, *out_of),
        _chain("from_this_machine", "type filter hook output priority filter; policy accept;", *into),
        _chain("between", "type filter hook forward priority filter; policy accept;", *out_of, *into),
    ]
    # Adding before deleting makes the deletion valid the first time as well.
    return "\n".join([f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{", *chains, "}", ""])


def _chain(name: str, *rules: str) -> str:
    return "\n".join([f"  chain {name} {{", *(f"    {rule}" for rule in rules), "  }"])


def _allow(side: str, rules: Iterable[FirewallRule]) -> Iterable[str]:
    """Yield the body of one droplet's chain: known connections and what a rule allows go back to the caller."""
    yield "ct state established,related return"
    for rule in rules:
        what = _traffic(rule)
        for family, version in (("ip", 4), ("ip6", 6)):
            ranges = [text for text in rule.addresses if ipaddress.ip_network(text, strict=False).version == version]
            if any(ipaddress.ip_network(text, strict=False).prefixlen == 0 for text in ranges):
                yield f"meta nfproto ipv{version} {what} return"
            elif ranges:
                yield f"{family} {side} {{ {', '.join(ranges)} }} {what} return"
    yield "drop"


def _traffic(rule: FirewallRule) -> str:
    if rule.protocol == "icmp":
        return "meta l4proto { icmp, ipv6-icmp }"
    return f"{rule.protocol} dport {rule.ports}"


def _addresses(space: str) -> set[str]:
    interfaces = json.loads(run("ip", "-n", space, "-j", "-4", "address", "show", "dev", "eth0") or "[]")
    return {info["local"] for interface in interfaces for info in interface.get("addr_info", [])}
