"""``course packages``: the course's packages in students' Python, and the way back to those before."""

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

SUMMARY = "the course's packages in students' Python, and the way back to those before"
ENVIRONMENTS = Path("/opt/course/envs")
VERSIONS = """\
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass  # asked for on other machines only, or none of Python's
print(json.dumps(found))
"""


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
    """One set of packages: name and version of each the course asked for, and when it was installed (Unix seconds).

    It lies on top of Anaconda, or ``by_conda`` beside it.
    """

    packages: dict[str, str]
    installed: float
    by_conda: bool

    def __str__(self) -> str:
        packages = ", ".join(f"{name} {version}" for name, version in self.packages.items()) or "Anaconda alone"
        how = "made by conda" if self.by_conda else "installed"
        return f"{packages} ({how} {time.strftime('%Y-%m-%d %H:%M', time.localtime(self.installed))})"

    def as_json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        return {"packages": self.packages, "installed": round(self.installed), "by-conda": self.by_conda}


def _environment(environments: Path, link: str) -> Environment | None:
    place = environments / link
    if not (place / "complete").exists():
        return None
    lists = [place / name for name in ("conda.txt", "requirements.txt") if (place / name).exists()]
    names = [name for file in lists for name in course_names(file.read_text(encoding="utf-8"))]
    found = {**_condas_versions(place), **_versions(place, names)}
    return Environment(
        packages={name: found[name] for name in names if name in found},
        installed=(place / "complete").stat().st_mtime,
        by_conda=(place / "conda.txt").exists(),
    )


def _versions(place: Path, names: list[str]) -> dict[str, str]:
    """Versions of the Python packages among ``names``."""
    command = [f"{os.path.realpath(place)}/bin/python", "-I", "-c", VERSIONS, *names]
    found: dict[str, str] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def _condas_versions(place: Path) -> dict[str, str]:
    """Versions of what conda has installed there, by conda's names; python is among them."""
    records = (path.stem.rsplit("-", 2) for path in (place / "conda-meta").glob("*.json"))
    return {record[0]: record[1] for record in records if len(record) == len(("name", "version", "build"))}
