"""Functions: what the program asks the API while it is being read."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.plugins.digitalocean.api import Api, Json
from rehearsal.plugins.digitalocean.project import describe
from rehearsal.plugins.provider import PluginError, Properties


def get_account(api: Api, arguments: Properties) -> Properties:  # noqa: ARG001 - it has none
    """Whose token this is, and how many droplets they may have."""
    account = api.get("/v2/account")["account"]
    return {
        "id": account["uuid"],
        "uuid": account["uuid"],
        "email": account["email"],
        "emailVerified": account["email_verified"],
        "dropletLimit": account["droplet_limit"],
        "floatingIpLimit": account.get("floating_ip_limit", 0),
        "status": account["status"],
        "statusMessage": account.get("status_message", ""),
    }


def get_sizes(api: Api, arguments: Properties) -> Properties:
    """Give the machines there are to rent."""
    return _listing("sizes", [_camel(size, _SIZE) for size in api.pages("/v2/sizes", "sizes")], arguments)


def get_regions(api: Api, arguments: Properties) -> Properties:
    """Give the places there are."""
    return _listing("regions", [_camel(region, _REGION) for region in api.pages("/v2/regions", "regions")], arguments)


def get_ssh_keys(api: Api, arguments: Properties) -> Properties:
    """Give the account's SSH keys."""
    return _listing("sshKeys", [_camel(key, _KEY) for key in api.pages("/v2/account/keys", "ssh_keys")], arguments)


def get_image(api: Api, arguments: Properties) -> Properties:
    """Give the image with a slug, or with an id."""
    wanted = arguments.get("id") or arguments.get("slug")
    if not wanted:
        raise PluginError("the stand-in for getImage finds images by slug or id, e.g. slug='debian-13-x64'")
    image = api.find(f"/v2/images/{wanted}", "image")
    if image is None:
        raise PluginError(f"image not found: {wanted}")
    return _camel(image, _IMAGE) | {"image": str(image["id"]), "private": not image["public"], "source": "all"}


def get_domain(api: Api, arguments: Properties) -> Properties:
    """Give a zone."""
    name = arguments["name"]
    zone = api.find(f"/v2/domains/{name}", "domain")
    if zone is None:
        raise PluginError(f"domain not found: {name}")
    urn = f"do:domain:{zone['name']}"
    return {"id": name, "name": name, "domainUrn": urn, "ttl": zone["ttl"], "zoneFile": zone.get("zone_file") or ""}


def get_project(api: Api, arguments: Properties) -> Properties:
    """Give the project with an id, or with a name, or the default one."""
    if arguments.get("id"):
        project = api.get(f"/v2/projects/{arguments['id']}")["project"]
    elif arguments.get("name"):
        found = [one for one in api.pages("/v2/projects", "projects") if one["name"] == arguments["name"]]
        if len(found) != 1:
            raise PluginError(f"{len(found)} projects found with name '{arguments['name']}', expected 1")
        project = found[0]
    else:
        project = api.get("/v2/projects/default")["project"]
    return {"id": project["id"]} | describe(api, project)


FUNCTIONS: Mapping[str, Callable[[Api, Properties], Properties]] = {
    "digitalocean:index/getAccount:getAccount": get_account,
    "digitalocean:index/getSizes:getSizes": get_sizes,
    "digitalocean:index/getRegions:getRegions": get_regions,
    "digitalocean:index/getSshKeys:getSshKeys": get_ssh_keys,
    "digitalocean:index/getImage:getImage": get_image,
    "digitalocean:index/getDomain:getDomain": get_domain,
    "digitalocean:index/getProject:getProject": get_project,
}

_SIZE = ("slug", "available", "transfer", "price_monthly", "price_hourly", "memory", "vcpus", "disk", "regions")
_REGION = ("slug", "name", "sizes", "features", "available")
_KEY = ("id", "name", "fingerprint", "public_key")
_IMAGE = (
    *("id", "name", "type", "distribution", "slug", "min_disk_size", "size_gigabytes", "created", "regions", "tags"),
    *("status", "error_message", "description"),
)


def _camel(item: Json, names: tuple[str, ...]) -> Properties:
    return {re.sub("_(.)", lambda found: found[1].upper(), name): item[name] for name in names if name in item}


def _listing(name: str, items: list[Properties], arguments: Properties) -> Properties:
    """Give a list answer: what passes every filter, sorted as asked for."""
    filters, sorts = arguments.get("filters") or [], arguments.get("sorts") or []
    for one in filters:
        items = [item for item in items if _passes(item, one)]
    for sort in reversed(sorts):
        items.sort(key=lambda item: item[_key(sort["key"])], reverse=sort.get("direction") == "desc")
    return {"id": str(time.time_ns()), name: items, "filters": filters, "sorts": sorts}


def _key(name: str) -> str:
    return re.sub("_(.)", lambda found: found[1].upper(), name)


def _passes(item: Properties, one: Properties) -> bool:
    """Tell whether an item passes a filter: any of its values (with ``all``: all), matched as ``matchBy`` says."""
    found = item[_key(one["key"])]
    actual = [_text(value) for value in (found if isinstance(found, list) else [found])]
    matches: Callable[[str, str], bool] = {
        "exact": lambda value, wanted: value == wanted,
        "substring": lambda value, wanted: wanted in value,
        "re": lambda value, wanted: re.search(wanted, value) is not None,
    }[one.get("matchBy") or "exact"]
    answers = [any(matches(value, wanted) for value in actual) for wanted in one["values"]]
    return all(answers) if one.get("all") else any(answers)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
