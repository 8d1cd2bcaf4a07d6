"""What DigitalOcean offers: sizes, regions and images, and who the account is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from aiohttp import web

from rehearsal.cloud.errors import not_found
from rehearsal.cloud.service import page_of

if TYPE_CHECKING:
    from rehearsal.cloud.state import Json

DROPLET_LIMIT = 10


class _Size(NamedTuple):
    """A row of the price list: memory in MiB, disk in GiB, transfer in TiB, price in US dollars a month."""

    slug: str
    memory: int
    vcpus: int
    disk: int
    transfer: float
    monthly: float
    description: str


# List prices and shapes of digitalocean.com/pricing/droplets as known in 2025, to be taken as approximate: the real
# API's answer is what a bill is made of. An hour costs 1/672 of the month, the billing cap of 28 days.
_SIZES = (
    _Size("s-1vcpu-1gb", 1024, 1, 25, 1.0, 6, "Basic"),
    _Size("s-1vcpu-2gb", 2048, 1, 50, 2.0, 12, "Basic"),
    _Size("s-2vcpu-2gb", 2048, 2, 60, 3.0, 18, "Basic"),
    _Size("s-2vcpu-4gb", 4096, 2, 80, 4.0, 24, "Basic"),
    _Size("c-2", 4096, 2, 25, 4.0, 42, "CPU-Optimized"),
    _Size("s-4vcpu-8gb", 8192, 4, 160, 5.0, 48, "Basic"),
    _Size("g-2vcpu-8gb", 8192, 2, 25, 4.0, 63, "General Purpose"),
    _Size("c-4", 8192, 4, 50, 5.0, 84, "CPU-Optimized"),
    _Size("s-8vcpu-16gb", 16384, 8, 320, 6.0, 96, "Basic"),
    _Size("g-4vcpu-16gb", 16384, 4, 50, 5.0, 126, "General Purpose"),
    _Size("c-8", 16384, 8, 100, 6.0, 168, "CPU-Optimized"),
    _Size("g-8vcpu-32gb", 32768, 8, 100, 6.0, 252, "General Purpose"),
    _Size("c-16", 32768, 16, 200, 7.0, 336, "CPU-Optimized"),
    _Size("g-16vcpu-64gb", 65536, 16, 200, 7.0, 504, "General Purpose"),
)

_REGIONS = {
    "nyc1": "New York 1",
    "nyc3": "New York 3",
    "sfo2": "San Francisco 2",
    "sfo3": "San Francisco 3",
    "ams3": "Amsterdam 3",
    "sgp1": "Singapore 1",
    "lon1": "London 1",
    "fra1": "Frankfurt 1",
    "tor1": "Toronto 1",
    "blr1": "Bangalore 1",
    "syd1": "Sydney 1",
}

# Numbers are this cloud's own: DigitalOcean's change with every rebuild of an image.
_IMAGES = {
    "debian-12-x64": (512001, "12 x64", "Debian"),
    "debian-13-x64": (513001, "13 x64", "Debian"),
    "ubuntu-24-04-x64": (524041, "24.04 (LTS) x64", "Ubuntu"),
}

SIZES: dict[str, Json] = {
    size.slug: {
        "slug": size.slug,
        "memory": size.memory,
        "vcpus": size.vcpus,
        "disk": size.disk,
        "transfer": size.transfer,
        "price_monthly": float(size.monthly),
        "price_hourly": round(size.monthly / 672, 5),
        "regions": list(_REGIONS),
        "available": True,
        "description": size.description,
    }
    for size in _SIZES
}

REGIONS: dict[str, Json] = {
    slug: {
        "slug": slug,
        "name": name,
        "sizes": list(SIZES),
        "features": ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
        "available": True,
    }
    for slug, name in _REGIONS.items()
}

IMAGES: dict[str, Json] = {
    slug: {
        "id": number,
        "name": name,
        "distribution": distribution,
        "slug": slug,
        "public": True,
        "regions": list(_REGIONS),
        "created_at": "2025-08-20T00:00:00Z",
        "min_disk_size": 7,
        "type": "base",
        "size_gigabytes": 0.5,
        "description": f"{distribution} {name}",
        "tags": [],
        "status": "available",
        "error_message": "",
    }
    for slug, (number, name, distribution) in _IMAGES.items()
}


def image(wanted: Any) -> Json | None:
    """Return the image of that slug or number, or None."""
    return next((i for i in IMAGES.values() if str(wanted) in (i["slug"], str(i["id"]))), None)


def vpc_uuid(region: str) -> str:
    """Return the identifier of a region's default private network, the same at every start."""
    return str(uuid5(NAMESPACE_DNS, f"{region}.vpc.rehearsal.example"))


async def _account(_: web.Request) -> web.Response:
    identity = str(uuid5(NAMESPACE_DNS, "account.rehearsal.example"))
    account = {
        "droplet_limit": DROPLET_LIMIT,
        "floating_ip_limit": 3,
        "reserved_ip_limit": 3,
        "volume_limit": 100,
        "email": "teacher@college.example",
        "name": "Rehearsal",
        "uuid": identity,
        "email_verified": True,
        "status": "active",
        "status_message": "",
        "team": {"uuid": identity, "name": "Rehearsal"},
    }
    return web.json_response({"account": account})


async def _sizes(request: web.Request) -> web.Response:
    return page_of(request, "sizes", list(SIZES.values()))


async def _regions(request: web.Request) -> web.Response:
    return page_of(request, "regions", list(REGIONS.values()))


async def _images(request: web.Request) -> web.Response:
    return page_of(request, "images", list(IMAGES.values()))


async def _image(request: web.Request) -> web.Response:
    found = image(request.match_info["image"])
    if not found:
        raise not_found()
    return web.json_response({"image": found})


ROUTES = (
    web.get("/v2/account", _account),
    web.get("/v2/sizes", _sizes),
    web.get("/v2/regions", _regions),
    web.get("/v2/images", _images),
    web.get("/v2/images/{image}", _image),
)
