"""Droplets as containers that boot systemd and cloud-init: the machines beneath the rehearsal's cloud."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rehearsal import certificates, image, network, seed, volumes
from rehearsal.cloud.machines import DropletSpec, FirewallRule
from rehearsal.commands import attempt, run
from rehearsal.metadata import describe
from rehearsal.network import Firewall
from rehearsal.places import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rehearsal.places import Places

LABEL = "course-rehearsal"
_PATIENCE = 90  # seconds a shutdown may take, systemd's own limit for stopping a unit
_REBOOTED = 128 + 1  # exit code of a container whose system asked for a reboot: the kernel ends it with SIGHUP


@dataclass(frozen=True)
class Record:
    """What is wanted of one droplet; written down before it is done, so that it can be done again."""

    spec: DropletSpec
    on: bool = True
    reserved: tuple[str, ...] = field(default=())

    @property
    def addresses(self) -> tuple[str, ...]:
        """The droplet's own address, then the reserved ones it has."""
        return (self.spec.address, *self.reserved)

    @classmethod
    def read(cls, file: Path) -> Record:
        """Return the record in ``file``."""
        stored = json.loads(file.read_text())
        lists = {name: tuple(stored["spec"][name]) for name in ("public_keys", "volumes")}
        return cls(DropletSpec(**{**stored["spec"], **lists}), stored["on"], tuple(stored["reserved"]))

    def write(self, file: Path) -> None:
        """Store the record, whole or not at all; it holds user-data, so only root may read it."""
        unfinished = file.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(asdict(self), indent=2))
        unfinished.replace(file)


def containers() -> list[tuple[str, str]]:
    """Return name and owner, a rehearsal's folder, of all droplets' containers on this machine."""
    form = f'{{{{.Names}}}}\t{{{{index .Labels "{LABEL}"}}}}'
    lines = run("podman", "ps", "--all", "--filter", f"label={LABEL}", "--format", form).splitlines()
    return [(name, owner) for name, _, owner in (line.partition("\t") for line in lines)]


def remove(names: Sequence[str]) -> None:
    """Remove containers with their disks, running or not, there or not."""
    if names:
        run("podman", "rm", "--force", "--ignore", "--time", "0", *names)


class Droplets:
    """The Protocol ``Machines``, with podman, loop devices, network namespaces and nftables."""

    def __init__(self, places: Places, say: Callable[[str], None]) -> None:
        self._places = places
        self._say = say
        self._lock = threading.RLock()
        self._watched: dict[int, int] = {}  # droplet -> process id of its system

    def resume(self) -> None:
        """Make everything on record true again, after this process or the whole machine was restarted."""
        self._filter_packets()
        known = {network.namespace(droplet) for droplet in self.ids()}
        remove([name for name, home in containers() if home == str(self._places.home) and name not in known])
        for droplet in self.ids():
            record = self._record(droplet)
            certificates.trust(self._folder(droplet) / "trust", self._places.bundle)
            self._settle(record)
            if record.on:
                self.power_on(droplet)

    def ids(self) -> list[int]:
        """Return the droplets on record."""
        return sorted(int(file.parent.name) for file in self._places.droplets.glob("*/droplet.json"))

    def describe(self, droplet: int) -> str:
        """Return a droplet's state in a line."""
        record = self._record(droplet)
        state = attempt("podman", "container", "inspect", "--format", "{{.State.Status}}", network.namespace(droplet))
        addresses = ", ".join(record.addresses)
        console = self._folder(droplet) / "console.log"
        return (
            f"droplet {record.spec.name} ({droplet}): {state.stdout.strip() or 'gone'}, {addresses}; console: {console}"
        )

    def metadata(self, address: str) -> dict[str, Any] | None:
        """Return what the droplet with an address may know about itself."""
        records = map(self._record, self.ids())
        return next((describe(own.spec, own.reserved) for own in records if address in own.addresses), None)

    def create_volume(self, name: str, size_gib: int, filesystem_type: str, filesystem_label: str) -> None:
        """Make a disk, formatted if a file system is named."""
        volumes.create(self._places.volumes, name, size_gib, filesystem_type, filesystem_label)

    def resize_volume(self, name: str, size_gib: int) -> None:
        """Grow a disk."""
        volumes.resize(self._places.volumes, name, size_gib)

    def delete_volume(self, name: str) -> None:
        """Destroy a disk and what is on it."""
        volumes.delete(self._places.volumes, name)

    def create_droplet(self, spec: DropletSpec) -> None:
        """Make a droplet and boot it."""
        folder = self._folder(spec.id)
        folder.mkdir(parents=True, exist_ok=True)
        self._keep(Record(spec))
        seed.write(folder / "seed", spec)
        certificates.trust(folder / "trust", self._places.bundle)
        self._settle(self._record(spec.id))
        self.power_on(spec.id)

    def destroy_droplet(self, droplet_id: int) -> None:
        """Remove a droplet with its disk, its wire and its packet filter; its console and journal go too."""
        with self._lock:
            network.disconnect(droplet_id)
            shutil.rmtree(self._folder(droplet_id), ignore_errors=True)
            self._filter_packets()
        # A disk with Anaconda on it takes podman half a minute to erase; nobody has to wait for that.
        threading.Thread(target=remove, args=([network.namespace(droplet_id)],), daemon=True).start()

    def power_on(self, droplet_id: int) -> None:
        """Boot a droplet."""
        with self._lock:
            record = self._keep(replace(self._record(droplet_id), on=True))
            container = network.namespace(droplet_id)
            if attempt("podman", "container", "exists", container).returncode:
                run(*self._creation(record))
            run("podman", "start", container)
            self._limit(record)
            self._watch(droplet_id)
        self._say(f"droplet {record.spec.name} ({droplet_id}) boots at {record.spec.address}")

    def power_off(self, droplet_id: int, graceful: bool) -> None:  # noqa: FBT001 - the Protocol's signature
        """Shut a droplet down, or pull its plug; one that was never finished is off."""
        if droplet_id not in self.ids():
            return
        self._keep(replace(self._record(droplet_id), on=False))
        seconds = str(_PATIENCE if graceful else 0)
        run("podman", "stop", "--ignore", "--time", seconds, network.namespace(droplet_id))

    def resize_droplet(self, droplet_id: int, memory_mib: int, vcpus: int) -> None:
        """Change a droplet's size; the limits are set when it boots."""
        spec = replace(self._record(droplet_id).spec, memory_mib=memory_mib, vcpus=vcpus)
        self._keep(replace(self._record(droplet_id), spec=spec))

    def attach_volume(self, name: str, droplet_id: int) -> None:
        """Plug a disk into a droplet."""
        spec = self._record(droplet_id).spec
        names = dict.fromkeys([*spec.volumes, name])
        record = self._keep(replace(self._record(droplet_id), spec=replace(spec, volumes=tuple(names))))
        self._settle(record)
        if record.on:
            run("podman", "exec", network.namespace(droplet_id), "systemctl", "restart", image.MOUNT_VOLUMES)

    def detach_volume(self, name: str, droplet_id: int) -> None:
        """Unplug a disk."""
        spec = self._record(droplet_id).spec
        names = tuple(each for each in spec.volumes if each != name)
        self._keep(replace(self._record(droplet_id), spec=replace(spec, volumes=names)))
        volumes.unplug(name, self._folder(droplet_id) / "disk")

    def assign_address(self, address: str, droplet_id: int) -> None:
        """Route a reserved address to a droplet."""
        record = self._record(droplet_id)
        self._settle(self._keep(replace(record, reserved=tuple(dict.fromkeys([*record.reserved, address])))))

    def unassign_address(self, address: str, droplet_id: int) -> None:
        """Take a reserved address from a droplet."""
        record = self._record(droplet_id)
        kept = tuple(each for each in record.reserved if each != address)
        self._settle(self._keep(replace(record, reserved=kept)))

    def apply_firewall(
        self, droplet_id: int, inbound: Sequence[FirewallRule], outbound: Sequence[FirewallRule]
    ) -> None:
        """Put a droplet's cloud firewall in force, also before there is a droplet."""
        with self._lock:
            file = self._folder(droplet_id) / "firewall.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps([[asdict(rule) for rule in rules] for rules in (inbound, outbound)]))
            self._filter_packets()

    def _folder(self, droplet: int) -> Path:
        return self._places.droplets / str(droplet)

    def _record(self, droplet: int) -> Record:
        return Record.read(self._folder(droplet) / "droplet.json")

    def _keep(self, record: Record) -> Record:
        with self._lock:
            record.write(self._folder(record.spec.id) / "droplet.json")
        return record

    def _settle(self, record: Record) -> None:
        """Make network and disks what the record says; all of it can be repeated."""
        with self._lock:
            droplet = record.spec.id
            network.connect(droplet, record.addresses)
            for name in record.spec.volumes:
                volumes.plug(self._places.volumes, name, self._folder(droplet) / "disk")

    def _filter_packets(self) -> None:
        firewalls = {}
        for file in sorted(self._places.droplets.glob("*/firewall.json")):
            rules = ([FirewallRule(**{**rule, "addresses": tuple(rule["addresses"])}) for rule in side]
                     for side in json.loads(file.read_text()))  # fmt: skip
            firewalls[int(file.parent.name)] = Firewall(*map(tuple, rules))
        network.filter_packets(firewalls)

    def _watch(self, droplet: int) -> None:
        """Boot a droplet again when its system asks for it, as the hypervisor does; a shutdown stays one."""
        container = network.namespace(droplet)
        system = int(run("podman", "container", "inspect", "--format", "{{.State.Pid}}", container))
        if self._watched.get(droplet) == system:
            return
        self._watched[droplet] = system

        def wait() -> None:
            with contextlib.suppress(ProcessLookupError), os.fdopen(os.pidfd_open(system)) as handle:
                select.select([handle], [], [])
            ended = attempt("podman", "wait", container).stdout.strip()
            if ended == str(_REBOOTED) and droplet in self.ids() and self._record(droplet).on:
                self._say(f"droplet {droplet} reboots")
                self.power_on(droplet)

        threading.Thread(target=wait, daemon=True).start()

    def _limit(self, record: Record) -> None:
        """Set the limits of a running container, so that they hold whatever size it was made with."""
        memory = f"{record.spec.memory_mib}m"
        limits = ("--memory", memory, "--memory-swap", memory, "--cpus", str(record.spec.vcpus))
        run("podman", "update", *limits, network.namespace(record.spec.id))

    def _creation(self, record: Record) -> list[str]:
        spec, folder = record.spec, self._folder(record.spec.id)
        base = image.prepare(spec.image, self._places.images, self._say)
        for name in ("disk/by-id", "disk/by-path", "journal"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        packages = self._places.packages
        caches = {
            packages / f"apt-{spec.image}": "/var/cache/apt/archives",
            packages / "uv": "/root/.cache/uv",
            packages / "pip": "/root/.cache/pip",
            packages / "npm": "/root/.npm",
        }
        mounts = {
            folder / "seed": "/var/lib/cloud/seed/nocloud:ro",
            folder / "trust": "/etc/ssl/certs",
            folder / "disk": "/dev/disk:dev",
            folder / "journal": "/var/log/journal",
            **caches,
        }
        for cache in caches:
            (cache / "partial").mkdir(parents=True, exist_ok=True)
        return [
            "podman", "create", "--name", network.namespace(spec.id), "--label", f"{LABEL}={self._places.home}",
            "--runtime", "runc", "--privileged", "--systemd=always",
            "--cgroupns=host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw",
            "--ulimit", "nofile=20000:20000", "--ulimit", "nproc=10000:10000",
            "--network", f"ns:/run/netns/{network.namespace(spec.id)}", "--hostname", spec.name,
            "--dns", GATEWAY, "--no-hosts",
            "--tty", "--log-driver", "k8s-file", "--log-opt", f"path={folder / 'console.log'}",
            *(word for source, target in mounts.items() for word in ("--volume", f"{source}:{target}")),
            # a booted machine shares its mounts; without that, units do not get their credentials
            base, "/bin/sh", "-c", "mount --make-rshared / && exec /sbin/init",
        ]  # fmt: skip
