"""Try what lists of packages name: ``python -m coursehub.packages FILE...``, by the interpreter that has the packages.

A package can be installed and still not work, for want of a system library or beside another package's version; better
found before the class uses it. Standard library only.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
from pathlib import Path

# What every kernel is made of, and what runs notebooks on trial; conda's environments have no pip of their own accord.
OWN = ("ipykernel", "nbclient", "pip")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def names(requirements: str) -> list[str]:
    """Distributions that the text of a list names, such as ``pyserial`` for ``pyserial[cp2110]>=3.5``.

    A list is a requirements file, or conda's arguments, whose packages may have a channel (``conda-forge::pyserial``).
    """
    found = (NAME.match(line.strip().rpartition("::")[2]) for line in requirements.splitlines())
    return [match.group() for match in found if match]


def course_names(requirements: str) -> list[str]:
    """The same without what every course's environment has: the kernel, what runs notebooks on trial, and pip."""
    return [name for name in names(requirements) if name not in OWN]


def problem(distribution: str) -> str | None:
    """What is wrong with an installed ``distribution``, or None: one of its modules at least can be imported."""
    plain = _plain(distribution)
    modules = [
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if plain in map(_plain, owners) and not module.startswith("_")
    ]
    failure = None
    for module in sorted(modules):
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001  # whatever a package does when it is imported, it does not work
            failure = f"{distribution}: import {module} fails with {type(error).__name__}: {error}"
        else:
            return None
    return failure


def main() -> None:
    """Try every package of the files named on the command line; say what does not work and exit 1."""
    listed = "".join(Path(file).read_text(encoding="utf-8") for file in sys.argv[1:])
    problems = [found for name in names(listed) if (found := problem(name))]
    if problems:
        sys.exit("\n".join(problems))


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


if __name__ == "__main__":
    main()
