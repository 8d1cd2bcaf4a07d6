"""What the cloud asks of the machines beneath it.

The API keeps the books; whoever implements :class:`Machines` does the deed (containers, loop devices, packet filters).
Every method blocks until the deed is done, is called from a worker thread, and may be called again with the same
arguments after the cloud was stopped half-way: doing what is already done is no error. An exception makes the action
end as ``errored``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class FirewallRule:
    """Traffic that is let through; everything no rule lets through is dropped.

    ``ports`` is one port (``22``) or a range (``1-65535``), and empty for icmp. ``addresses`` are networks or single
    addresses, IPv4 and IPv6 mixed: sources of an inbound rule, destinations of an outbound one.
    """

    protocol: str
    ports: str
    addresses: tuple[str, ...]


# A droplet that no firewall covers is open, as at DigitalOcean: it gets these rules both ways.
OPEN = (
    FirewallRule("icmp", "", EVERYWHERE),
    FirewallRule("tcp", "1-65535", EVERYWHERE),
    FirewallRule("udp", "1-65535", EVERYWHERE),
)


@dataclass(frozen=True)
class DropletSpec:
    """A droplet to be made and booted: at its public IPv4 ``address``, with the ``volumes`` of these names."""

    id: int
    name: str
    address: str
    memory_mib: int
    vcpus: int
    image: str
    user_data: str
    public_keys: tuple[str, ...]
    volumes: tuple[str, ...]


class Machines(Protocol):
    """The machines, disks, addresses and packet filters of one account."""

    def create_volume(self, name: str, size_gib: int, filesystem_type: str, filesystem_label: str) -> None:
        """Make a disk; format it when ``filesystem_type`` (``ext4`` or ``xfs``) is not empty."""

    def resize_volume(self, name: str, size_gib: int) -> None:
        """Grow a disk, attached or not; the file system on it is the owner's business."""

    def delete_volume(self, name: str) -> None:
        """Destroy a detached disk and what is on it."""

    def create_droplet(self, spec: DropletSpec) -> None:
        """Make a droplet with its volumes attached and boot it; it may still be booting on return."""

    def destroy_droplet(self, droplet_id: int) -> None:
        """Remove a droplet that is off and has neither volumes nor reserved addresses left; a half-made one too."""

    def power_on(self, droplet_id: int) -> None:
        """Boot a droplet that is off, with the volumes, addresses and firewall it had."""

    def power_off(self, droplet_id: int, graceful: bool) -> None:  # noqa: FBT001 - the cloud's side of the contract says it so
        """Stop a droplet: ``graceful`` asks its system to shut down, otherwise the plug is pulled."""

    def resize_droplet(self, droplet_id: int, memory_mib: int, vcpus: int) -> None:
        """Give a droplet that is off other limits, in force when it boots again."""

    def attach_volume(self, name: str, droplet_id: int) -> None:
        """Plug a disk into a droplet, running or off."""

    def detach_volume(self, name: str, droplet_id: int) -> None:
        """Unplug a disk; no error where it is not plugged in or the droplet was never finished."""

    def assign_address(self, address: str, droplet_id: int) -> None:
        """Route a reserved address to a droplet."""

    def unassign_address(self, address: str, droplet_id: int) -> None:
        """Stop routing a reserved address to a droplet, with the same tolerance."""

    def apply_firewall(
        self, droplet_id: int, inbound: Sequence[FirewallRule], outbound: Sequence[FirewallRule]
    ) -> None:
        """Replace a droplet's packet filter by the given rules, answers to established connections always let through.

        Called before ``create_droplet`` for the first time, so that no droplet is reachable before its rules are in
        force.
        """
