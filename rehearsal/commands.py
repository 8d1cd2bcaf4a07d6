"""Running the machine's own programs."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class CommandError(RuntimeError):
    """A program failed; the message has its command line and its last words."""


def run(*command: str | Path, stdin: str = "", variables: Mapping[str, str] | None = None) -> str:
    """Return what ``command`` printed; raise CommandError with its error text if it failed.

    ``variables`` is its whole environment, this process's own unless given.
    """
    result = attempt(*command, stdin=stdin, variables=variables)
    if result.returncode:
        said = (result.stderr or result.stdout).strip()[-2000:]
        raise CommandError(f"`{shlex.join(map(str, command))}` failed ({result.returncode}): {said}")
    return result.stdout


def attempt(
    *command: str | Path, stdin: str = "", variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` where failing is an answer too."""
    words = list(map(str, command))
    return subprocess.run(words, input=stdin, env=variables, capture_output=True, text=True, check=False)
