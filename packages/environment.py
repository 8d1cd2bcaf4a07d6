"""What the course's environment is made of, whoever makes it: pip on top of Anaconda, or conda."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import patterns
import versions
from coursehub.packages import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = (f"pint=={versions.PINT}", f"pyserial=={versions.PYSERIAL}")  # a course that says nothing else
OLDEST_PYTHON = (3, 10)  # ipykernel 7 needs it
CHANNEL_ARGUMENT = "--channel="


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Requirements as pip takes them; specs and channels as conda does. Without channels it lies on top of Anaconda."""

    pip: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """What `conda create` is asked for: the channels, what the file forgets and every kernel needs, the file's."""
        named = {spec_name(spec) for spec in self.conda}
        oldest = ".".join(map(str, OLDEST_PYTHON))
        needed = [*(("python", f"python>={oldest}"),), *((name, name) for name in OWN)]
        forgotten = [spec for name, spec in needed if name not in named]
        return (*(f"{CHANNEL_ARGUMENT}{channel}" for channel in self.channels), *forgotten, *self.conda)

    def asked(self) -> dict[str, str]:
        """Each package a teacher asked for as they did, by its name; one that two machines get differently, by both."""
        found = {spec_name(spec): spec for spec in self.conda}
        found |= {requirement_key(line): line.partition(" --hash")[0] for line in self.pip}
        return {key: line for key, line in found.items() if key not in OWN}

    def imported(self) -> set[str]:
        """Names of the packages that are there whatever the machine."""
        return {key for key in self.asked() if ";" not in key}

    @classmethod
    def deployed(cls, requirements: str, arguments: str | None) -> Environment:
        """The environment back from the files the droplet got (``arguments``: None if conda had no part in it)."""
        given = list(_lines(arguments or ""))
        return cls(
            pip=tuple(_lines(requirements)),
            conda=tuple(line for line in given if not line.startswith(CHANNEL_ARGUMENT)),
            channels=tuple(line.removeprefix(CHANNEL_ARGUMENT) for line in given if line.startswith(CHANNEL_ARGUMENT)),
        )


def spec_name(spec: str) -> str:
    """The package of a conda spec, spelt as PyPI spells names: ``conda-forge::Pint=0.25`` -> ``pint``."""
    return patterns.package_name(spec.rpartition("::")[2])


def requirement_key(requirement: str) -> str:
    """The package of a requirement, and the condition it stands under: ``pint; python_version < "3.12"``."""
    condition = requirement.partition(" --hash")[0].partition(";")[2]
    name = patterns.package_name(requirement)
    return f"{name}; {re.sub(r' +', ' ', condition.strip())}" if condition else name


def _lines(text: str) -> Iterator[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return (line for line in lines if line)
