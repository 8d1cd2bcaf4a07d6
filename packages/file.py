"""A packages file together with the list in the settings: the environment they ask for, or all that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packages.conda import EnvironmentFile
from packages.environment import Environment, requirement_key, spec_name
from packages.requirements import Line, Requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SETTINGS = "packages (the list in your settings)"


class PackagesProblem(ValueError):
    """Everything that is wrong with a packages file, a line each."""


def read(path: Path, listed: Sequence[str]) -> Environment:
    """What the file at ``path`` and ``listed`` requirements ask for; raise ``PackagesProblem`` with all problems."""
    in_settings = [Line(requirement, SETTINGS) for requirement in listed]
    if path.suffix in (".yml", ".yaml"):
        file = EnvironmentFile.read(path)
        problems, specs, channels = file.problems, file.specs, file.channels
        lines = [*file.requirements.lines, *in_settings]
    elif path.suffix in (".txt", ".in"):
        requirements = Requirements()
        requirements.read(path)
        problems, specs, channels = requirements.problems, [], []
        lines = [*requirements.lines, *in_settings]
    else:
        raise PackagesProblem(
            "is neither pip's nor conda's; a good one is requirements.txt, or environment.yml for conda"
        )
    stands = [(spec_name(spec.text), spec.where) for spec in specs]
    stands += [(requirement_key(line.requirement), line.where) for line in lines]
    problems += [*_twice(stands), *_without_hash(lines)]
    if not problems and not stands:
        problems.append(f"{path.name} names no package; a good line is pint==0.25.3")
    if problems:
        raise PackagesProblem("cannot be used as it is:" + "".join(f"\n    {_indented(each)}" for each in problems))
    return Environment(
        pip=tuple(line.requirement for line in lines),
        conda=tuple(spec.text for spec in specs),
        channels=tuple(dict.fromkeys(channels)),
    )


def _twice(stands: Iterable[tuple[str, str]]) -> Iterator[str]:
    first: dict[str, str] = {}
    for key, where in stands:
        if key in first:
            yield f"{where}: {key} stands in {first[key]} already; keep one of them"
        first.setdefault(key, where)


def _without_hash(lines: Sequence[Line]) -> Iterator[str]:
    """As pip has it: once a line has a hash, every line has one."""
    if any(" --hash=" in line.requirement for line in lines):
        for line in lines:
            if " --hash=" not in line.requirement:
                yield f"{line.where}: {line.requirement!r} has no hash, and others have; give all of them one, or none"


def _indented(problem: str) -> str:
    return problem.replace("\n", "\n      ")
