"""The droplet as a machine one can work on: first contact, then steps. Nothing else knows SSH or how a step travels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi_command import remote

if TYPE_CHECKING:
    import keys
    from manifest import Manifest
    from settings import Settings

APPLIER = Path(__file__).parent.parent / "coursehub" / "applier.py"

# Waits for cloud-init, lets the droplet make the host key it will keep, and prints that key's public half.
# Interrupted anywhere it can be run again: the bootstrap key still answers until the next step retires it.
FIRST_CONTACT = """\
cloud-init status --wait >/dev/null 2>&1
test -f /etc/ssh/ssh_host_ed25519_key || sudo ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key
sudo systemctl reload ssh
cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub
"""

# sudo's standard input is a socket here, which /dev/stdin cannot open; cat can.
INSTALL_APPLIER = """\
sudo sh -ec 'umask 022; mkdir -p /usr/local/libexec; cd /usr/local/libexec
cat > .course-step; chmod 0755 .course-step; mv .course-step course-step
rm -f /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ecdsa_key.pub; systemctl reload ssh'
"""

RUN_APPLIER = "sudo /usr/local/libexec/course-step"

PATIENT = 130  # dial attempts of at most 5 s: about ten minutes for a droplet to boot
BRISK = 40  # a machine that has answered before, but may just have been switched on again; about three minutes


@dataclass(frozen=True, kw_only=True)
class HostArgs:
    """A droplet to work on; ``address`` is what SSH dials, ``machine`` the resource whose end is also the host's."""

    address: pulumi.Input[str]
    user: str
    key: keys.SshKey
    first_contact: keys.HostKey
    machine: pulumi.CustomResource


class Host(pulumi.ComponentResource):
    """A droplet that has been met: its own host key is known, and it can apply manifests."""

    machine: pulumi.CustomResource
    ready: remote.Command
    connection: remote.ConnectionArgs
    host_key: pulumi.Output[str]

    def __init__(self, name: str, args: HostArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("course:host:Host", name, {}, opts)
        self.machine = args.machine
        contact = remote.Command(
            "first-contact",
            connection=_connection(args, args.first_contact.public, PATIENT),
            create=FIRST_CONTACT,
            triggers=[args.machine.id],
            add_previous_output_in_env=False,
            logging=remote.Logging.NONE,
            opts=pulumi.ResourceOptions(
                parent=self,
                deleted_with=args.machine,
                # The bootstrap key answers only once: nothing but a new machine may ever run this again.
                ignore_changes=["connection", "create"],
            ),
        )
        self.host_key = contact.stdout
        self.connection = _connection(args, self.host_key, BRISK)
        self.ready = remote.Command(
            "applier",
            connection=self.connection,
            create=INSTALL_APPLIER,
            stdin=APPLIER.read_text(),
            triggers=[args.machine.id],
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=contact, deleted_with=args.machine),
        )
        self.register_outputs({"host_key": self.host_key})


def _connection(args: HostArgs, host_key: pulumi.Input[str], attempts: int) -> remote.ConnectionArgs:
    return remote.ConnectionArgs(
        host=args.address,
        user=args.user,
        private_key=pulumi.Output.secret(args.key.private),
        private_key_password=pulumi.Output.secret(args.key.passphrase) if args.key.passphrase else None,
        host_key=host_key,
        dial_error_limit=attempts,
    )


class Step(remote.Command):
    """One part of the droplet, put there by one manifest.

    It runs when its manifest changes or the machine is new; there is no ``update`` and no ``delete``, because the
    applier makes every run lead to the same end. What comes next depends on it.
    """

    digest: pulumi.Output[str]

    def __init__(
        self, name: str, host: Host, manifest: pulumi.Input[Manifest], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        text = pulumi.Output.from_input(manifest).apply(lambda manifest: manifest.text())
        self.digest = text.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())
        super().__init__(
            name,
            connection=host.connection,
            create=RUN_APPLIER,
            stdin=text,
            triggers=[host.machine.id],
            add_previous_output_in_env=False,  # sshd refuses the variable, with a warning at every update
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(parent=host, depends_on=[host.ready], deleted_with=host.machine),
            ),
        )


def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """Options for what comes next: steps take their turn, as apt takes one at a time."""
    return pulumi.ResourceOptions(depends_on=list(resources))


@dataclass(frozen=True, kw_only=True)
class StepArgs:
    """What most steps need: where, and the settings."""

    host: Host
    settings: Settings
