"""This machine as a rehearsal's stage: one at a time, and nothing stays behind."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal import droplets, network, processes
from rehearsal.commands import attempt, run

if TYPE_CHECKING:
    from collections.abc import Callable

# Gone after a restart of the machine, as are the network and the setting it remembers.
MARK = Path("/run/course-rehearsal.json")
SWEPT = "swept"  # left in the folder of a rehearsal whose machines another one had to remove
_WIRE = re.compile(r"course\d+(?=@|:|$)")
_LOOP = re.compile(r"^(/dev/loop\d+): .*? \((/[^)]*)\)", re.MULTILINE)


class Occupied(RuntimeError):
    """Another rehearsal is alive on this machine."""


def claim(home: Path, say: Callable[[str], None]) -> None:
    """Make this machine the stage of the rehearsal in ``home``; clean up after one that died elsewhere."""
    others = {
        Path(owner) for owner in [_mark().get("home", str(home)), *(owner for _, owner in droplets.containers())]
    } - {home}
    for other in sorted(others):
        if pid := processes.alive(other / "run/daemon.pid", "rehearsal.daemon"):
            there = other.parent
            raise Occupied(f"a rehearsal in {there} is alive (process {pid}); end it there: python -m rehearsal down")
        say(f"cleaning up what a dead rehearsal in {other.parent} left")
        sweep(other)
        if other.exists():
            (other / SWEPT).touch()
    if (home / SWEPT).exists():
        say("another rehearsal removed this one's machines in the meantime: starting afresh")
        shutil.rmtree(home)
    if not MARK.exists():
        MARK.write_text(json.dumps({"home": str(home), "forwarding": network.FORWARDING.read_text()}))


def sweep(home: Path) -> None:
    """Remove everything a rehearsal made outside its folder, whether or not it is there; files stay."""
    processes.stop(home / "run/daemon.pid", "rehearsal.daemon")
    processes.stop(home / "run/pebble.pid", "pebble")
    droplets.remove([name for name, owner in droplets.containers() if owner == str(home)])
    for space in network.namespaces():
        network.disconnect(int(space.removeprefix("course-")))
    for wire in _wires():
        attempt("ip", "link", "del", wire)
    for device, _ in _loops(home):
        attempt("losetup", "--detach", device)
    network.lower_gateway(_mark().get("forwarding", network.FORWARDING.read_text()))
    MARK.unlink(missing_ok=True)


def leftovers(home: Path) -> list[str]:
    """Return, in words, what of a rehearsal is on this machine outside its folder ``home``."""
    found = [f"container {name}" for name, _ in droplets.containers()]
    found += [f"network namespace {space}" for space in network.namespaces()]
    found += [f"network interface {wire}" for wire in _wires()]
    found += [f"loop device {device} ({file})" for device, file in _loops(home)]
    if attempt("ip", "link", "show", network.BRIDGE).returncode == 0:
        found.append(f"bridge {network.BRIDGE}")
    if attempt("nft", "list", "table", "inet", network.TABLE).returncode == 0:
        found.append(f"nftables table {network.TABLE}")
    return found


def _mark() -> dict[str, str]:
    try:
        mark: dict[str, str] = json.loads(MARK.read_text())
    except (OSError, ValueError):
        return {}
    return mark


def _wires() -> list[str]:
    return sorted(set(_WIRE.findall(run("ip", "-o", "link", "show", "type", "veth"))))


def _loops(home: Path) -> list[tuple[str, str]]:
    """Return device and file of the volumes of the rehearsal in ``home``; a deleted file is still named."""
    return [found for found in _LOOP.findall(run("losetup", "--all")) if found[1].startswith(f"{home}/")]
