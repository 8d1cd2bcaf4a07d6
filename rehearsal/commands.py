"""Running the machine's own programs."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class CommandError(RuntimeError):
    """A program failed; the message has its command line and its last words."""


def run(*command: str | Path, stdin: str | None = None) -> str:
    """Return what ``command`` printed; raise CommandError with its error text if it failed."""
    result = attempt(*command, stdin=stdin)
    if result.returncode:
        said = (result.stderr or result.stdout).strip()[-2000:]
        raise CommandError(f"`{shlex.join(map(str, command))}` failed ({result.returncode}): {said}")
    return result.stdout


def attempt(*command: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``command`` where failing is an answer too."""
    return subprocess.run(
        list(map(str, command)), input=stdin if stdin is not None else "", capture_output=True, text=True, check=False
    )
