"""The rehearsal's DNS: authoritative for the zones the cloud holds, and a forwarder for the rest of the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dnslib
from dnslib.server import BaseResolver, DNSServer

from rehearsal.places import ACME, GATEWAY, GIT, PLAYED, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rehearsal.cloud import Record, Zone

STATIC = dict.fromkeys((SIGN_IN, ACME, GIT, *PLAYED), GATEWAY)
PORT = 53
TTL = 1800  # DigitalOcean's own for SOA and for a record that names none
_MAX_HOPS = 8  # CNAMEs followed within the zones


def answer(question: dnslib.DNSRecord, zones: Sequence[Zone]) -> dnslib.DNSRecord | None:
    """Return the reply of an authoritative server for ``zones``, or None for a name outside them."""
    name = str(question.q.qname).rstrip(".").casefold()
    wanted = dnslib.QTYPE[question.q.qtype]
    reply = question.reply()
    if name in STATIC:
        if wanted in ("A", "ANY"):
            reply.add_answer(dnslib.RR(name, dnslib.QTYPE.A, rdata=dnslib.A(STATIC[name]), ttl=TTL))
        return reply
    zone = _zone_of(name, zones)
    if zone is None:
        return None
    reply.header.aa = 1
    for _ in range(_MAX_HOPS):
        here = [record for record in zone.records if record.name.casefold() == name]
        fitting = [record for record in here if record.type in (wanted, "CNAME") or wanted == "ANY"]
        reply.add_answer(*map(_resource, fitting))
        aliases = [record.data.casefold() for record in fitting if record.type == "CNAME" and wanted != "CNAME"]
        zone = _zone_of(aliases[0], zones) if aliases else None
        if zone is None:
            break
        name = aliases[0]
    if not reply.rr:
        _deny(reply, name, zones)
    return reply


def _deny(reply: dnslib.DNSRecord, name: str, zones: Sequence[Zone]) -> None:
    """Say that there is no such record, or no such name, with the zone's SOA, which says for how long to believe it."""
    zone = _zone_of(name, zones)
    if zone is None:
        return
    if name != zone.name and not any(_is_at_or_below(record.name.casefold(), name) for record in zone.records):
        reply.header.rcode = dnslib.RCODE.NXDOMAIN
    reply.add_auth(_start_of_authority(zone))


class Resolver(BaseResolver):  # type: ignore[misc]  # dnslib publishes no types
    """Answers from the cloud's zones as they are at that moment, and asks this machine's resolver otherwise."""

    def __init__(self, zones: Callable[[], Sequence[Zone]], upstream: str) -> None:
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


def serve(zones: Callable[[], Sequence[Zone]], resolv_conf: Path) -> list[DNSServer]:
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


def _zone_of(name: str, zones: Sequence[Zone]) -> Zone | None:
    """Return the most particular zone that ``name`` is in."""
    holding = [zone for zone in zones if _is_at_or_below(name, zone.name)]
    return max(holding, key=lambda zone: len(zone.name), default=None)


def _is_at_or_below(name: str, parent: str) -> bool:
    return name == parent or name.endswith("." + parent)


def _resource(record: Record) -> dnslib.RR:
    makers: dict[str, Callable[[], Any]] = {
        "A": lambda: dnslib.A(record.data),
        "AAAA": lambda: dnslib.AAAA(record.data),
        "CAA": lambda: dnslib.CAA(record.flags, record.tag, record.data),
        "CNAME": lambda: dnslib.CNAME(record.data),
        "MX": lambda: dnslib.MX(record.data, record.priority),
        "NS": lambda: dnslib.NS(record.data),
        "SRV": lambda: dnslib.SRV(record.priority, record.weight, record.port, record.data),
        "TXT": lambda: dnslib.TXT([record.data[start : start + 255] for start in range(0, len(record.data), 255)]),
    }
    return dnslib.RR(record.name, getattr(dnslib.QTYPE, record.type), rdata=makers[record.type](), ttl=record.ttl)


def _start_of_authority(zone: Zone) -> dnslib.RR:
    times = (1, 10800, 3600, 604800, TTL)  # serial, refresh, retry, expire, minimum
    rdata = dnslib.SOA("ns1.digitalocean.com", f"hostmaster.{zone.name}", times)
    return dnslib.RR(zone.name, dnslib.QTYPE.SOA, rdata=rdata, ttl=TTL)
