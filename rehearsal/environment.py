"""The variables with which ``pulumi`` talks to the rehearsal: kept in ``.rehearsal/env``, to be sourced by a shell."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from rehearsal.places import API_TOKEN, GATEWAY, PROXY_PORT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rehearsal.toolchain import Toolchain


class NotUp(RuntimeError):
    """There is no rehearsal to talk to."""


def variables(tools: Toolchain, bundle: Path) -> dict[str, str]:
    """Return the rehearsal's variables: what finds the CLI, plugins and names, and whom to trust."""
    return {
        **tools.environment(),
        "DIGITALOCEAN_TOKEN": API_TOKEN,
        "HTTPS_PROXY": f"http://{GATEWAY}:{PROXY_PORT}",
        "SSL_CERT_FILE": str(bundle),
        "GIT_SSL_CAINFO": str(bundle),
    }


def write(file: Path, values: Mapping[str, str]) -> None:
    """Write the variables as a file a shell can source."""
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))


def read(file: Path) -> dict[str, str]:
    """Return the variables in a file this module wrote."""
    if not file.exists():
        raise NotUp("no rehearsal is up here; start one: python -m rehearsal up")
    return dict(word.partition("=")[::2] for word in shlex.split(file.read_text()) if word != "export")


def merged(values: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with the rehearsal's variables in it."""
    # An agent's keys would be offered to the droplet before the course's own; a stale socket fails every step.
    return {name: value for name, value in {**os.environ, **values}.items() if name != "SSH_AUTH_SOCK"}
