"""What another list of packages changes, in the words a teacher reads in the preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

import patterns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OWN = ("ipykernel", "nbclient")  # what the course's environment has of its own accord


def listed(requirements: str) -> list[str]:
    """The course's packages in the text of a requirements file, as they were asked for."""
    lines = (line.partition("#")[0].strip() for line in requirements.splitlines())
    return [line for line in lines if line and patterns.package_name(line) not in OWN]


def words(before: Sequence[str] | None, now: Sequence[str]) -> list[str]:
    """A sentence on what changes from ``before`` (None: nothing is installed yet) to ``now``; none if nothing does."""
    if before is None:
        return []
    old, new = ({patterns.package_name(line): line for line in lines} for lines in (before, now))
    parts = list(_changes(old, new))
    return ["packages: " + ", ".join(parts)] if parts else []


def _changes(old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    if added := [line for name, line in new.items() if name not in old]:
        yield f"adds {', '.join(added)}"
    if removed := [name for name in old if name not in new]:
        yield f"removes {', '.join(removed)}"
    for name, line in new.items():
        if name in old and old[name] != line:
            yield _change(name, old[name], line)


def _change(name: str, was: str, now: str) -> str:
    before, after = _pinned(was), _pinned(now)
    if before and after:
        return f"{'upgrades' if after > before else 'downgrades'} {name} from {before} to {after}"
    return f"changes {was} to {now}"


def _pinned(line: str) -> Version | None:
    """The one version a requirement allows, if it names one."""
    try:
        clauses = list(Requirement(line).specifier)
        return Version(clauses[0].version) if len(clauses) == 1 and clauses[0].operator == "==" else None
    except (InvalidRequirement, InvalidVersion):
        return None
