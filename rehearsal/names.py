"""The rehearsal's DNS: authoritative for the zones the cloud holds, and a forwarder for the rest of the world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dnslib
from dnslib.server import BaseResolver, DNSServer

from rehearsal.places import ACME, GATEWAY, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Records = "Iterable[Mapping[str, Any]]"
Zones = "Mapping[str, Records]"

STATIC = {SIGN_IN: GATEWAY, ACME: GATEWAY}
PORT = 53
_TTL = 1800  # DigitalOcean's own for SOA and for a record that names none
_MAX_HOPS = 8  # CNAMEs followed within the zones


def answer(question: dnslib.DNSRecord, zones: Mapping[str, Iterable[Mapping[str, Any]]]) -> dnslib.DNSRecord | None:
    """Return the reply of an authoritative server for ``zones``, or None for a name outside them.

    ``zones`` maps a domain to its records as the API shows them: ``type``, ``name`` (relative, ``@`` for the domain
    itself), ``data`` and ``ttl`` in seconds, for CAA also ``flags`` and ``tag``, for MX ``priority``.
    """
    name = str(question.q.qname).rstrip(".").casefold()
    wanted = dnslib.QTYPE[question.q.qtype]
    reply = question.reply()
    if name in STATIC:
        if wanted in ("A", "ANY"):
            reply.add_answer(dnslib.RR(name, dnslib.QTYPE.A, rdata=dnslib.A(STATIC[name]), ttl=_TTL))
        return reply
    zone = _zone_of(name, zones)
    if not zone:
        return None
    reply.header.aa = 1
    for _ in range(_MAX_HOPS):
        here = [record for record in zones[zone] if _absolute(record["name"], zone) == name]
        for record in here:
            if record["type"] in (wanted, "CNAME") or wanted == "ANY":
                reply.add_answer(_resource(record, name, zone))
        alias = next((record for record in here if record["type"] == "CNAME"), None)
        if alias is None or wanted == "CNAME":
            break
        name = _absolute(alias["data"], zone)
        zone = _zone_of(name, zones)
        if not zone:
            break
    if not reply.rr and zone:
        if name != zone and not any(_is_at_or_below(_absolute(each["name"], zone), name) for each in zones[zone]):
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        reply.add_auth(_start_of_authority(zone))
    return reply


class Resolver(BaseResolver):  # type: ignore[misc]  # dnslib publishes no types
    """Answers from the cloud's zones as they are at that moment, and asks this machine's resolver otherwise."""

    def __init__(self, zones: Callable[[], Mapping[str, Iterable[Mapping[str, Any]]]], upstream: str) -> None:
        self._zones = zones
        self._upstream = upstream

    def resolve(self, request: dnslib.DNSRecord, handler: Any) -> dnslib.DNSRecord:
        """Return the reply to ``request``; a silent resolver upstream is a server failure here."""
        reply = answer(request, self._zones())
        if reply is None:
            try:
                raw = request.send(self._upstream, PORT, tcp=handler.protocol == "tcp", timeout=5)
                reply = dnslib.DNSRecord.parse(raw)
            except (OSError, dnslib.DNSError):
                reply = request.reply()
                reply.header.rcode = dnslib.RCODE.SERVFAIL
        return reply


def serve(zones: Callable[[], Mapping[str, Iterable[Mapping[str, Any]]]], resolv_conf: Path) -> list[DNSServer]:
    """Start answering on the gateway's address, by UDP and TCP, in threads of their own."""
    resolver = Resolver(zones, upstream(resolv_conf.read_text()))
    servers = [DNSServer(resolver, address=GATEWAY, port=PORT, tcp=tcp, logger=_Silent()) for tcp in (False, True)]
    for server in servers:
        server.start_thread()
    return servers


def upstream(resolv_conf: str) -> str:
    """Return the first name server of a resolv.conf's text."""
    words = (line.split() for line in resolv_conf.splitlines())
    return next((found[1] for found in words if len(found) > 1 and found[0] == "nameserver"), "127.0.0.53")


class _Silent:
    """dnslib's logger, saying nothing: one line per packet helps nobody."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_: None


def _zone_of(name: str, zones: Iterable[str]) -> str:
    """Return the longest zone that ``name`` is in, or an empty string."""
    return max((zone for zone in zones if _is_at_or_below(name, zone)), key=len, default="")


def _is_at_or_below(name: str, parent: str) -> bool:
    return name == parent or name.endswith("." + parent)


def _absolute(name: str, zone: str) -> str:
    if name == "@":
        return zone
    name = name.rstrip(".").casefold()
    return name if _is_at_or_below(name, zone) else f"{name}.{zone}"


def _resource(record: Mapping[str, Any], name: str, zone: str) -> dnslib.RR:
    data, kind = record["data"], record["type"]
    rdata = {
        "A": lambda: dnslib.A(data),
        "AAAA": lambda: dnslib.AAAA(data),
        "CNAME": lambda: dnslib.CNAME(_target(data, zone)),
        "NS": lambda: dnslib.NS(_target(data, zone)),
        "MX": lambda: dnslib.MX(_target(data, zone), record["priority"]),
        "TXT": lambda: dnslib.TXT([data[start : start + 255] for start in range(0, len(data), 255)]),
        "CAA": lambda: dnslib.CAA(record["flags"] or 0, record["tag"], data.rstrip(".")),
    }[kind]()
    return dnslib.RR(name, getattr(dnslib.QTYPE, kind), rdata=rdata, ttl=record["ttl"] or _TTL)


def _target(data: str, zone: str) -> str:
    """Return the absolute name a record points at; the API shows absolute names without their dot, ``@`` for the zone."""
    return zone if data == "@" else data.rstrip(".")


def _start_of_authority(zone: str) -> dnslib.RR:
    times = (1, 10800, 3600, 604800, _TTL)  # serial, refresh, retry, expire, minimum
    rdata = dnslib.SOA("ns1.digitalocean.com", f"hostmaster.{zone}", times)
    return dnslib.RR(zone, dnslib.QTYPE.SOA, rdata=rdata, ttl=_TTL)
