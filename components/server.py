"""The droplet and what stands around it: key, tag, firewall, volume, project."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_digitalocean as do

import keys
from components.host import Host, HostArgs
from rendering import CloudConfig
from settings import SettingsProblem

if TYPE_CHECKING:
    from settings import Cloud, Settings

EVERYWHERE = ["0.0.0.0/0", "::/0"]


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a droplet of the size has: vCPUs, and memory in MiB."""

    vcpus: int
    memory_mib: int


def provider(cloud: Cloud) -> do.Provider:
    """The account everything belongs to; explicit, so that no other token on this machine is ever used."""
    return do.Provider("digitalocean", token=cloud.token, api_endpoint=cloud.api_endpoint)


def look_up_size(settings: Settings, account: do.Provider) -> Size:
    """Ask DigitalOcean for the size, in preview already; raise ``SettingsProblem`` when it is not to be had."""
    try:
        sizes = do.get_sizes(opts=pulumi.InvokeOptions(provider=account)).sizes
    except Exception as error:  # noqa: BLE001 - the engine passes a plugin's refusal on as a bare Exception
        raise SettingsProblem(_refusal(str(error))) from None
    by_slug = {size.slug: size for size in sizes}
    regions = sorted({region for size in sizes for region in size.regions})
    size = by_slug.get(settings.size)
    if settings.region not in regions:
        raise SettingsProblem(f"region: {settings.region!r} is not one of DigitalOcean's: {', '.join(regions)}")
    if size is None:
        near = ", ".join(difflib.get_close_matches(settings.size, by_slug, n=3)) or "s-4vcpu-8gb"
        raise SettingsProblem(f"size: {settings.size!r} is not one of DigitalOcean's; for example {near}")
    if not size.available or settings.region not in size.regions:
        raise SettingsProblem(
            f"size: {settings.size!r} is not to be had in {settings.region}; it is in {', '.join(size.regions)}"
        )
    return Size(vcpus=size.vcpus, memory_mib=size.memory)


def _refusal(error: str) -> str:
    if "401" in error:
        return (
            "digitalocean:token: DigitalOcean refused it (401); make one with write access at "
            "https://cloud.digitalocean.com/account/api/tokens, then: pulumi config set --secret digitalocean:token"
        )
    return (
        f"DigitalOcean's API does not answer; nothing was changed, try again later ({error.strip().splitlines()[-1]})"
    )


def _look_up_key(settings: Settings, account: do.Provider) -> str | None:
    """The fingerprint of the instructor's key where the account has it already, under a name that is not ours.

    DigitalOcean takes a key once, and one it was given by hand stays what it is.
    """
    ours = settings.ssh_key.public.split()[:2]
    held = do.get_ssh_keys(opts=pulumi.InvokeOptions(provider=account)).ssh_keys
    known = (key for key in held if key.name != settings.droplet_name and key.public_key.split()[:2] == ours)
    return next((key.fingerprint for key in known), None)


@dataclass(frozen=True, kw_only=True)
class ServerArgs:
    """The settings, and the account everything is made in."""

    settings: Settings
    account: do.Provider


class Server(pulumi.ComponentResource):
    """One droplet, guarded before it exists, with a volume that outlives it."""

    droplet: do.Droplet
    volume: do.Volume
    firewall: do.Firewall
    host: Host

    def __init__(self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("course:server:Server", name, {}, opts)
        settings = args.settings
        key = settings.ssh_key
        child = pulumi.ResourceOptions(parent=self)

        # The firewall covers the droplet by it: another name would leave a moment in which it does not.
        tag = do.Tag(
            "tag",
            name=settings.droplet_name,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["name"]),
        )
        # By tag and before the droplet: there is no moment in which the droplet stands open.
        self.firewall = do.Firewall(
            "firewall",
            name=settings.droplet_name,
            tags=[tag.name],
            inbound_rules=[
                _inbound("tcp", "22", [str(network) for network in settings.admin_addresses]),
                _inbound("tcp", "80", EVERYWHERE),
                _inbound("tcp", "443", EVERYWHERE),
                _inbound("icmp", None, EVERYWHERE),
            ],
            outbound_rules=[_outbound("tcp", "1-65535"), _outbound("udp", "1-65535"), _outbound("icmp", None)],
            opts=child,
        )
        fingerprint: pulumi.Input[str] | None = _look_up_key(settings, args.account)
        if fingerprint is None:
            ssh_key = do.SshKey("ssh-key", name=settings.droplet_name, public_key=key.public, opts=child)
            fingerprint = ssh_key.fingerprint
        self.volume = do.Volume(
            "volume",
            name=settings.volume_name,
            region=settings.region,
            size=settings.volume_size,
            description="Everyone's work on the course server: homes, hub state, certificates",
            # It grows in place; nothing else may ever replace it. It comes blank: what DigitalOcean formats, the
            # droplet would mount under /mnt by itself, at every boot.
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["region", "name", "description"],
            ),
        )
        first_contact = keys.first_contact(key, settings.droplet_name)
        self.droplet = do.Droplet(
            "droplet",
            name=settings.droplet_name,
            region=self.volume.region,  # where the work is, whatever the setting says by now
            size=settings.size,
            image=settings.image,
            ssh_keys=[fingerprint],
            tags=[tag.name],
            volume_ids=[self.volume.id],
            monitoring=True,
            graceful_shutdown=True,  # unmounts before the volume is taken away
            resize_disk=False,  # a larger disk could never be made smaller again after exam week
            user_data=CloudConfig(
                admin_user=settings.admin_user,
                public_key=key.public,
                host_key_private=first_contact.private,
                host_key_public=first_contact.public,
            ).render(),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.firewall],
                delete_before_replace=True,  # the volume can be attached to one droplet at a time
                # Each of these would replace a running class: they count for the next new droplet only.
                ignore_changes=["image", "user_data", "ssh_keys", "region"],
                custom_timeouts=pulumi.CustomTimeouts(delete="5m"),
            ),
        )
        self.host = Host(
            "host",
            HostArgs(
                address=self.droplet.ipv4_address,
                user=settings.admin_user,
                key=key,
                first_contact=first_contact,
                machine=self.droplet,
            ),
            opts=child,
        )
        self.register_outputs({"droplet": self.droplet.id, "volume": self.volume.id})


def _inbound(protocol: str, ports: str | None, sources: list[str]) -> do.FirewallInboundRuleArgs:
    return do.FirewallInboundRuleArgs(protocol=protocol, port_range=ports, source_addresses=sources)


def _outbound(protocol: str, ports: str | None) -> do.FirewallOutboundRuleArgs:
    return do.FirewallOutboundRuleArgs(protocol=protocol, port_range=ports, destination_addresses=EVERYWHERE)


def put_in_project(
    settings: Settings, server: Server, domain_urn: pulumi.Input[str] | None, opts: pulumi.ResourceOptions
) -> None:
    """Make a DigitalOcean project, so that the account's page and bill show the course as one thing.

    What is in it is declared apart: a project's own list would also hold the reserved IP, which follows its droplet by
    itself, under another name, and which the API refuses to move.
    """
    project = do.Project(
        "project",
        name=settings.droplet_name,
        description=f"Course server at {settings.domain}",
        purpose="Class project / Educational purposes",
        environment="Production",
        opts=opts,
    )
    do.ProjectResources(
        "project-resources",
        project=project.id,
        resources=[server.droplet.droplet_urn, server.volume.volume_urn, *([domain_urn] if domain_urn else [])],
        opts=opts,
    )
