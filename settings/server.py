"""The machine, where it stands, and its name on the internet."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveInt, ValidationInfo, field_validator

import patterns
from settings.group import Group

Domain = Annotated[str, AfterValidator(patterns.domain)]
HostName = Annotated[str, AfterValidator(patterns.host_name)]
HttpsUrl = Annotated[str, AfterValidator(patterns.https_url)]
Text = Annotated[str, Field(min_length=1)]


class Server(Group):
    """The droplet, its volume, and its address."""

    domain: Domain = Field(examples=["hub.engineering.college.edu"])
    droplet_name: HostName = Field(examples=["jupyter-hub"])
    region: Text = Field(examples=["nyc3"])
    size: Text = Field(examples=["s-4vcpu-8gb"])
    image: Literal["debian-13-x64", "debian-12-x64", "ubuntu-24-04-x64"] = Field(examples=["debian-13-x64"])
    volume_size: Annotated[int, Field(ge=1, le=16384)]
    dns: Literal["manual", "create", "existing"] = Field(examples=["manual, create or existing"])
    dns_zone: str = Field(examples=["engineering.college.edu"])
    dns_ttl: PositiveInt
    acme_directory: HttpsUrl = Field(examples=["https://acme-v02.api.letsencrypt.org/directory"])

    @field_validator("dns_zone")
    @classmethod
    def _zone_holds_domain(cls, zone: str, others: ValidationInfo) -> str:
        domain = others.data.get("domain", zone)  # a bad domain has been told of already
        if zone and not f".{domain}".endswith(f".{zone}"):
            raise ValueError(f"does not hold the domain {domain!r}; for example {patterns.parent(domain)}")
        return zone

    @property
    def zone(self) -> str:
        """The DNS zone that holds the domain's record; a domain of two labels is a zone itself."""
        parent = patterns.parent(self.domain)
        return self.dns_zone or (parent if "." in parent else self.domain)

    @property
    def volume_name(self) -> str:
        """The volume that holds everyone's work."""
        return f"{self.droplet_name}-work"
