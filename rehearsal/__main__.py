"""The rehearsal: ``python -m rehearsal up | down | status | shell | env``."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from rehearsal import environment, image, machine, processes, stage
from rehearsal.commands import CommandError
from rehearsal.droplets import Droplets
from rehearsal.engine import EngineMissing
from rehearsal.environment import NotUp
from rehearsal.image import NoImage
from rehearsal.machine import Occupied
from rehearsal.places import API_PORT, GATEWAY, REPOSITORY, ours
from rehearsal.prerequisites import Unprepared
from rehearsal.stage import NotReady
from rehearsal.toolchain import CHOICES, ToolchainError

if TYPE_CHECKING:
    from collections.abc import Sequence

OBSTACLES = (CommandError, EngineMissing, NoImage, NotReady, NotUp, Occupied, ToolchainError, Unprepared)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description="A whole term on one's own machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="open the cloud on this machine and run pulumi up against it")
    up.add_argument("--plugins", choices=CHOICES, default="auto", help="which Pulumi plugins to use")
    up.add_argument("--image", choices=sorted(image.SUITES), help="the droplet's image, instead of the dev stack's")
    commands.add_parser("down", help="close it and remove everything it made on this machine")
    commands.add_parser("status", help="say what is running")
    commands.add_parser("shell", help="open a shell in which pulumi talks to the rehearsal")
    commands.add_parser("env", help="print the variables of that shell, for: eval $(python -m rehearsal env)")
    chosen = parser.parse_args(words)
    try:
        if chosen.command == "up":
            return stage.up(ours(), chosen.plugins, chosen.image, _say)
        return {"down": _down, "status": _status, "shell": _shell, "env": _env}[chosen.command]()
    except OBSTACLES as problem:
        print(f"rehearsal: {problem}", file=sys.stderr)
        return 1


def _say(sentence: str) -> None:
    print(f"rehearsal: {sentence}", flush=True)


def _down() -> int:
    places = ours()
    machine.sweep(places.home)
    shutil.rmtree(places.home, ignore_errors=True)
    if left := machine.leftovers(places.home):
        print("\n  ".join(["still on this machine:", *left]), file=sys.stderr)
        return 1
    _say("down; nothing of it is left on this machine but downloads in " + str(places.cache))
    return 0


def _status() -> int:
    places = ours()
    pid = processes.alive(places.run / "daemon.pid", "rehearsal.daemon")
    if not pid:
        left = machine.leftovers(places.home)
        print("no rehearsal is running here" + ("; on this machine there still are:" if left else ""))
        print("".join(f"  {thing}\n" for thing in left), end="")
        return 3  # what service managers say for "not running"
    print(f"the cloud is open at http://{GATEWAY}:{API_PORT} (process {pid}); its log is {places.logs / 'daemon.log'}")
    droplets = Droplets(places, _say)
    for droplet in droplets.ids():
        print(droplets.describe(droplet))
    return 0


def _shell() -> int:
    variables = environment.read(ours().env)
    shell = os.environ.get("SHELL", "/bin/bash")
    _say("pulumi preview, up and destroy talk to the rehearsal in this shell; leave it with exit")
    return subprocess.run([shell], env=environment.merged(variables), cwd=REPOSITORY, check=False).returncode


def _env() -> int:
    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.read(ours().env).items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
