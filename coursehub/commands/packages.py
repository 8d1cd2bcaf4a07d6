"""``course packages``: what students' Python has on top of Anaconda, and the way back to what it had before."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursehub.commands import Problem
from coursehub.packages import course_names

if TYPE_CHECKING:
    import argparse

SUMMARY = "what students' Python has on top of Anaconda, and the way back to what it had before"
ENVIRONMENTS = Path("/opt/course/envs")
VERSIONS = (
    "import json, sys; from importlib.metadata import version; print(json.dumps([version(n) for n in sys.argv[1:]]))"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--rollback``."""
    parser.add_argument(
        "--rollback", action="store_true", help="go back to the packages in use before; a second time: forth again"
    )


def run(options: argparse.Namespace) -> int:
    """Roll back if asked to, and tell what is in use."""
    if options.rollback:
        swap(ENVIRONMENTS)
    current, previous = (_environment(ENVIRONMENTS, name) for name in ("current", "previous"))
    if current is None:
        raise Problem("no packages are installed yet. Try: pulumi up")
    if options.json:
        print(
            json.dumps({"current": current.as_json(), "previous": previous.as_json() if previous else None}, indent=2)
        )
        return 0
    print(f"in use: {current}")
    if previous:
        print(f"before: {previous}")
        print("Kernels that run keep what they started with; a restarted one has what is in use.")
    return 0


def swap(environments: Path) -> None:
    """Put the previous environment in use, and the one in use in its place; two renames, no installation."""
    current, previous = environments / "current", environments / "previous"
    if not (previous / "complete").exists():
        raise Problem("there are no earlier packages to go back to: they have not been changed yet")
    ends = (current.readlink(), previous.readlink())
    for link, target in ((current, ends[1]), (previous, ends[0])):
        draft = link.with_name(f".{link.name}")
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        draft.replace(link)


@dataclass(frozen=True)
class Environment:
    """One set of packages: name and version of each the course asked for, and when it was installed (Unix seconds)."""

    packages: dict[str, str]
    installed: float

    def __str__(self) -> str:
        packages = ", ".join(f"{name} {version}" for name, version in self.packages.items()) or "Anaconda alone"
        return f"{packages} (installed {time.strftime('%Y-%m-%d %H:%M', time.localtime(self.installed))})"

    def as_json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"packages": self.packages, "installed": round(self.installed)}


def _environment(environments: Path, link: str) -> Environment | None:
    place = environments / link
    if not (place / "complete").exists():
        return None
    names = course_names((place / "requirements.txt").read_text(encoding="utf-8"))
    return Environment(dict(zip(names, _versions(place, names), strict=True)), (place / "complete").stat().st_mtime)


def _versions(place: Path, names: list[str]) -> list[str]:
    command = [f"{os.path.realpath(place)}/bin/python", "-I", "-c", VERSIONS, *names]
    found: list[str] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found
