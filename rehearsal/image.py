"""The base images droplets boot from: Debian with what DigitalOcean's images have that matters here."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from typing import TYPE_CHECKING

from rehearsal import clients
from rehearsal.commands import attempt, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SUITES = {"debian-13-x64": "trixie", "debian-12-x64": "bookworm"}

# No more than DigitalOcean's images have: a step that forgets to install what it needs should fail here first.
PACKAGES = (
    "ca-certificates,cloud-init,curl,dbus,ifupdown,iproute2,iputils-ping,less,libpam-systemd,netcat-openbsd,nftables,"
    "openssh-server,polkitd,procps,python3,sudo,systemd,systemd-sysv,udev"
)

# What would reach through the container to this machine's devices, clock or kernel settings, or ask for a console.
MASKED = (
    "console-getty.service",
    "dev-hugepages.mount",
    "fstrim.timer",
    "getty.target",
    "kmod-static-nodes.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-hwdb-update.service",
    "systemd-modules-load.service",
    "systemd-sysctl.service",
    "systemd-timesyncd.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
)

CLOUD_INIT = """\
# The rehearsal's machines come with their network made, and files tell their first boot what to do.
datasource_list: [NoCloud, None]
network: {config: disabled}
apt: {preserve_sources_list: true}
growpart: {mode: "off"}
resize_rootfs: false
locale: false
# As on DigitalOcean: /etc/hosts knows the droplet's name; no user but root, who gets the account's SSH keys.
manage_etc_hosts: true
disable_root: false
users: []
"""


# DigitalOcean's images mount a formatted volume under /mnt by themselves, "-" in its name as "_" (their documentation,
# "naming conventions" of volumes). Theirs have a udev rule; no udev runs here, so it is done at boot and on attachment.
MOUNT_VOLUMES = "mount-volumes.service"
_MOUNT_SCRIPT = """\
for device in /dev/disk/by-id/scsi-0DO_Volume_*; do
  blkid "$device" >/dev/null || continue
  name=${device##*scsi-0DO_Volume_}
  point=/mnt/${name//-/_}
  mkdir -p "$point"
  mountpoint -q "$point" || mount -o discard,noatime "$device" "$point"
done
"""
_MOUNT_UNIT = """\
[Unit]
Description=Mount attached volumes under /mnt

[Service]
Type=oneshot
ExecStart=/bin/bash /usr/local/lib/mount-volumes

[Install]
WantedBy=multi-user.target
"""


class NoImage(RuntimeError):
    """No image of that name can be booted here."""


def prepare(slug: str, images: Path, say: Callable[[str], None]) -> str:
    """Return podman's name of the image for a DigitalOcean slug, building or importing it only if it is not there."""
    if slug not in SUITES:
        raise NoImage(f"there is no rehearsal image for {slug!r}; there is one for {' and '.join(SUITES)}")
    files = {
        "etc/cloud/cloud.cfg.d/99-rehearsal.cfg": CLOUD_INIT,
        "usr/local/lib/mount-volumes": _MOUNT_SCRIPT,
        f"etc/systemd/system/{MOUNT_VOLUMES}": _MOUNT_UNIT,
        **clients.files(),
    }
    sources, options = clients.apt_sources(SUITES[slug]), clients.apt_options()
    recipe = json.dumps([SUITES[slug], PACKAGES, MASKED, files, sources, options])
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    name = f"localhost/course-{slug}:{digest}"
    if attempt("podman", "image", "exists", name).returncode == 0:
        return name
    root = images / f"{slug}-{digest}.tar"
    if not root.exists():
        say(f"making the base image for {slug} (about a minute, once)")
        started = time.monotonic()
        _bootstrap(root, SUITES[slug], files, sources, options)
        say(f"base image made in {time.monotonic() - started:.0f} s")
    run("podman", "import", "--quiet", "--change", 'CMD ["/sbin/init"]', root, name)
    _forget_others(slug, name, root)
    return name


def _forget_others(slug: str, name: str, root: Path) -> None:
    """Remove what older recipes made; podman keeps an image that a droplet still boots from."""
    for older in set(root.parent.glob(f"{slug}-*.tar")) - {root}:
        older.unlink()
    listed = run("podman", "images", "--format", "{{.Repository}}:{{.Tag}}", f"localhost/course-{slug}").split()
    for image in set(listed) - {name}:
        attempt("podman", "rmi", image)


def _bootstrap(root: Path, suite: str, files: Mapping[str, str], sources: str, options: tuple[str, ...]) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    extra, unfinished = root.with_suffix(".files.tar"), root.with_suffix(".new.tar")
    extra.write_bytes(_overlay(files))
    # machine-id and host keys belong to one machine, so the image has neither; nobody has root's password.
    forget = 'rm -f "$1"/etc/ssh/ssh_host_* && : > "$1"/etc/machine-id && chroot "$1" passwd --quiet --lock root'
    run(
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}",
        *(f"--aptopt={line}" for line in options),
        f"--customize-hook=tar-in {extra} /", f"--customize-hook={forget}", suite, unfinished, "-", stdin=sources,
    )  # fmt: skip
    extra.unlink()
    unfinished.rename(root)


def _overlay(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        links = dict.fromkeys(MASKED, "/dev/null")
        links[f"multi-user.target.wants/{MOUNT_VOLUMES}"] = f"../{MOUNT_VOLUMES}"
        for name, target in links.items():
            entry = tarfile.TarInfo(f"etc/systemd/system/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return packed.getvalue()
