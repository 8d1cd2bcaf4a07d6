"""Block-storage volumes: sparse files behind loop devices."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from rehearsal.commands import run

if TYPE_CHECKING:
    from pathlib import Path

GIB = 1 << 30
_FORMATTERS = {"ext4": ("mkfs.ext4", "-q", "-F"), "xfs": ("mkfs.xfs", "-q", "-f")}


def create(folder: Path, name: str, size_gib: int, filesystem_type: str, filesystem_label: str) -> None:
    """Make a volume, formatted if a file system is named. One that is there already keeps what it holds."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _file(folder, name).exists():
        unfinished = folder / f"{name}.new"
        with unfinished.open("wb") as disk:
            disk.truncate(size_gib * GIB)
        if filesystem_type:
            label = ("-L", filesystem_label) if filesystem_label else ()
            run(*_FORMATTERS[filesystem_type], *label, unfinished)
        unfinished.rename(_file(folder, name))
    device(folder, name)


def resize(folder: Path, name: str, size_gib: int) -> None:
    """Grow a volume; a droplet that has it sees the new size at once."""
    os.truncate(_file(folder, name), size_gib * GIB)
    run("losetup", "--set-capacity", device(folder, name))


def delete(folder: Path, name: str) -> None:
    """Remove a volume and what it holds."""
    release(folder, name)
    _file(folder, name).unlink(missing_ok=True)


def device(folder: Path, name: str) -> str:
    """Return the loop device of a volume, made if there is none (after this machine was restarted)."""
    return _loop(_file(folder, name)) or run("losetup", "--find", "--show", _file(folder, name)).strip()


def release(folder: Path, name: str) -> None:
    """Take a volume's loop device away; the file stays."""
    if loop := _loop(_file(folder, name)):
        run("losetup", "--detach", loop)


def plug(folder: Path, name: str, disks: Path) -> None:
    """Show a volume in ``disks``, which a droplet has as /dev/disk, under the name DigitalOcean gives it there."""
    number = os.stat(device(folder, name)).st_rdev  # noqa: PTH116 - a device's number has no pathlib spelling
    node = disks / "by-path" / name
    link = disks / "by-id" / f"scsi-0DO_Volume_{name}"
    unplug(name, disks)
    for path in (node, link):
        path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(node, stat.S_IFBLK | 0o660, number)
    link.symlink_to(f"../by-path/{name}")


def unplug(name: str, disks: Path) -> None:
    """Hide a volume from a droplet again."""
    (disks / "by-path" / name).unlink(missing_ok=True)
    (disks / "by-id" / f"scsi-0DO_Volume_{name}").unlink(missing_ok=True)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.img"


def _loop(file: Path) -> str:
    return run("losetup", "--associated", file).partition(":")[0]
