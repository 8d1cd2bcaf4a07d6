"""Where students find the server: a reserved address, and the DNS records that lead to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_digitalocean as do

if TYPE_CHECKING:
    from settings import Settings

CERTIFICATE_AUTHORITY = "letsencrypt.org."  # with the dot: the API answers with it, and a diff would never end


@dataclass(frozen=True, kw_only=True)
class AddressArgs:
    """The settings, and the droplet the address leads to."""

    settings: Settings
    droplet: do.Droplet


class Address(pulumi.ComponentResource):
    """An address that stays when the droplet is replaced, and its name."""

    ip: pulumi.Output[str]
    domain_urn: pulumi.Output[str] | None
    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: AddressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("course:address:Address", name, {}, opts)
        settings = args.settings
        child = pulumi.ResourceOptions(parent=self)
        reserved = do.ReservedIp(
            "reserved-ip",
            region=settings.region,
            # The domain points to it; another region would mean another address.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["region"]),
        )
        assignment = do.ReservedIpAssignment(
            "reserved-ip-assignment",
            ip_address=reserved.ip_address,
            droplet_id=args.droplet.id.apply(int),
            opts=pulumi.ResourceOptions(parent=self, deleted_with=args.droplet),
        )
        self.ip = reserved.ip_address
        self.domain_urn = None
        self.ready = [assignment]
        if settings.dns != "manual":
            self._declare_records(settings, child)
        self.register_outputs({"ip": self.ip})

    def _declare_records(self, settings: Settings, child: pulumi.ResourceOptions) -> None:
        zone: pulumi.Input[str] = settings.zone
        if settings.dns == "create":
            domain = do.Domain("zone", name=settings.zone, opts=child)
            zone, self.domain_urn = domain.name, domain.domain_urn
        label = settings.domain.removesuffix(settings.zone).rstrip(".") or "@"
        # An explicit lifetime: without one the API warns at every creation.
        record = do.DnsRecord(
            "a-record", domain=zone, type="A", name=label, value=self.ip, ttl=settings.dns_ttl, opts=child
        )
        caa = do.DnsRecord(
            "caa-record",
            domain=zone,
            type="CAA",
            name=label,
            value=CERTIFICATE_AUTHORITY,
            tag="issue",
            flags=0,
            ttl=settings.dns_ttl,
            opts=child,
        )
        self.ready += [record, caa]


def records_to_make(settings: Settings, ip: str) -> list[str]:
    """The records a teacher has to ask for, in a zone file's words; none where the program makes them."""
    if settings.dns != "manual":
        return []
    return [
        f"{settings.domain}. {settings.dns_ttl} IN A {ip}",
        f'{settings.domain}. {settings.dns_ttl} IN CAA 0 issue "{CERTIFICATE_AUTHORITY.rstrip(".")}"',
    ]
