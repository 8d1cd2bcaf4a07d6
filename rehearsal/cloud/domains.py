"""Domains and their records; :func:`zones` is what a name server serves from them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.cloud.errors import invalid, not_found
from rehearsal.cloud.service import body_of, page_of, service_of

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json, State

TTL = 1800  # seconds, of a record that does not say
_LEAST_TTL = 30
_NAME_SERVERS = ("ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com")
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_HOST = re.compile(r"@|(\*\.?)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.(?!$)|$))*", re.IGNORECASE)
_TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
_POINTS_AT_NAME = ("CAA", "CNAME", "MX", "NS", "SRV")
_FIELDS = ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
_CAA_TAGS = ("issue", "issuewild", "iodef")


@dataclass(frozen=True)
class Record:
    """A record as DNS has it: ``name`` and, where it is one, ``data`` in full, without the dot at the end."""

    name: str
    type: str
    data: str
    ttl: int
    priority: int
    port: int
    weight: int
    flags: int
    tag: str


@dataclass(frozen=True)
class Zone:
    """A domain the account holds, with all of its records."""

    name: str
    records: tuple[Record, ...]


def zones(state: State) -> list[Zone]:
    """Return the account's domains as they are now; safe to call from another thread."""
    return [
        Zone(domain["name"], tuple(_full(domain["name"], record) for record in tuple(domain["records"].values())))
        for domain in tuple(state.domains.values())
    ]


def _full(domain: str, record: Json) -> Record:
    name = domain if record["name"] == "@" else f"{record['name']}.{domain}"
    data = domain if record["data"] == "@" else record["data"]
    numbers = {field: record[field] or 0 for field in ("priority", "port", "weight", "flags")}
    return Record(name=name, type=record["type"], data=data, ttl=record["ttl"], tag=record["tag"] or "", **numbers)


def _render(domain: Json) -> Json:
    lines = [f"$ORIGIN {domain['name']}.", f"$TTL {domain['ttl']}"]
    for record in domain["records"].values():
        owner = f"{domain['name']}." if record["name"] == "@" else f"{record['name']}.{domain['name']}."
        extras = [
            str(record[field]) for field in ("flags", "tag", "priority", "weight", "port") if record[field] is not None
        ]
        dot = "." if record["type"] in _POINTS_AT_NAME and record["type"] != "CAA" else ""
        lines.append(" ".join([owner, str(record["ttl"]), "IN", record["type"], *extras, record["data"] + dot]))
    return {"name": domain["name"], "ttl": domain["ttl"], "zone_file": "\n".join(lines) + "\n"}


def _accepted(body: Json) -> Json:
    """Return a record's fields, checked. Zeros stand for "not said", since clients send them always."""
    record = {field: body.get(field) for field in _FIELDS}
    kind, data = record["type"], str(record["data"] or "")
    name = str(record["name"] or "@").lower()
    record |= {"name": name, "ttl": record["ttl"] or TTL}
    if kind not in _TYPES:
        raise invalid("Type is not included in the list")
    if not _HOST.fullmatch(name):
        raise invalid("Name Only valid hostname characters are allowed. (a-z, A-Z, 0-9, ., _ and -)")
    if not isinstance(record["ttl"], int) or record["ttl"] < _LEAST_TTL:
        raise invalid(f"Ttl must be greater than or equal to {_LEAST_TTL}")
    if not data:
        raise invalid("Data can't be blank")
    _check_data(kind, data)
    if kind in _POINTS_AT_NAME:
        record["data"] = data.removesuffix(".") if data != "." else data
    _keep_extras(kind, record)
    if kind == "CNAME" and record["name"] == "@":
        raise invalid("CNAME records cannot be created for the root of a domain")
    return record


def _check_data(kind: str, data: str) -> None:
    if kind in ("A", "AAAA"):
        version = ipaddress.IPv4Address if kind == "A" else ipaddress.IPv6Address
        try:
            version(data)
        except ValueError:
            raise invalid(f"IP address did not match IPv{4 if kind == 'A' else 6} format") from None
    if kind in _POINTS_AT_NAME and not data.endswith(".") and data != "@":
        raise invalid("Data needs to end with a dot (.)")


def _keep_extras(kind: str, record: Json) -> None:
    """Keep of the extra fields those the type has; the others are null in every answer."""
    has = {"MX": ("priority",), "SRV": ("priority", "port", "weight"), "CAA": ("flags", "tag")}.get(kind, ())
    for field in ("priority", "port", "weight", "flags", "tag"):
        record[field] = (record[field] or ("" if field == "tag" else 0)) if field in has else None
    if kind == "CAA" and record["tag"] not in _CAA_TAGS:
        raise invalid(f"Tag must be one of {', '.join(_CAA_TAGS)}")


def _check_neighbours(domain: Json, record: Json) -> None:
    """Hold RFC 1034, 3.6.2: an alias stands alone."""
    for other in domain["records"].values():
        if other["name"] == record["name"] and other.get("id") != record.get("id"):
            if "CNAME" in (other["type"], record["type"]):
                raise invalid("CNAME records cannot share a name with other records")
            if all(other[field] == record[field] for field in _FIELDS if field != "ttl"):
                raise invalid("Record already exists")


def _add(state: State, domain: Json, record: Json) -> Json:
    record = {"id": state.next_id(), **record}
    domain["records"][str(record["id"])] = record
    return record


def _found(request: web.Request) -> Json:
    domain = service_of(request).state.domains.get(request.match_info["domain"].lower())
    if not domain:
        raise not_found()
    return domain


def _found_record(request: web.Request) -> tuple[Json, Json]:
    domain = _found(request)
    record = domain["records"].get(request.match_info["record"])
    if not record:
        raise not_found()
    return domain, record


async def _list(request: web.Request) -> web.Response:
    return page_of(request, "domains", [_render(domain) for domain in service_of(request).state.domains.values()])


async def _create(request: web.Request) -> web.Response:
    state, body = service_of(request).state, await body_of(request)
    name = str(body.get("name") or "").lower()
    if not _DOMAIN.fullmatch(name):
        raise invalid("Name is not a valid domain name, e.g. example.com")
    if name in state.domains:
        raise invalid("name already exists")
    domain: Json = {"name": name, "ttl": TTL, "records": {}}
    blank = dict.fromkeys(_FIELDS)
    first = [
        blank | {"type": "SOA", "name": "@", "data": str(TTL), "ttl": TTL},
        *(blank | {"type": "NS", "name": "@", "data": server, "ttl": TTL} for server in _NAME_SERVERS),
    ]
    if body.get("ip_address"):
        first.append(_accepted({"type": "A", "name": "@", "data": body["ip_address"]}))
    for record in first:
        _add(state, domain, record)
    state.domains[name] = domain
    # DigitalOcean answers before the zone is made.
    return web.json_response({"domain": {"name": name, "ttl": TTL, "zone_file": None}}, status=201)


async def _read(request: web.Request) -> web.Response:
    return web.json_response({"domain": _render(_found(request))})


async def _delete(request: web.Request) -> web.Response:
    state, name = service_of(request).state, _found(request)["name"]
    del state.domains[name]
    state.placements.pop(f"do:domain:{name}", None)
    return web.Response(status=204)


async def _list_records(request: web.Request) -> web.Response:
    domain, asked = _found(request), request.query
    chosen = [
        record
        for record in domain["records"].values()
        if asked.get("type", record["type"]) == record["type"]
        and ("name" not in asked or asked["name"] in (record["name"], _full(domain["name"], record).name))
    ]
    return page_of(request, "domain_records", chosen)


async def _create_record(request: web.Request) -> web.Response:
    body = await body_of(request)
    domain, record = _found(request), _accepted(body)
    _check_neighbours(domain, record)
    return web.json_response({"domain_record": _add(service_of(request).state, domain, record)}, status=201)


async def _read_record(request: web.Request) -> web.Response:
    return web.json_response({"domain_record": _found_record(request)[1]})


async def _update_record(request: web.Request) -> web.Response:
    body = await body_of(request)
    domain, record = _found_record(request)
    said = {field: value for field, value in body.items() if value not in (None, "")}
    if record["type"] in _POINTS_AT_NAME and "data" not in said:
        said["data"] = f"{record['data']}."  # as it came, not as it is shown
    changed = {"id": record["id"], **_accepted(record | said)}
    _check_neighbours(domain, changed)
    record.update(changed)
    return web.json_response({"domain_record": record})


async def _delete_record(request: web.Request) -> web.Response:
    domain, record = _found_record(request)
    del domain["records"][str(record["id"])]
    return web.Response(status=204)


_RECORD = r"/v2/domains/{domain}/records/{record:\d+}"
ROUTES = (
    web.get("/v2/domains", _list),
    web.post("/v2/domains", _create),
    web.get("/v2/domains/{domain}", _read),
    web.delete("/v2/domains/{domain}", _delete),
    web.get("/v2/domains/{domain}/records", _list_records),
    web.post("/v2/domains/{domain}/records", _create_record),
    web.get(_RECORD, _read_record),
    web.put(_RECORD, _update_record),
    web.patch(_RECORD, _update_record),
    web.delete(_RECORD, _delete_record),
)
