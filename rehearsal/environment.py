"""The variables with which ``pulumi`` talks to the rehearsal: kept in ``.rehearsal/env``, to be sourced by a shell."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from rehearsal.places import API_PORT, API_TOKEN, GATEWAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rehearsal.places import Places

PASSPHRASE = "rehearsal"  # noqa: S105 - the dev stack is public, and so is what it encrypts


class NotUp(RuntimeError):
    """There is no rehearsal to talk to."""


def variables(places: Places, toolchain: Mapping[str, str]) -> dict[str, str]:
    """Return the rehearsal's variables; ``toolchain`` has those that find the CLI and the plugins."""
    return {
        "PULUMI_BACKEND_URL": f"file://{places.home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "DIGITALOCEAN_TOKEN": API_TOKEN,
        "DIGITALOCEAN_API_URL": f"http://{GATEWAY}:{API_PORT}",
        **toolchain,
    }


def write(file: Path, values: Mapping[str, str]) -> None:
    """Write the variables as a file a shell can source."""
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))


def read(file: Path) -> dict[str, str]:
    """Return the variables in a file this module wrote."""
    if not file.exists():
        raise NotUp("no rehearsal is up here; start one: python -m rehearsal up")
    words = shlex.split(file.read_text().replace("export ", ""))
    return dict(word.partition("=")[::2] for word in words)


def merged(values: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with the rehearsal's variables in it."""
    # An agent's keys would be offered to the droplet before the course's own; a stale socket fails every step.
    return {name: value for name, value in {**os.environ, **values}.items() if name != "SSH_AUTH_SOCK"}
